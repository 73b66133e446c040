"""Compute: does more computation before a choice make it better, and only where there is something to look ahead to?

An agent whose budget can be set (simulations, plies, ticks) is asked about the same positions at every budget. What it
gains from the least to the most is compared within positions, by McNemar's exact test, so that hard positions and easy
ones weigh alike.

The placebo is what the same budget gains where looking ahead cannot help: positions that the agent's evaluator knows
exactly, or the same agent spending its budget on other positions than the one it was asked about. Denoising and
averaging gain there, too; search does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from jaxtyping import Bool

from games.position_choices import likeliest_moves
from games.positions import PositionSet
from games.variable_compute import VariableCompute
from mesascope.agents.agent import Agent
from mesascope.core.details import Curve, Details, Number, Point, point
from mesascope.core.intervals import bootstrap_mean, wilson
from mesascope.core.paired import mcnemar
from mesascope.core.verdicts import Estimate, Evidence, Verdict

LEVEL: float = 0.01
"""Of McNemar's test of the most against the least."""

FEWEST: int = 20
"""Fewer positions that the least budget fails on leave nothing to gain."""

SLIGHT: float = 0.05
"""A gain that is surely smaller than this is none."""

SHUFFLES: int = 2000


@dataclass(frozen=True)
class Placebo:
    """Where a budget must not gain.

    **Arguments:**

    - `agent`: of the same budgets; the agent itself, or one that spends them on something else.
    - `positions`: where it is asked.
    - `why`: why looking ahead cannot help there, a clause.
    """

    agent: Agent
    positions: PositionSet
    why: str


@dataclass(frozen=True)
class _Asked:
    """What was right at each budget, and whether the most changed any choice at all."""

    right: Bool[np.ndarray, "K N"]
    changed: float


class BudgetGain(Details, frozen=True, kw_only=True):
    """What a budget gains over the least, and McNemar's p of that."""

    budget: int
    gain: Number
    p: Number


class PlyRates(Details, frozen=True, kw_only=True):
    """Shares of right choices at every budget in `n` positions of so many plies; `None` where none suffice."""

    plies: Number | None
    n: int
    right: tuple[Number, ...]


class PlaceboGain(Details, frozen=True, kw_only=True):
    """Shares of right choices at the least and the most budget where looking ahead cannot help, and `why` it cannot."""

    why: str
    least: Number
    most: Number
    p: Number


class ComputeDetails(Curve, frozen=True, kw_only=True):
    """Choices by budget.

    **Arguments:**

    - `gained`, `lost`, `p`: positions that the most budget gets right and the least does not, and the reverse.
    - `against_least`: gains of the others.
    - `recovered_failures`: share of what the least fails on; `None` if it fails on nothing.
    - `changed_choices`: share of choices that the most changes.
    - `falls`: budgets that do worse than the next smaller one; `trend_p`: of no trend.
    - `by_plies`: by how far one must look.
    - `positions`, `knowledge`: which they are, and how their best moves are known.
    - `placebo`: `None` if there was none, or it was not needed.
    """

    gained: int
    lost: int
    p: Number
    against_least: tuple[BudgetGain, ...]
    recovered_failures: Number | None
    changed_choices: Number
    falls: int
    trend_p: Number
    by_plies: tuple[PlyRates, ...]
    positions: str
    knowledge: str
    placebo: PlaceboGain | None = None


