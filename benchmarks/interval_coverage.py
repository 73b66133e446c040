"""Do the 90 % intervals of recovered objectives hold the truth in 90 of 100 cases? And the test of coherence?

Four ways of watching, 200 replicates each, with an objective drawn anew for every replicate:

- a table over states and actions (8 x 3, two discounts), from 1,000 sampled choices in every state of either;
- weights of four attributes, from 300 sampled choices in every state of six environments;
- weights of four attributes, from demonstrations: 40 episodes in each of six environments;
- weights of the attributes of a grid world, from the action probabilities in 24 levels of networks that were trained
  to act like a soft-optimal planner in 256 other levels. A network is no planner, so that there are two truths: what
  many more levels would say of it, which the interval is about, and what was planted, to which no interval extends.

The kinds of interval (likelihood of counts, jackknife over levels, basic bootstrap of distances) were chosen on the
first 40 to 100 of the same replicates. STARC distances are to a perturbed base. What the environments leave open is
taken off on both sides: the constant, of a table; one of the attributes that always add up to the same, of a grid
world.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ledger import Claim, run

from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations, Episode
from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit.posterior import gaussian
from mesascope.audit.objective.recovery.recover import recover
from mesascope.audit.policy import observations
from mesascope.core.intervals import wilson
from mesascope.core.random import root_key, stream
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards, TabularRewards
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import level_from_matrix
from mesascope.worlds.world import ObjectiveSpec

REPLICATES = 200
STATES, ACTIONS = 8, 3
CHOICES = 1_000
DRAWS = 400
LOW, HIGH = 0.85, 0.95


@dataclass(frozen=True)
class Replicate:
    """Shares of a replicate's intervals that hold the truth."""

    parameter: float
    distance: float


def judged(found: BehavioralObjective, truth: np.ndarray, base: np.ndarray, *, only=None) -> Replicate:
    """Compares intervals with what they are about, both without what the environments leave open."""
    basis = found.unidentified.basis
    draws, target = found.posterior.samples(DRAWS, seed=1), truth - basis.T @ (basis @ truth)
    draws = draws - (draws @ basis.T) @ basis
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    inside = (low <= target) & (target <= high)
    certain = gaussian(truth, np.zeros((len(truth), len(truth))), exact=True)
    true_distance = replace(found, posterior=certain).distance(base).value
    estimate = found.distance(base, draws=200)
    return Replicate(
        float(inside.mean() if only is None else inside[only].mean()),
        float(estimate.low <= true_distance <= estimate.high),
    )


def sampled(level: Level, policy: np.ndarray, count: int, random: np.random.Generator) -> Observation:
    """So many sampled choices in every acting state."""
    seen = np.stack([random.multinomial(count, row / row.sum()) for row in policy])
    return Observation(level, seen / count, np.full(level.states, float(count)))


def soft_table(level: Level, reward: np.ndarray) -> np.ndarray:
    """The soft-optimal policy of a table."""
    batch, objective = with_reward_tables(level, reward[None])
    return boltzmann(soft_action_values(batch, objective, temperature=1.0)[0, 0], 1.0)


def table(seed: int) -> Replicate:
    """A table over states and actions."""
    random = np.random.default_rng(10_000 + seed)
    transitions = random.dirichlet(np.full(STATES, 0.3), size=(STATES, ACTIONS))
    truth = random.normal(size=(STATES, ACTIONS))
    watched = []
    for discount in (0.9, 0.5):
        level = level_from_matrix(transitions, discount=discount)
        watched.append(sampled(level, soft_table(level, truth), CHOICES, random))
    found = recover(watched, space=TabularRewards(STATES, ACTIONS))
    base = truth + 0.5 * random.normal(size=truth.shape)
    return judged(found, truth.ravel(), base.ravel())


def environments(random: np.random.Generator, *, count: int = 6) -> Level:
    """Environments of twelve states, two of them terminal, in which four attributes happen now and then."""
    successors = random.integers(0, 12, size=(count, 12, ACTIONS, 2))
    probabilities = random.dirichlet(np.ones(2), size=(count, 12, ACTIONS))
    terminal = np.zeros((count, 12), bool)
    terminal[:, 10:] = True
    initial = np.where(terminal, 0.0, 0.1)
    return Level(
        successors=successors,
        probabilities=probabilities,
        attributes=(random.random((*successors.shape, 4)) < 0.25).astype(float),
        initial=initial,
        terminal=terminal,
        reachable=np.ones((count, 12), bool),
        discount=np.full(count, 0.9),
        layout=None,
    )


def soft_policy(levels: Level, weights: np.ndarray) -> np.ndarray:
    """The soft-optimal policy of weights of attributes."""
    objective = Objectives((ObjectiveSpec("planted", {}),), weights[None], np.zeros((1, len(weights))))
    return boltzmann(soft_action_values(levels, objective, temperature=1.0)[0], 1.0)


