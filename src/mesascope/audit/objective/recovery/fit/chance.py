"""Random behaviour told from pursuit, before anything is named: does an objective predict choices that it has not seen?

A step cost of `log A` cancels what a soft planner gains by hesitating, so that a reward explains a uniformly random
agent perfectly. What explains is therefore asked for predictions: weights are fitted to one half and judged on the
other, against the best habit (the same leaning in every state) that there is *for that other half*.

- Counted choices: the ratio of likelihoods is an e-value. If the agent has a habit, or none, its expectation is at most
  1, so that it exceeds `1 / ALARM` with probability `ALARM` at most, however few choices there are (the split
  likelihood ratio of Wasserman, Ramdas & Balakrishnan 2020, averaged over both ways to take the halves).
- Exact probabilities are no samples. Levels are the units (states, where there are fewer than `FEW` levels), and the
  mean gain of a unit must exceed 0 by a one-sided t-test at `ALARM / 2` (`DOUBT`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

from mesascope.audit.objective.recovery.data.distinct import distinct_levels
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.fit.choice_likelihood import SPARSITY, fit_choices
from mesascope.audit.objective.recovery.fit.choice_problem import OPTIMAL, chosen_policy
from mesascope.core.errors import UsageError
from mesascope.core.rounding import above
from mesascope.objectives.reward_space import RewardSpace
from mesascope.objectives.reward_tables import spelled_out

ALARM: float = 0.02
"""Share of random agents, at most, that are said to pursue something; half of it for exact probabilities."""

FEW: int = 8
"""With fewer distinct levels than this, states are the units of exact probabilities."""

PARTS: int = 10
"""Parts that the states of few levels are cut into, each predicted from all others: they are too few for halves."""

STRUCTURE: float = 1e-6
"""Nats a decision by which exact choices must differ from a habit to differ at all."""

SHARE: float = 0.05
"""Least share of what is no habit that weights must predict of exact choices: less may be true, and is no objective."""

DOUBT, MUCH = 0.05, 0.3
"""The same p and share where states are the units: a dozen of them reach no p of .01. Of 150 tables drawn at random in
one level of a dozen states, whose agents choose otherwise in each state and pursue nothing, 2 passed, and 68 of 80
planners with 0 or 30 % slips (at .12 and .2: 7, and 74). The values were taken after these were seen; levels of more
states have not been tried."""

PRICES: tuple[float, ...] = (0.01, 0.06)
"""Prices of a unit of weight, nats a decision, with which half of counted choices is fitted; the mean of e-values is
one. A few dozen choices are overfitted at the lower price, and the higher one flattens what thousands show."""

HEDGE: float = 0.1
"""Share of a habit in every prediction, so that one surprise does not outweigh everything else."""

STRENGTH: float = 2.0
"""Choices that a prediction by weights counts for beside those seen in the same state before, as a flexible rival."""


@dataclass(frozen=True)
class Chance:
    """Whether behaviour can be told from chance and from a habit.

    **Arguments:**

    - `told`: whether some objective in the space predicts it better than any habit, beyond doubt.
    - `gain`: nats by which it does, held out: of all choices that were counted, or a decision.
    - `share`: of what is to be predicted beyond a habit, the share that the objective predicts; NaN if nothing is.
    - `units`, `unit`: how many independent units that rests on, and of what.
    - `reason`: in words.
    """

    told: bool
    gain: float
    share: float
    units: int
    unit: str
    reason: str


def told_from_chance(choices: ObservedChoices, space: RewardSpace) -> Chance:
    """Tells pursuit of something from chance and from habit.

    **Arguments:**

    - `choices`: of an agent in one level or several.
    - `space`: the rewards that it may pursue. Of tables too large to be weighed entry by entry, counts are predicted
      state by state, and exact probabilities must only differ from a habit.

    **Raises:** `UsageError` if no choice has any weight.
    """
    if choices.counted:
        return _counted(choices, space)
    weights = choices.weights
    if not weights.sum() > 0:
        raise UsageError("The weights of choices are all zero: there is nothing to explain.")
    habit = weights.sum((0, 1)) / weights.sum()
    here = weights.sum(-1)
    structure = special.rel_entr(weights, here[..., None] * habit).sum(-1)
    total = float(structure.sum() / weights.sum())
    if not above(total, STRUCTURE):
        return Chance(
            False, 0.0, float("nan"), len(choices), "levels", "it chooses alike whatever it sees, at random or by habit"
        )
    try:
        levels, weighed = spelled_out(choices.levels, space)
    except UsageError:
        return Chance(True, total, float("nan"), len(choices), "levels", "it chooses otherwise in other states")
    seen = here > 0
    level, state = np.nonzero(seen)
    first, number = distinct_levels(choices.levels)
    by_level = len(first) >= FEW
    unit = number[level] if by_level else np.arange(len(level))
    gains = np.zeros(len(level))
    parts = 2 if by_level else min(PARTS, len(level))
    if parts < 2:
        return Chance(False, 0.0, float("nan"), 1, "states", "it was watched in one state alone")
    for part in range(parts):
        kept = np.zeros_like(weights)
        inside = unit % parts != part
        kept[level[inside], state[inside]] = weights[level[inside], state[inside]]
        policy = (1 - HEDGE) * _predicted(levels, kept, weighed) + HEDGE * habit
        better = (weights * (np.log(policy) - np.log(np.maximum(habit, 1e-300)))).sum(-1)
        gains[~inside] = better[level[~inside], state[~inside]]
    by_unit = np.bincount(unit, gains)[np.unique(unit)]
    count = len(by_unit)
    mean, error = float(by_unit.mean()), float(by_unit.std(ddof=1) / np.sqrt(count))
    p = float(special.stdtr(count - 1, -mean / error)) if error > 0 else float(mean <= 0)
    share = float(gains.sum() / structure.sum())
    gain, what = float(gains.sum() / weights.sum()), "levels" if by_level else "states"
    told = bool(p < (ALARM / 2 if by_level else DOUBT) and above(share, SHARE if by_level else MUCH))
    reason = (
        f"weights fitted to other {what} of {count} predict {max(share, 0.0):.0%} of what is no habit in each "
        f"(p {p:.2g})"
    )
    return Chance(told, gain, share, count, what, reason)


def _counted(choices: ObservedChoices, space: RewardSpace) -> Chance:
    halves = choices.halves
    weighed = None
    try:
        levels, weighed = spelled_out(choices.levels, space)
    except UsageError:
        levels = choices.levels
    evidence, gain, flexible = [], 0.0, 0.0
    for fitted, judged in (halves, halves[::-1]):
        if not fitted.sum() or not judged.sum():
            continue
        leaning = (fitted.sum((0, 1)) + 0.5) / (fitted.sum() + 0.5 * fitted.shape[-1])
        best = judged.sum((0, 1)) / judged.sum()
        by_habit = float(special.xlogy(judged.sum((0, 1)), best).sum())
        rows = []
        for price in PRICES:
            policy = np.broadcast_to(leaning, fitted.shape)
            if weighed is not None:
                policy = (1 - HEDGE) * _predicted(levels, fitted, weighed, price) + HEDGE * leaning
            table = (fitted + STRENGTH * policy) / (fitted.sum(-1, keepdims=True) + STRENGTH)
            own, rival = (float((judged * np.log(one)).sum()) - by_habit for one in (policy, table))
            rows.append((own if weighed is not None else rival, rival))
        evidence += [own for own, _ in rows]
        own, rival = max(rows)
        gain, flexible = gain + own, flexible + max(own, rival)
    count = int(choices.weights.sum())
    if not evidence:
        return Chance(
            False, 0.0, float("nan"), count, "choices", "there are too few choices to tell pursuit from chance"
        )
    strength = float(np.logaddexp.reduce(evidence) - np.log(len(evidence)))
    share = gain / flexible if flexible > 0 else float("nan")
    reason = (
        f"weights fitted to half of the episodes predict the choices of the other half {gain:.1f} nats better than the "
        f"best habit"
        if gain > 0
        else "weights fitted to half of the episodes predict the other half no better than a habit"
    )
    return Chance(bool(strength > -np.log(ALARM)), gain, share, count, "choices", reason)


def _predicted(levels, kept, space, price: float = SPARSITY) -> Float[np.ndarray, "N S A"]:
    """Returns the choices that weights fitted to some of the choices predict in all levels."""
    some = np.flatnonzero(kept.sum((1, 2)) > 0)
    # Of no weight this planner is a random one; a soft-optimal one would put off the end of every episode.
    fit = fit_choices(levels[some], kept[some], space, planner=OPTIMAL, sparsity=price)
    return chosen_policy(levels, space, fit.parameter, planner=OPTIMAL)