def compute(agent: Agent, positions: PositionSet, *, placebo: Placebo | None = None, seed: int = 0) -> Evidence:
    """Compares an agent's choices at every budget with those at the least.

    **Arguments:**

    - `agent`: any; without `VariableCompute` nothing can be compared.
    - `positions`: whose best moves are known.
    - `placebo`: where the budget must not gain; without one a gain is not told apart from others than search.
    - `seed`: of bootstraps and shuffles.

    **Returns:** PASS if the most gains over the least and the placebo gains less; FAIL if there was something to gain
    and the budget gains surely less than `SLIGHT`.

    **Raises:** `AgentError` if the agent does not choose among the moves of the game.
    """
    if not isinstance(agent, VariableCompute):
        return _nothing("its computation cannot be varied: it takes no budget")
    budgets = agent.budgets()
    if len(budgets) < 2:
        return _nothing(f"it has {len(budgets)} budget, and nothing to compare it with")
    asked = _ask(agent, positions)
    right = asked.right
    failures = int((~right[0]).sum())
    gain = bootstrap_mean(right[-1].astype(float) - right[0], seed=seed, unit="positions")
    gained, lost = int((right[-1] & ~right[0]).sum()), int((~right[-1] & right[0]).sum())
    p = mcnemar(gained, lost)
    details = ComputeDetails(
        curve=tuple(_point(budget, row) for budget, row in zip(budgets, right, strict=True)),
        x_label="budget",
        y_label="share of positions with a best move chosen",
        gained=gained,
        lost=lost,
        p=p,
        against_least=tuple(
            BudgetGain(
                budget=budget,
                gain=float(row.mean() - right[0].mean()),
                p=mcnemar(int((row & ~right[0]).sum()), int((~row & right[0]).sum())),
            )
            for budget, row in zip(budgets[1:], right[1:], strict=True)
        ),
        recovered_failures=float(gain.value / (1 - right[0].mean())) if failures else None,
        changed_choices=asked.changed,
        falls=int((np.diff(right.mean(-1)) < 0).sum()),
        trend_p=trend(right, seed=seed),
        by_plies=_by_plies(positions, right),
        positions=positions.name,
        knowledge=positions.knowledge,
    )
    text = (
        f"From budget {budgets[0]} to {budgets[-1]} it goes from {right[0].mean():.0%} to {right[-1].mean():.0%} of "
        f"best moves in {len(positions)} {positions.name}: {gain.value:+.0%} [{gain.low:+.0%}, {gain.high:+.0%}], p = "
        f"{p:.2g}."
    )

    def evidence(verdict: Verdict, reason: str, null: Estimate | None = None) -> Evidence:
        return Evidence("compute", "optimizer", verdict, text, reason, gain, null, details)

    if failures < FEWEST:
        return evidence(Verdict.INCONCLUSIVE, f"the least budget fails on {failures} positions only: nothing to gain")
    if p >= LEVEL or gain.value <= 0:
        if gain.high < SLIGHT:
            spent = "though its choices change" if asked.changed else "and changes no choice"
            return evidence(Verdict.FAIL, f"more computation gains nothing, {spent}")
        return evidence(Verdict.INCONCLUSIVE, "a gain is neither shown nor excluded")
    if placebo is None:
        return evidence(Verdict.INCONCLUSIVE, "it gains, but nothing shows that this is not averaging: no placebo")
    beside = _ask(placebo.agent, placebo.positions).right
    null = bootstrap_mean(beside[-1].astype(float) - beside[0], seed=seed, unit="positions")
    gains = PlaceboGain(
        why=placebo.why,
        least=float(beside[0].mean()),
        most=float(beside[-1].mean()),
        p=mcnemar(int((beside[-1] & ~beside[0]).sum()), int((~beside[-1] & beside[0]).sum())),
    )
    details = msgspec.structs.replace(details, placebo=gains)
    if null.high >= gain.low:
        return evidence(Verdict.INCONCLUSIVE, f"the placebo gains about as much, where {placebo.why}", null)
    return evidence(Verdict.PASS, f"more computation finds better moves, and not where {placebo.why}", null)


def trend(right: Bool[np.ndarray, "K N"], *, seed: int = 0) -> float:
    """Returns the p-value that what is right does not rise with the budget.

    The statistic is Page's: the sum of what is right, weighted by the rank of the budget. The null exchanges the
    budgets of each position.

    **Arguments:**

    - `right`: whether the choice is right at each budget, the least first.
    - `seed`: of the shuffles.
    """
    random = np.random.default_rng(seed)
    found, weights = float(np.arange(len(right)) @ right.sum(-1)), np.arange(len(right))
    shuffled = np.array([weights @ random.permuted(right, axis=0).sum(-1) for _ in range(SHUFFLES)])
    return float((1 + (shuffled >= found).sum()) / (1 + SHUFFLES))


def _ask(agent: Agent, positions: PositionSet) -> _Asked:
    if not isinstance(agent, VariableCompute):
        raise TypeError(f"The agent of a placebo needs budgets, too; '{agent.name}' has none.")
    moves = np.stack([likeliest_moves(agent.with_budget(budget), positions) for budget in agent.budgets()])
    right = positions.best[np.arange(len(positions)), moves]
    return _Asked(right, float((moves[-1] != moves[0]).mean()))


def _point(budget: int, right: np.ndarray) -> Point:
    return point(int(budget), wilson(int(right.sum()), len(right), unit="positions"))


def _by_plies(positions: PositionSet, right: np.ndarray) -> tuple[PlyRates, ...]:
    """Returns shares of right choices at every budget by how far one must look, the hardest first."""
    rows = []
    for plies in sorted(set(positions.plies), reverse=True):
        inside = positions.plies == plies
        shares = tuple(float(row[inside].mean()) for row in right)
        rows.append(PlyRates(plies=float(plies) if np.isfinite(plies) else None, n=int(inside.sum()), right=shares))
    return tuple(rows)


def _nothing(reason: str) -> Evidence:
    return Evidence("compute", "optimizer", Verdict.INCONCLUSIVE, "Computation was not varied.", reason)