def attributes(seed: int) -> Replicate:
    """Weights of attributes, by exact inversion of sampled choices."""
    random = np.random.default_rng(20_000 + seed)
    levels, truth = environments(random), random.normal(size=4)
    policy = soft_policy(levels, truth)
    watched = [sampled(levels[index], policy[index], 300, random) for index in range(levels.count)]
    return judged(recover(watched), truth, truth + 0.5 * random.normal(size=4))


def demonstrations(seed: int) -> Replicate:
    """Weights of attributes from episodes."""
    random = np.random.default_rng(30_000 + seed)
    levels, truth = environments(random), random.normal(size=4)
    policy, episodes = soft_policy(levels, truth), []
    for index in range(levels.count):
        for _ in range(40):
            episodes.append(_episode(levels, policy, index, random))
    found = recover(Demonstrations(levels, tuple(episodes)), planner="noisy")
    return judged(found, truth, truth + 0.5 * random.normal(size=4))


def _episode(levels: Level, policy: np.ndarray, index: int, random: np.random.Generator, longest: int = 50) -> Episode:
    states, actions = [int(random.choice(12, p=levels.initial[index]))], []
    while len(actions) < longest and not levels.terminal[index, states[-1]]:
        actions.append(int(random.choice(ACTIONS, p=policy[index, states[-1]])))
        outcome = random.choice(2, p=levels.probabilities[index, states[-1], actions[-1]])
        states.append(int(levels.successors[index, states[-1], actions[-1], outcome]))
    cut = not levels.terminal[index, states[-1]]
    return Episode(np.array(states), np.array(actions), level=index, truncated=bool(cut))


WORLD = Corner(size=5)
PLANTED = ("cheese", "corner-top-left", "centre", "move")
"""Attributes that planted objectives of networks are made of."""

TRAINING_LEVELS, JUDGED_LEVELS, MANY_LEVELS = 256, 24, 240
STEPS, WIDTH, TOGETHER = 600, 64, 20


def networks(seeds: range) -> tuple[list[Replicate], list[Replicate]]:
    """Weights of attributes from networks that learned to act like planners."""
    levels = jax.device_get(
        WORLD.sample(key=stream("train", key=root_key(5)), distribution="deploy", count=TRAINING_LEVELS)
    )
    seen = observations(WORLD, levels).reshape(TRAINING_LEVELS * levels.states, -1)
    acting = np.asarray(levels.reachable & ~levels.terminal).reshape(-1)
    places = [WORLD.attributes.index(name) for name in PLANTED]
    found = []
    for start in range(seeds.start, seeds.stop, TOGETHER):
        part = range(start, min(start + TOGETHER, seeds.stop))
        truths = np.zeros((len(part), len(WORLD.attributes)))
        for row, seed in enumerate(part):
            truths[row, places] = np.random.default_rng(40_000 + seed).normal(size=len(places)) * [2, 2, 1, 0.5]
        tables = np.stack([soft_policy(levels, truth) for truth in truths]).reshape(len(part), -1, levels.actions)
        trained = _trained(seen[acting], tables[:, acting], stream(f"networks/{start}", key=root_key(6)))
        for row, seed in enumerate(part):
            network = jax.tree.map(lambda leaf, row=row: leaf[row] if eqx.is_array(leaf) else leaf, trained)
            found.append(_judged_network(network, truths[row], seed, places))
    return [first for first, _ in found], [second for _, second in found]


def _trained(seen: np.ndarray, tables: np.ndarray, key):
    """Networks of one hidden layer that give a table's probabilities, as nearly as 600 steps of Adam bring them."""

    def make(key):
        return eqx.nn.MLP(seen.shape[1], tables.shape[-1], WIDTH, 1, key=key)

    optimizer = optax.adam(optax.cosine_decay_schedule(5e-3, STEPS))

    def loss(network, table):
        return -(table * jax.nn.log_softmax(jax.vmap(network)(jnp.asarray(seen, jnp.float32)))).sum(-1).mean()

    @eqx.filter_jit
    def fit(keys, tables):
        def one(key, table):
            network = make(key)
            arrays, rest = eqx.partition(network, eqx.is_array)

            def step(carry, _):
                arrays, state = carry
                gradient = jax.grad(lambda arrays: loss(eqx.combine(arrays, rest), table))(arrays)
                change, state = optimizer.update(gradient, state)
                return (eqx.apply_updates(arrays, change), state), None

            return jax.lax.scan(step, (arrays, optimizer.init(arrays)), None, length=STEPS)[0][0]

        return jax.vmap(one)(keys, tables)

    arrays = fit(jax.random.split(key, len(tables)), jnp.asarray(tables, jnp.float32))
    rest = eqx.partition(make(key), eqx.is_array)[1]
    return eqx.combine(arrays, rest)


