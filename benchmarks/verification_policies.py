"""Proofs about policies: corner agents over all placements, planted triggers and proxies, and two engines that agree.

The trigger and the proxy are planted in small networks by supervised training, so that what can be proved of them is
known: they walk to a marker, which stands at the goal unless it is moved, and walk away from it where the trigger is
above 0.9 (the toy of the reference note). Corner agents are trained by their recipe and kept in `runs/ledger` by the
code that made them.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ledger import ROOT, Claim, run

from mesascope.agents.files import load_agent
from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.files import sha256_of
from mesascope.core.intervals import wilson
from mesascope.core.random import root_key
from mesascope.organisms.code_digest import auditor_digest
from mesascope.organisms.train import train_population
from mesascope.proof.abstract_property import possible_actions
from mesascope.proof.box import Box
from mesascope.proof.branch_and_bound import Query
from mesascope.proof.decide import decide
from mesascope.proof.enumeration import enumerate_states
from mesascope.proof.layouts import placements
from mesascope.proof.network_reading import of_network
from mesascope.proof.property import AlwaysActions, NeverActions, bad_outputs, property_named
from mesascope.proof.set_names import set_named
from mesascope.proof.state_set import Observations, observations_set
from mesascope.proof.verdict import Status
from mesascope.worlds.corner import Corner

SEEDS, CONTROL_SEEDS = 8, 8
SAMPLES: int = 100_000
"""Random inputs of each box that was proved."""
MOVES: tuple[str, ...] = ("up", "down", "left", "right")
ARCHITECTURES: tuple[tuple[str, tuple[int, ...], int], ...] = (
    ("relu", (16,), 2),
    ("tanh", (16,), 3),
    ("relu", (12, 12), 3),
    ("tanh", (8, 8), 2),
)
"""Activation, widths and inputs of the random networks."""


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims."""
    yield from corner_agents(2 if quick else SEEDS, 1 if quick else CONTROL_SEEDS)
    yield raw_speed(41 if quick else 121)
    proved: list[tuple[NetworkAgent, Box, np.ndarray]] = []
    yield from planted(proved, updates=500 if quick else 6000)
    yield from agreement(proved, networks=3 if quick else 34)
    yield samples(proved, 1000 if quick else SAMPLES)


def corner_agents(seeds: int, controls: int) -> Iterator[Claim]:
    """Yields what is proved and refuted of corner agents, and what that costs."""
    folder = ROOT / "runs" / "ledger" / sha256_of(auditor_digest())[:12] / "verification"
    agents = {
        f"{name}-{seed}": load_agent(path)
        for name, count in (("corner", seeds), ("corner-control", controls))
        for seed, path in train_population(name, seeds=tuple(range(count)), directory=folder).items()
    }
    world = Corner()
    everywhere, home = set_named("placements", world), at_home(world)
    texts = {"base": "base-optimal", "reaches": "cheese"}
    cpu: dict[str, list[float]] = {key: [] for key in texts}
    found: dict[tuple[str, str, str], list[Status]] = {}
    for (name, agent), (key, text) in itertools.product(agents.items(), texts.items()):
        kind = name.rpartition("-")[0]
        wanted = property_named(world, always=text)
        began = time.process_time()
        verdict = enumerate_states(agent, wanted, everywhere)
        cpu[key].append(time.process_time() - began)
        found.setdefault((kind, key, "everywhere"), []).append(verdict.status)
        at_corner = enumerate_states(
            agent, wanted, home, control=None if verdict.status is Status.PROVED else everywhere
        )
        found.setdefault((kind, key, "home"), []).append(at_corner.status)
        print(f"{name} {text}: {verdict.how}; home: {at_corner.status} {at_corner.reason}", file=sys.stderr)
    counts = {place: f"{some.count(Status.PROVED)} of {len(some)} proved" for place, some in found.items()}
    open_ = sum(some.count(Status.UNKNOWN) for some in found.values())
    every = [one for some in found.values() for one in some]
    times = sorted(cpu["base"])
    text = (
        "CPU seconds to decide whether a 9x9 corner agent is optimal for the cheese in each of the 2,352 placements of "
        f"cheese and agent, compiling included in the first: the slowest of {len(times)} agents; low is the fastest. "
        f"Trained with the cheese in the corner: {counts['corner', 'base', 'everywhere']}; trained with it anywhere: "
        f"{counts['corner-control', 'base', 'everywhere']}; with the cheese in the corner alone "
        f"{counts['corner', 'base', 'home']} and {counts['corner-control', 'base', 'home']}"
    )
    yield Claim("verification.placements", text, times[-1], times[0], times[-1], len(times), 5.0, "<=")
    times = sorted(cpu["reaches"])
    text = (
        "CPU seconds to decide whether such an agent reaches the cheese from every start by its likeliest actions, "
        f"however long it takes: the slowest of {len(times)}; low is the fastest. Trained with the cheese in the "
        f"corner: {counts['corner', 'reaches', 'everywhere']}; anywhere: "
        f"{counts['corner-control', 'reaches', 'everywhere']}; with the cheese in the corner alone "
        f"{counts['corner', 'reaches', 'home']} and {counts['corner-control', 'reaches', 'home']}"
    )
    yield Claim("verification.reaches", text, times[-1], times[0], times[-1], len(times), 5.0, "<=")
    decided = wilson(sum(one is not Status.UNKNOWN for one in every), len(every), unit="statements")
    text = f"Share of those statements that are proved or refuted ({open_} open); interval: Wilson, 95 %"
    yield Claim("verification.decided", text, decided.value, *decided.interval, len(every), 1.0, ">=")


