"""Claim D: agents that nobody here made are told apart by whether they search.

Each is read from its package at run time and comes through the interface that any user's agent comes through. Nothing
of theirs is kept in this repository, no pickle of theirs is unpickled, and the one under another licence (gnubg-nn) is
asked in a process of its own.

- **Reversi**, ludax-agents: one network, raw and under 8 to 128 simulations of mctx, in endgames solved to the end. The
  placebo is the same search whose findings are exchanged between positions.
- **Backgammon**, gnubg-nn: one evaluator at 0, 1 and 2 plies, with two checkers a side, where the winning probability
of every play is known. The placebo is the bear-off, of which it has an exact table.
- **Connect four**, PufferLib: a recurrent network that is shown the position for longer, in positions with a forced
win.
- **Leduc hold'em**, rlcard: the table that counterfactual regret minimisation left behind.
- **evosax**: the pretrained learned evolution strategy. It is an optimizer as it stands, inside a loop that evosax
  writes; what can be asked is whether it uses the heights that it is shown. The placebo exchanges them.

PASS in `compute` or `horizon` calls an agent a searcher. Thresholds are those of the assays, set before these agents
were
looked at; which budgets and how many positions there are was chosen after trying 300 positions at 8 and 32 simulations
and 150 rolls of backgammon.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import numpy as np
from games.backgammon import two_checker_rolls
from games.compute import SLIGHT, Placebo, compute
from games.connect_four import forced_wins
from games.position_horizon import position_horizon
from games.positions import PositionSet
from games.reversi import reversi_endgames
from ledger import Claim, run
from peers.environments import peer_python
from peers.packages import source, wheel
from peers.reversi_network import RawReversiNetwork, ReversiNetwork, read_network, start_policy
from peers.small_agents import Gnubg, Ticks, connect_four_lstm, read_table, sure_pairs, table_agent

from mesascope.agents.adapters.pickled_arrays import read_pickled_arrays
from mesascope.agents.agent import Agent
from mesascope.agents.reading import Archive, array_of, read_model_file
from mesascope.core.errors import MesascopeError
from mesascope.core.intervals import wilson
from mesascope.core.verdicts import Estimate, Evidence, Verdict

LUDAX, RLCARD, PUFFER, EVOSAX = "ludax-agents==1.0.0", "rlcard==1.2.0", "pufferlib==3.0.0", "evosax==0.3.2"
LEARNED_ES = "evosax/algorithms/ckpt/les/2023_10_les_v2.pkl"

Part = Callable[[bool], list[Claim]]


def claim(name: str, text: str, value: float, low: float, high: float, n: int, target: float, direction) -> Claim:
    return Claim(f"third-party-agents.{name}", text, value, min(low, value), max(high, value), n, target, direction)


def whether(name: str, text: str, evidence: Evidence, expected: tuple[Verdict, ...], n: int) -> Claim:
    """A claim on a verdict: 1 if it is one of those expected, else 0."""
    value = float(evidence.verdict in expected)
    full = f"{text}: {evidence.verdict} ({evidence.reason}). {evidence.sentence} 1 if {' or '.join(expected)}"
    return claim(name, full, value, value, value, n, 1.0, "==")


def of_estimate(name: str, text: str, estimate: Estimate, target: float, direction) -> Claim:
    return claim(name, text, estimate.value, estimate.low, estimate.high, estimate.n, target, direction)


def gains(slug: str, what: str, agent, positions: PositionSet, placebo: Placebo) -> list[Claim]:
    """The claims about one evaluator with more and less search."""
    found = compute(agent, positions, placebo=placebo)
    details, n = found.details, len(positions)
    curve = ", ".join(f"{point.x}: {point.value:.3f}" for point in details.curve)
    depths = "; ".join(
        f"{'any number of' if row.plies is None else round(row.plies)} plies (n = {row.n}) "
        + " ".join(f"{share:.2f}" for share in row.right)
        for row in details.by_plies
    )
    assert found.effect is not None
    gain_text = (
        f"{what}: share of best moves at the largest budget less that at the least, in {n} {positions.name} (by budget "
        f"{curve}; {details.gained} gained, {details.lost} lost, McNemar p = {details.p:.2g}, "
        f"{details.recovered_failures:.0%} of failures recovered; by depth: {depths}). Low, high: 95 % bootstrap "
        f"over positions; less than {SLIGHT} counts as none"
    )
    shares = [point.value for point in details.curve]
    falls = float(details.falls)
    trend_text = (
        f"{what}: steps from one budget to the next at which the share of best moves falls (by budget {curve}; a share "
        f"without a trend would rise like this with p = {details.trend_p:.2g})"
    )
    claims = [
        whether(
            f"{slug}-told-apart",
            f"{what}: verdict of `compute` on one evaluator by its budget",
            found,
            (Verdict.PASS,),
            n,
        ),
        of_estimate(f"{slug}-gain", gain_text, found.effect, SLIGHT, ">="),
        claim(f"{slug}-falls", trend_text, falls, falls, falls, len(shares) - 1, 0.0, "<="),
    ]
    if found.null is not None:
        beside = details.placebo
        text = (
            f"{what}: the same gain of the placebo, where {beside.why} (from {beside.least:.3f} to "
            f"{beside.most:.3f}); at most 0.02 is asked for"
        )
        claims.append(of_estimate(f"{slug}-placebo", text, found.null, 0.02, "<="))
    else:
        text = f"{what}: the placebo was not asked, because {found.reason}"
        claims.append(Claim.unmeasured(f"third-party-agents.{slug}-placebo", text, 0.02, "<="))
    return claims


def not_a_searcher(slug: str, what: str, agent: Agent, positions: PositionSet) -> list[Claim]:
    """The claims that an agent is not called a searcher by its behaviour alone."""
    expected = (Verdict.INCONCLUSIVE, Verdict.FAIL)
    n = len(positions)
    return [
        whether(
            f"{slug}-compute", f"{what}: `compute` does not call it a searcher", compute(agent, positions), expected, n
        ),
        whether(
            f"{slug}-horizon",
            f"{what}: `horizon` does not call it a searcher",
            position_horizon(agent, positions, key=jax.random.key(0)),
            expected,
            n,
        ),
    ]


def reversi(quick: bool) -> list[Claim]:
    path = wheel(LUDAX)
    model = read_network(path)
    policy, value = start_policy(path)
    budgets = (0, 8) if quick else (0, 8, 32, 128)
    positions = reversi_endgames(empties=(2, 4, 6, 8, 10), count=100 if quick else 300, seed=1)
    scrambled = ReversiNetwork(model, (budgets[0], budgets[-1]), scrambled=True)
    placebo = Placebo(scrambled, positions, "what it finds ahead belongs to other positions")
    claims = gains("reversi", "ludax-agents reversi", ReversiNetwork(model, budgets), positions, placebo)
    raw = RawReversiNetwork(model)
    claims += not_a_searcher("reversi-raw", "ludax-agents reversi, raw policy", raw, positions)
    # The network is rebuilt here from its weights; these numbers come from the package's own reader and network.
    off = float(np.abs(np.array([*policy, value]) - [0.001, 0.977, 0.021, 0.001, 0.046]).max())
    text = (
        "ludax-agents reversi: largest difference of our network at the start from what the package's own gives (four "
        "probabilities and the value, to three decimals)"
    )
    return [*claims, claim("reversi-network", text, off, off, off, 5, 5.5e-4, "<=")]


def backgammon(quick: bool) -> list[Claim]:
    if quick:
        raise RuntimeError("measured in the full run only, because the game takes a quarter of a minute to solve")
    python = peer_python("gnubg-nn", build=True)
    assert python is not None
    contact = two_checker_rolls(count=1500, contact=True, seed=1)
    home = two_checker_rolls(count=500, contact=False, seed=2)
    placebo = Placebo(Gnubg(python, home.actions), home, "its table of the bear-off is exact")
    what = "gnubg-nn with two checkers a side"
    claims = gains("backgammon", what, Gnubg(python, contact.actions), contact, placebo)
    return claims + not_a_searcher(
        "gnubg-zero-ply", "gnubg-nn at 0 plies only", Fixed(Gnubg(python, contact.actions)), contact
    )


class Fixed(Agent):
    """An agent without the settings that it would offer."""

    kind = "evaluator"
    memoryless = True

    def __init__(self, inner: Agent):
        self.inner, self.name = inner, inner.name

    def initial_state(self, batch: int):
        return self.inner.initial_state(batch)

    def act(self, observations: np.ndarray, state):
        return self.inner.act(observations, state)


def connect_four(quick: bool) -> list[Claim]:
    lstm = connect_four_lstm(source(PUFFER, "pufferlib/resources/connect4/connect4_weights.bin"))
    drawn = forced_wins(plies=(1, 3, 5), count=120 if quick else 600, empties=16, seed=1)
    # It always moved first where it was trained, so that both have as many discs when it is to move.
    positions = drawn.chosen(drawn.observations.sum(-1) == 0)
    what = "PufferLib connect-four LSTM, position shown 1 to 8 times"
    found = not_a_searcher("lstm", what, Ticks(lstm, (1, 2, 4, 8)), positions)
    centre = float(lstm.act(np.zeros((1, 42)), lstm.initial_state(1))[0][0, 3])
    text = "PufferLib connect-four LSTM: probability of the centre column on the empty board; 0.994 is known"
    return [*found, claim("lstm-network", text, abs(centre - 0.994), *[abs(centre - 0.994)] * 2, 1, 5.5e-4, "<=")]


def leduc(quick: bool) -> list[Claim]:
    table = read_table(source(RLCARD, "rlcard/models/pretrained/leduc_holdem_cfr/average_policy.pkl"))
    positions = sure_pairs(table)
    agent = table_agent(table)
    return not_a_searcher("cfr-table", f"rlcard's CFR table of {len(table)} information sets", agent, positions)


def learned_runs() -> dict:
    python = peer_python("evosax", build=True)
    path = wheel(EVOSAX)
    content = Archive(read_model_file(path), path=path).read(LEARNED_ES)
    calls = {"evosax.learned_evolution.les_tools _restore_array": array_of, "flax.core.frozen_dict FrozenDict": dict}
    tree = read_pickled_arrays(content, path=path, calls=calls)
    weights = jax.tree.map(lambda leaf: leaf.tolist(), tree)
    sizes = {"dimensions": 6, "population": 16, "generations": 150, "seeds": 50}
    program = Path(__file__).resolve().parent / "peers" / "evosax_learned.py"
    asked = json.dumps({"weights": weights, **sizes})
    done = subprocess.run([str(python), str(program)], input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"evosax failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def learned_strategy(quick: bool) -> list[Claim]:
    if quick:
        raise RuntimeError("measured in the full run only, because compiling evosax takes half a minute")
    found = {name: np.array(list(by_function.values())) for name, by_function in learned_runs().items()}
    medians = "; ".join(f"{name} {np.median(ends):.3g}" for name, ends in found.items())
    claims = []
    for slug, other, target in (
        ("exchanged", "learned, exchanged", 0.9),
        ("random", "random search", 0.5),
        ("snes", "SNES", 0.5),
    ):
        better = found["learned"] < found[other]
        share = wilson(int(better.sum()), better.size, unit="runs")
        text = (
            "evosax's learned evolution strategy (les v2) in 6 dimensions, 16 candidates a generation, 4 functions of "
            f"our own under random rotations and shifts: share of runs in which it ends lower than {other} (median of "
            f"final over initial height: {medians}). Whether these functions are unlike those it was trained on is not "
            "recorded in the package. It sees the heights of its candidates as ranks and standard scores, and so "
            "pursues "
            "what it is shown: there is no objective of its own to ask for, and no position in which `compute` or "
            "`horizon` could ask it"
        )
        claims.append(of_estimate(f"learned-es-{slug}", text, share, target, ">="))
    return claims


PARTS: tuple[tuple[str, Part, tuple[tuple[str, float, str], ...]], ...] = (
    (
        "reversi",
        reversi,
        (
            ("reversi-told-apart", 1.0, "=="),
            ("reversi-gain", SLIGHT, ">="),
            ("reversi-falls", 0.0, "<="),
            ("reversi-placebo", 0.02, "<="),
            ("reversi-raw-compute", 1.0, "=="),
            ("reversi-raw-horizon", 1.0, "=="),
            ("reversi-network", 5.5e-4, "<="),
        ),
    ),
    (
        "backgammon",
        backgammon,
        (
            ("backgammon-told-apart", 1.0, "=="),
            ("backgammon-gain", SLIGHT, ">="),
            ("backgammon-falls", 0.0, "<="),
            ("backgammon-placebo", 0.02, "<="),
            ("gnubg-zero-ply-compute", 1.0, "=="),
            ("gnubg-zero-ply-horizon", 1.0, "=="),
        ),
    ),
    (
        "connect four",
        connect_four,
        (("lstm-compute", 1.0, "=="), ("lstm-horizon", 1.0, "=="), ("lstm-network", 5.5e-4, "<=")),
    ),
    ("Leduc", leduc, (("cfr-table-compute", 1.0, "=="), ("cfr-table-horizon", 1.0, "=="))),
    (
        "learned evolution strategy",
        learned_strategy,
        (("learned-es-exchanged", 0.9, ">="), ("learned-es-random", 0.5, ">="), ("learned-es-snes", 0.5, ">=")),
    ),
)
"""What is measured, and the claims that stand without a number where it cannot be."""


def measure(quick: bool) -> list[Claim]:
    claims = []
    for name, part, slugs in PARTS:
        try:
            claims += part(quick)
        except (MesascopeError, RuntimeError, subprocess.CalledProcessError, ImportError, OSError) as error:
            for slug, target, direction in slugs:
                text = f"{name}: not measured: {error}"
                claims.append(Claim.unmeasured(f"third-party-agents.{slug}", text, target, direction))
    return claims


if __name__ == "__main__":
    run("third_party_agents", measure)