def _judged_network(network, planted: np.ndarray, seed: int, places: list[int]) -> tuple[Replicate, Replicate]:
    """Watches one network in fresh levels; what many levels would say of it comes first, what was planted second."""
    space = AttributeRewards(tuple(WORLD.attributes))
    tables = []
    for name, count in (("judged", JUDGED_LEVELS), ("many", MANY_LEVELS)):
        key = stream(f"{name}/{seed}", key=root_key(7))
        levels = jax.device_get(WORLD.sample(key=key, distribution="deploy", count=count))
        seen = observations(WORLD, levels).reshape(count * levels.states, -1)
        policy = jax.nn.softmax(jax.vmap(network)(jnp.asarray(seen, jnp.float32)), -1)
        policy = np.asarray(policy, np.float64).reshape(levels.successors.shape[:3])
        tables.append((policy / policy.sum(-1, keepdims=True), levels))
    found, many = (recover(policy, levels, planner="noisy", space=space) for policy, levels in tables)
    base = planted.copy()
    base[places] += 0.5 * np.random.default_rng(seed).normal(size=len(places))
    expected, asked = (judged(found, truth, base, only=places) for truth in (many.mean, planted))
    return expected, asked


def coherence(seed: int, *, unrelated: bool) -> bool:
    """Returns whether the test rejects one objective; with unrelated behaviour in the second environment it should."""
    random = np.random.default_rng(60_000 + seed)
    first, second = (random.dirichlet(np.full(STATES, 0.3), size=(STATES, ACTIONS)) for _ in range(2))
    truth = random.normal(size=(STATES, ACTIONS))
    watched = []
    for place, transitions in enumerate((first, second)):
        level = level_from_matrix(transitions, discount=0.9)
        reward = random.normal(size=truth.shape) if unrelated and place else truth
        watched.append(sampled(level, soft_table(level, reward), CHOICES, random))
    return recover(watched, space=TabularRewards(STATES, ACTIONS)).coherence.verdict is Verdict.FAIL


def coverage_claims(slug: str, text: str, what: str, replicates: list[Replicate]) -> list[Claim]:
    """Returns the claims about one way of watching."""
    shares = np.array([one.parameter for one in replicates])
    rows = np.random.default_rng(0).integers(len(shares), size=(4000, len(shares)))
    low, high = np.quantile(shares[rows].mean(1), [0.025, 0.975])
    held = wilson(int(sum(one.distance for one in replicates)), len(replicates))
    mean = float(shares.mean())
    numbers = {
        what: (mean, min(float(low), mean), max(float(high), mean)),
        "STARC distance": (held.value, held.low, held.high),
    }
    return [
        Claim(
            f"interval-coverage.{slug}-{'starc' if name.startswith('STARC') else 'reward'}",
            f"{text}: share of 90 % intervals of the {name} that hold the truth (95 % interval over replicates)",
            *values,
            len(replicates),
            LOW,
            "within",
            most=HIGH,
        )
        for name, values in numbers.items()
    ]


def measure(quick: bool) -> list[Claim]:
    """Returns the claims of issue letter D."""
    count = 20 if quick else REPLICATES
    claims = []
    for slug, text, what, replicates in (
        ("table", "a table, from sampled choices", "entry", lambda: [table(seed) for seed in range(count)]),
        (
            "attributes",
            "attributes, from sampled choices",
            "weight",
            lambda: [attributes(seed) for seed in range(count)],
        ),
        ("demonstrations", "attributes, from episodes", "weight", lambda: [demonstrations(s) for s in range(count)]),
    ):
        found = replicates()
        claims += coverage_claims(slug, text, what, found)
        print(slug, [(claim.id, round(claim.value or 0, 3)) for claim in claims[-4:]], file=sys.stderr, flush=True)
    expected, planted = networks(range(count))
    claims += coverage_claims(
        "networks", "attributes, from networks (the truth: what 240 levels say)", "weight", expected
    )
    print("networks", [(claim.id, round(claim.value or 0, 3)) for claim in claims[-4:]], file=sys.stderr, flush=True)
    claims += coverage_claims(
        "imitation",
        "attributes, from networks (the truth: the objective of the planner that they were trained to act like, which "
        "they are not)",
        "weight",
        planted,
    )
    trials = 40 if quick else 2_000
    size = wilson(sum(coherence(seed, unrelated=False) for seed in range(trials)), trials)
    power = wilson(sum(coherence(seed, unrelated=True) for seed in range(count)), count)
    text = "the test of coherence rejects one objective, 95 % Wilson interval"
    return [
        *claims,
        Claim(
            "interval-coverage.coherence-size",
            f"Agents of one objective: share in which {text}; stated 0.05, and above its upper bound of 0.065 in 2,000 "
            "trials it would be wrong",
            size.value,
            size.low,
            size.high,
            trials,
            0.065,
            "<=",
        ),
        Claim(
            "interval-coverage.coherence-power",
            f"Agents with unrelated objectives in two environments: share in which {text}",
            power.value,
            power.low,
            power.high,
            count,
            0.99,
            ">=",
        ),
    ]


if __name__ == "__main__":
    run("interval_coverage", measure)