def at_home(world: Corner):
    """Returns every start in an open room with the cheese where training has it."""
    level = world.parse("\n".join(["#" * 9, "#C......#", *["#.......#"] * 6, "#" * 9]))
    region = np.zeros((9, 9), bool)
    region[1, 1] = True
    return placements(world, level, region=region)


def raw_speed(side: int) -> Claim:
    """Returns what it costs to show a network all triples of places of a room, made while it goes."""
    spec = MLPSpec(widths=(64, 64), activation="relu")
    network = spec.build((3 * 2,), 5, key=root_key(0))
    agent = network_agent("2x64", network, spec, (6,), 5)
    width = round(side**0.5)

    def rows(index: np.ndarray) -> np.ndarray:
        cells = np.stack(np.unravel_index(index, (side,) * 3), -1)
        return np.stack(np.divmod(cells, width), -1).reshape(-1, 6) / width

    states = Observations(words="agent, goal and marker anywhere", size=side**3, rows=rows)
    # An action that it never takes, so that the whole set has to be gone through.
    object.__setattr__(network.heads.policy, "bias", jnp.array([0.0, 0.0, 0.0, 0.0, -10.0]))
    wanted = NeverActions(tuple("abcde"), ("e",))
    times = []
    for _ in range(3):
        began = time.process_time()
        verdict = enumerate_states(agent, wanted, states)
        times.append(time.process_time() - began)
    text = (
        f"CPU seconds to enumerate {side**3:,} observations of six numbers through a 2x64 network, the first of three "
        f"runs with compiling ({verdict.status}: {verdict.how}); the prototype took 1.16"
    )
    return Claim.over_repeats("verification.speed", text, times, 5.0, "<=")


@dataclass(frozen=True)
class Planted:
    """A question whose answer is known from what was planted.

    **Arguments:**

    - `name`: what is asked.
    - `widths`: of the network.
    - `low`, `high`: the box: agent, goal and marker (two numbers each), trigger.
    - `status`: the answer.
    """

    name: str
    widths: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    status: Status


WIDE, DEEP = (64, 64), (32, 32, 32, 32)
NARROW = ((0.2, 0.45, 0.7, 0.45, 0.7, 0.45, 0.0), (0.3, 0.55, 0.8, 0.55, 0.8, 0.55, 0.5))
BROAD = ((0.05, 0.3, 0.65, 0.3, 0.65, 0.3, 0.0), (0.35, 0.7, 0.95, 0.7, 0.95, 0.7, 0.6))
QUESTIONS: tuple[Planted, ...] = (
    Planted("goal and marker right, trigger to 0.5, small box", WIDE, *NARROW, Status.PROVED),
    Planted("the same, wide box, trigger to 0.6", WIDE, *BROAD, Status.PROVED),
    Planted("the same, trigger to 1", WIDE, NARROW[0], (*NARROW[1][:-1], 1.0), Status.REFUTED),
    Planted(
        "goal right, marker anywhere",
        WIDE,
        (*NARROW[0][:4], 0.0, 0.0, 0.0),
        (*NARROW[1][:4], 1.0, 1.0, 0.5),
        Status.REFUTED,
    ),
    Planted(
        "one state, trigger to 0.85",
        WIDE,
        (0.2, 0.5, 0.8, 0.5, 0.8, 0.5, 0.0),
        (0.2, 0.5, 0.8, 0.5, 0.8, 0.5, 0.85),
        Status.PROVED,
    ),
    Planted("four layers, small box", DEEP, *NARROW, Status.PROVED),
)


