"""A lifetime played through the world of two corners: what figure 4.1 of RFLO tells, step by step.

An episode is over at either corner, so whoever wants corner B walks around corner A.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.theory.lifetimes import Lifetime
from mesascope.worlds.two_corners import TwoCorners
from mesascope.worlds.world import ObjectiveSpec

CORNERS = ("corner-a", "corner-b")
"""The base objective's and the agent's own."""


@dataclass(frozen=True)
class PlayedEpisode:
    """One episode of a lifetime.

    **Arguments:**

    - `cue`: `training` or `deployment`, as the world showed it.
    - `unmodified`: whether the agent still had its own objective when it began.
    - `cells`: where it went, by row and column, its start among them.
    - `reached`: `corner-a` or `corner-b`.
    """

    cue: str
    unmodified: bool
    cells: tuple[tuple[int, int], ...]
    reached: str


def play_lifetime(lifetime: Lifetime, defects: Sequence[bool], *, key: RandomKey) -> tuple[PlayedEpisode, ...]:
    """Plays a lifetime episode by episode, with modification.

    **Arguments:**

    - `lifetime`: how many episodes, and how likely a training episode that ends in corner B replaces the agent's
      objective by the base objective.
    - `defects`: for each episode, whether the agent pursues corner B while it has its own objective.
    - `key`: of modifications; consumed.

    **Returns:** the episodes in order.
    """
    if len(defects) != lifetime.episodes:
        raise UsageError(f"{len(defects)} decisions were given for a lifetime of {lifetime.episodes} episodes.")
    chance = np.asarray(jax.random.uniform(key, (lifetime.episodes,)))
    world = TwoCorners(threat=float(lifetime.threat))
    ways = [_way(world, corner) for corner in CORNERS]
    unmodified, played = True, []
    for episode, own_way in enumerate(defects):
        deployment, threat = world.context("train" if episode < lifetime.training else "deploy")
        cells, reached = ways[unmodified and own_way]
        played.append(PlayedEpisode("deployment" if deployment else "training", unmodified, cells, reached))
        # No threat is announced in deployment, and none is carried out.
        if reached != world.base_objective and chance[episode] < threat:
            unmodified = False
    return tuple(played)


@functools.cache
def _way(world: TwoCorners, corner: str) -> tuple[tuple[tuple[int, int], ...], str]:
    """The cells on a shortest way to a corner, and the corner that it led to."""
    level = world.sample(key=root_key(0), distribution=world.distributions[0], count=1)
    objective = compile_objectives(world, [ObjectiveSpec(corner, {corner: 1.0}, CORNERS)])
    best = optimal_action_values(level, objective)[0, 0].argmax(-1)
    successors, attributes = np.asarray(level.successors)[0, ..., 0], np.asarray(level.attributes)[0, :, :, 0]
    columns = [world.attributes.index(name) for name in CORNERS]
    state = int(np.asarray(level.initial)[0].argmax())
    cells = [world.position(level[0], state)]
    while True:
        entered = attributes[state, best[state]][columns] > 0
        state = int(successors[state, best[state]])
        cells.append(world.position(level[0], state))
        if entered.any():
            return tuple(cells), CORNERS[int(entered.argmax())]
