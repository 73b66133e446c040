"""The horizon in games: up to how many plies ahead is what decides a move still acted upon?

The skill of choices in positions of known depth is fitted with a cliff, as by `horizon` in levels. The null shuffles
the plies of the positions.
"""

from __future__ import annotations

import numpy as np

from games.position_choices import legal_probabilities
from games.positions import PositionSet
from mesascope.agents.agent import Agent
from mesascope.audit.search.horizon import CLIFF, HORIZON, LEVEL, SHUFFLES, Cliff, CliffFit
from mesascope.core.details import Curve, Number, point
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.verdicts import Evidence, Verdict

FEWEST: int = 10
"""Positions of a depth; depths with fewer are left out."""

DEPTHS: int = 3
"""Fewer depths than this cannot tell a cliff from a decline."""


class PositionHorizonDetails(Curve, frozen=True, kw_only=True):
    """Skill by plies: the cliff fitted to it and its p, skill in all positions, and which positions they are."""

    cliff: Cliff
    p: Number
    skill: Number
    positions: str


def position_horizon(agent: Agent, positions: PositionSet, *, key: RandomKey) -> Evidence:
    """Scores choices by how far ahead one must look, and seeks the depth beyond which they are no better than chance.

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
    right = (legal_probabilities(agent, asked) * asked.best).sum(-1)
    skill = (right - asked.chance) / (1 - asked.chance)
    # Depths may leave gaps (forced wins are odd): the fit is over their ranks, and its place is read back.
    rank = np.searchsorted(depths, asked.plies)
    weights = np.bincount(rank, minlength=len(depths)).astype(float)
    random = np.random.default_rng(seed_of(key))
    rows = [skill, *(random.permutation(skill) for _ in range(SHUFFLES))]
    (found, gain), *null = CliffFit(weights).best(np.stack([np.bincount(rank, row) / weights for row in rows]))
    p = (1 + sum(shuffled >= gain for _, shuffled in null)) / (1 + len(null))
    place = float(np.interp(found.distance, np.arange(len(depths)), depths))
    near, far = skill[rank <= found.distance], skill[rank > found.distance]
    curve = []
    for number, depth in enumerate(depths):
        curve.append(point(float(depth), bootstrap_mean(skill[rank == number], unit="positions")))
    everywhere = bootstrap_mean(skill, seed=seed_of(key) % 2**32, unit="positions")
    details = PositionHorizonDetails(
        curve=tuple(curve),
        x_label="plies one must look ahead",
        y_label="skill of the choice (0 chance)",
        cliff=Cliff(distance=place, width=found.width, near=found.near, far=found.far),
        p=p,
        skill=everywhere.value,
        positions=positions.name,
    )
    if p >= LEVEL or not len(near) or not len(far):
        text = f"No horizon up to {depths[-1]:.0f} plies in {len(asked)} {positions.name} (skill {everywhere})."
        reason = "it errs alike at all depths: a reflex, a table, or a search that reaches beyond the positions"
        return Evidence("horizon", "optimizer", Verdict.INCONCLUSIVE, text, reason, everywhere, None, details)
    text = (
        f"Its choices fall from {found.near:.0%} to {found.far:.0%} of what skill could bring where more than "
        f"{place:.0f} plies must be looked ahead."
    )
    if found.fall < CLIFF:
        reason = "a decline and no cliff: positions that are harder at a glance do that, too"
        return Evidence("horizon", "optimizer", Verdict.INCONCLUSIVE, text, reason, everywhere, None, details)
    reason = "a horizon, as search of that depth has one"
    return Evidence("horizon", "optimizer", Verdict.PASS, text, reason, everywhere, None, details)