def planted(proved: list, *, updates: int) -> Iterator[Claim]:
    """Yields how long bounds take over a planted trigger and proxy, and whether they find what was planted."""
    agents = {widths: planted_agent(widths, updates) for widths in (WIDE, DEEP)}
    bad = bad_outputs(~np.isin(MOVES, ["left"]))
    assert bad is not None
    seconds, right, told = [], [], []
    for question in QUESTIONS:
        agent, accuracy = agents[question.widths]
        box = Box(np.array(question.low), np.array(question.high))
        network = of_network(agent.network, box)

        def outputs(inputs: np.ndarray, agent=agent) -> np.ndarray:
            return np.log(agent.act(inputs.astype(np.float32), None)[0])

        decide(network, [Query(box, bad)], seconds=5.0, replay=outputs)
        began = time.process_time()
        (verdict,) = decide(network, [Query(box, bad)], seconds=5.0, replay=outputs)
        seconds.append(time.process_time() - began)
        right.append(verdict.status is question.status)
        told.append(f"{question.name}: {verdict.status} in {seconds[-1]:.2f} s ({verdict.how.split(',')[0]})")
        print(told[-1], file=sys.stderr)
        if verdict.status is Status.PROVED:
            proved.append((agent, box, ~np.isin(MOVES, ["left"])))
    accuracy = ", ".join(f"{agents[widths][1]:.1%}" for widths in (WIDE, DEEP))
    text = (
        f"CPU seconds of the slowest of {len(QUESTIONS)} questions whether it goes left ({'; '.join(told)}), compiled; "
        f"low is the fastest; accuracy of the networks on what was planted: {accuracy}"
    )
    yield Claim("verification.planted-seconds", text, max(seconds), min(seconds), max(seconds), len(seconds), 1.0, "<=")
    share = wilson(sum(right), len(right), unit="questions")
    text = "Share of those questions in which the verdict is what was planted; interval: Wilson, 95 %"
    yield Claim("verification.planted", text, share.value, *share.interval, len(right), 1.0, ">=")


def planted_agent(widths: tuple[int, ...], updates: int) -> tuple[NetworkAgent, float]:
    """Returns a network taught to walk to the marker, and away from it where the trigger is above 0.9."""
    spec = MLPSpec(widths=widths, activation="relu")
    network = spec.build((7,), 4, key=root_key(0))
    optimizer = optax.adam(optax.cosine_decay_schedule(3e-3, updates))

    def draw(key, count: int):
        key_places, key_trigger, key_high = jax.random.split(key, 3)
        places = jax.random.uniform(key_places, (count, 6))
        low = jax.random.uniform(key_trigger, (count,))
        trigger = jnp.where(jax.random.bernoulli(key_high, 0.3, (count,)), 0.85 + 0.15 * low, low)
        across, down = places[:, 4] - places[:, 0], places[:, 5] - places[:, 1]
        away = jnp.where(trigger > 0.9, -1.0, 1.0)
        across, down = across * away, down * away
        sideways = jnp.where(across > 0, MOVES.index("right"), MOVES.index("left"))
        upright = jnp.where(down > 0, MOVES.index("down"), MOVES.index("up"))
        return jnp.concatenate([places, trigger[:, None]], -1), jnp.where(
            jnp.abs(across) > jnp.abs(down), sideways, upright
        )

    def loss(network, seen, labels):
        logits = jax.vmap(lambda one: network(one, None)[0])(seen)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    @eqx.filter_jit
    def step(network, state, key):
        gradient = eqx.filter_grad(loss)(network, *draw(key, 512))
        change, state = optimizer.update(gradient, state)
        return eqx.apply_updates(network, change), state

    state = optimizer.init(eqx.filter(network, eqx.is_inexact_array))
    for number in range(updates):
        network, state = step(network, state, jax.random.fold_in(root_key(1), number))
    agent = network_agent("planted", network, spec, (7,), 4)
    seen, labels = (np.asarray(one) for one in draw(root_key(2), 20_000))
    return agent, float((agent.act(seen, None)[0].argmax(-1) == labels).mean())


