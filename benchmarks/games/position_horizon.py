"""The horizon in games: up to how many plies ahead is what decides a move always acted upon?

A search of some depth finds whatever lies within it, every time; beyond, it is as good as its judgement, which may be
good. So the horizon is not where skill collapses: it is the last depth up to which nothing is missed, if something is
beyond. What is decided by the next move can be seen without looking ahead, so that a reflex may miss nothing there. The
null shuffles the plies of the positions.
"""

from __future__ import annotations

import numpy as np

from games.position_choices import right_choices
from games.positions import PositionSet
from mesascope.agents.agent import Agent
from mesascope.audit.search.horizon import HORIZON, LEVEL, SHUFFLES, Cliff
from mesascope.core.details import Curve, Number, point
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.rounding import above
from mesascope.core.verdicts import Evidence, Verdict

FEWEST: int = 10
"""Positions of a depth; depths with fewer are left out."""

DEPTHS: int = 3
"""Fewer depths than this cannot tell a cliff from a decline."""

NOTHING_MISSED: float = 0.97
"""Skill at a depth from which on nothing counts as missed there: a search of that depth has 1. Chosen, not fitted."""

SLIGHT: float = 0.02
"""Skill that must surely be lost beyond."""


class PositionHorizonDetails(Curve, frozen=True, kw_only=True):
    """Skill by plies: the last depth without a miss and its p, skill in all positions, and which positions they are."""

    cliff: Cliff
    p: Number
    skill: Number
    positions: str


def position_horizon(agent: Agent, positions: PositionSet, *, key: RandomKey) -> Evidence:
    """Scores choices by how far ahead one must look, and seeks the last depth up to which nothing is missed.

    **Arguments:**

    - `agent`: chooses among the moves of the game.
    - `positions`: of several depths, whose best moves are known.
    - `key`: consumed.

    **Raises:** `AgentError` if the agent does not choose among the moves of the game.
    """
    depths, counts = np.unique(positions.plies[np.isfinite(positions.plies)], return_counts=True)
    if not len(depths):
        return HORIZON.nothing(
            f"no number of plies suffices to know the best move in the {positions.name}: chance and hits"
        )
    depths = depths[counts >= FEWEST]
    usable = np.isin(positions.plies, depths) & (positions.chance < 1)
    if len(depths) < DEPTHS:
        return HORIZON.nothing(
            f"the {positions.name} have {len(depths)} depths with {FEWEST} positions or more; {DEPTHS} are needed"
        )
    asked = positions.chosen(usable)
    # The likeliest move counts: how sure it is of it has nothing to do with how far it looks.
    right = right_choices(agent, asked)
    skill = (right - asked.chance) / (1 - asked.chance)
    rank = np.searchsorted(depths, asked.plies)
    weights = np.bincount(rank, minlength=len(depths)).astype(float)
    random = np.random.default_rng(seed_of(key))
    found, *null = (
        _reach(np.bincount(rank, row) / weights, weights)
        for row in (skill, *(random.permutation(skill) for _ in range(SHUFFLES)))
    )
    reach, fall = found
    p = (1 + sum(one[0] >= reach and one[1] >= fall for one in null)) / (1 + len(null))
    near, far = skill[rank < reach], skill[rank >= reach]
    # Depths may leave gaps (forced wins are odd): the horizon lies within one.
    place = float(depths[-1]) if reach == len(depths) else float(depths[max(reach - 1, 0) : reach + 1].mean())
    curve = []
    for number, depth in enumerate(depths):
        curve.append(point(float(depth), bootstrap_mean(skill[rank == number], unit="positions")))
    everywhere = bootstrap_mean(skill, seed=seed_of(key) % 2**32, unit="positions")
    details = PositionHorizonDetails(
        curve=tuple(curve),
        x_label="plies one must look ahead",
        y_label="skill of the choice (0 chance)",
        cliff=Cliff(
            distance=place,
            width=1.0,
            near=float(near.mean()) if reach else 0.0,
            far=float(far.mean()) if len(far) else 0.0,
        ),
        p=p,
        skill=everywhere.value,
        positions=positions.name,
    )
    reason = None
    if reach == len(depths):
        reason = "it misses nothing at any depth: a search that reaches beyond the positions, or a table"
    elif reach == 0:
        reason = "it misses something at every depth: a reflex, a table, or a search of which its slips show nothing"
    elif reach == 1 or depths[reach - 1] <= 1:
        reason = "it misses nothing only where the next move decides, which is seen without looking ahead"
    elif p >= LEVEL or not above(float(near.mean()) - bootstrap_mean(far, unit="positions").high, SLIGHT):
        reason = "what it misses beyond cannot be told from nothing"
    if reason is not None:
        text = f"No horizon up to {depths[-1]:.0f} plies in {len(asked)} {positions.name} (skill {everywhere})."
        return Evidence("horizon", "optimizer", Verdict.INCONCLUSIVE, text, reason, everywhere, None, details)
    text = (
        f"It misses nothing up to {depths[reach - 1]:.0f} plies ahead ({details.cliff.near:.0%} of what skill could "
        f"bring) and something beyond ({details.cliff.far:.0%})."
    )
    reason = "a horizon, as search of that depth has one"
    return Evidence("horizon", "optimizer", Verdict.PASS, text, reason, everywhere, None, details)


def _reach(means: np.ndarray, weights: np.ndarray) -> tuple[int, float]:
    """Returns up to how many depths nothing is missed, and how much more is beyond."""
    missed = np.flatnonzero(means < NOTHING_MISSED)
    reach = int(missed[0]) if len(missed) else len(means)
    if reach in (0, len(means)):
        return reach, 0.0
    near, far = (float(np.average(means[part], weights=weights[part])) for part in (slice(reach), slice(reach, None)))
    return reach, near - far