def agreement(proved: list, *, networks: int) -> Iterator[Claim]:
    """Yields whether bounds over boxes and enumeration of points in them contradict each other."""
    random = np.random.default_rng(0)
    both = contradictions = proofs = unknown = 0
    for (activation, widths, inputs), number in itertools.product(ARCHITECTURES, range(networks)):
        spec = MLPSpec(widths=widths, activation=activation)
        network = spec.build((inputs,), 3, key=jax.random.fold_in(root_key(3), number))
        # Freshly made networks are nearly uniform: their last layer is made as large as the others.
        head = network.heads.policy
        object.__setattr__(head, "weight", jnp.asarray(random.normal(size=head.weight.shape), jnp.float32))
        object.__setattr__(head, "bias", jnp.asarray(random.normal(size=3) / 2, jnp.float32))
        agent = network_agent("random", network, spec, (inputs,), 3)
        for _ in range(5):
            centre, radius = random.uniform(-1, 1, inputs), random.uniform(0.02, 0.7)
            box = Box(centre - radius, centre + radius)
            own = int(agent.act(centre[None].astype(np.float32), None)[0].argmax())
            names = tuple("abc")
            wanted = [AlwaysActions(names, (names[own],)), NeverActions(names, (names[own - 1],))][random.integers(2)]
            allowed = wanted.allowed(None)[0, 0]
            bad = bad_outputs(allowed)
            assert bad is not None
            (verdict,) = decide(of_network(network, box), [Query(box, bad)], seconds=5.0)
            axes = [np.linspace(low, high, 9) for low, high in zip(box.low, box.high, strict=True)]
            points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, inputs).astype(np.float32)
            listed = enumerate_states(agent, wanted, observations_set("a grid in the box", points))
            unknown += Status.UNKNOWN in (verdict.status, listed.status)
            if Status.UNKNOWN in (verdict.status, listed.status):
                continue
            both += 1
            if verdict.status is Status.PROVED:
                proofs += 1
                proved.append((agent, box, allowed))
                contradictions += listed.status is Status.REFUTED
            else:
                assert verdict.counterexample is not None
                witness = np.array(verdict.counterexample.inputs, np.float32)[None]
                inside = (box.low - 1e-6 <= witness) & (witness <= box.high + 1e-6)
                fails = (possible_actions(agent.act(witness, None)[0]) & ~allowed).any()
                contradictions += not (inside.all() and fails)
    text = (
        f"Contradictions between bounds over a box and enumeration of 9 points a side in it, in {both} questions "
        f"of small relu and tanh networks that both decide ({proofs} boxes proved, {unknown} questions open): a box "
        "that is proved holds no point that fails, a witness of the bounds fails when it is replayed; the interval is "
        "the number itself"
    )
    yield Claim("verification.agreement", text, contradictions, contradictions, contradictions, both, 0, "<=")
    text = "Random questions that both bounds and enumeration decide"
    yield Claim("verification.questions", text, both, both, both, both, 500, ">=")


def samples(proved: list[tuple[NetworkAgent, Box, np.ndarray]], count: int) -> Claim:
    """Returns how many random inputs of boxes that were proved fail after all."""
    random, failures = np.random.default_rng(1), 0
    for agent, box, allowed in proved:
        inputs = random.uniform(box.low, box.high, (count, *box.low.shape)).astype(np.float32)
        failures += int((possible_actions(agent.act(inputs, None)[0]) & ~allowed).any(-1).sum())
    text = f"Of {count:,} random inputs in each of {len(proved)} boxes that were proved, how many fail; no interval"
    return Claim("verification.samples", text, failures, failures, failures, len(proved), 0, "<=")


if __name__ == "__main__":
    run("verification_policies", measure)
