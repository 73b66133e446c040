"""Reward tables as objectives, so that everything that plans for objectives plans for tables too."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec

LARGEST: int = 4_000_000
"""Numbers of a table of features that is written out."""


def with_reward_tables(
    level: Level, tables: Float[np.ndarray, "O S A"], *, stops: tuple[int, ...] = ()
) -> tuple[Level, Objectives]:
    """Returns a batch of one level whose attributes are the given rewards, and the O objectives of pursuing each.

    **Arguments:**

    - `level`: one (not batched) level.
    - `tables`: O rewards of state and action.
    - `stops`: attributes of the level, by index, whose occurrence ends the episode under all of the rewards.
    """
    tables = np.asarray(tables, np.float64)
    count, outcomes = len(tables), level.successors.shape[-1]
    paid = np.broadcast_to(np.moveaxis(tables, 0, -1)[:, :, None, :], (*tables.shape[1:], outcomes, count))
    ended = np.asarray(level.attributes)[..., list(stops)].sum(-1, keepdims=True) > 0
    attributes = np.concatenate([paid, ended], axis=-1)
    specs = tuple(ObjectiveSpec(f"reward {index}", {}) for index in range(count))
    weights = np.concatenate([np.eye(count), np.zeros((count, 1))], axis=-1)
    stopping = np.zeros_like(weights)
    stopping[:, -1] = 1.0
    discount = np.asarray(level.discount)
    renamed = dataclasses.replace(level, attributes=attributes, discount=discount, layout=None)
    return renamed.batch(), Objectives(specs, weights, stopping)


def weighted_attributes(space: AttributeRewards, parameters: Float[np.ndarray, "n D"]) -> Objectives:
    """Returns parameters of a space as objectives with the space's end of episodes, named by their place."""
    stops = np.zeros_like(parameters, np.float64)
    stops[:, list(space.stops)] = 1.0
    specs = tuple(
        ObjectiveSpec(f"reward {index}", {name: float(weight) for name, weight in zip(space.names, row, strict=True)})
        for index, row in enumerate(parameters)
    )
    return Objectives(specs, np.asarray(parameters, np.float64), stops)


def spelled_out(levels: Level, space: RewardSpace) -> tuple[Level, AttributeRewards]:
    """Returns levels whose attributes are the features of a reward space, and the space of weights of these.

    So that what weighs attributes can weigh the entries of a small table, too. An end of episodes becomes an attribute.

    **Arguments:**

    - `levels`: a batch of N levels that the space fits.
    - `space`: any; attributes of the levels are returned as they are.

    **Raises:** `UsageError` if the table is too large to be written out.
    """
    if isinstance(space, AttributeRewards):
        return levels, space
    width = len(space.names)
    size = int(np.prod(levels.successors.shape)) * (width + 1)
    if size > LARGEST:
        raise UsageError(
            f"{width:,} parameters in {levels.count} levels of {levels.states:,} states are too many to be weighed "
            "one by one; use attributes, or exact inversion."
        )
    tables = np.stack([space.features(levels[index]).toarray() for index in range(levels.count)])
    shape = levels.successors.shape
    paid = np.broadcast_to(tables.reshape(*shape[:3], 1, width), (*shape, width))
    ended = np.asarray(levels.attributes)[..., list(space.stops)].sum(-1, keepdims=True) > 0
    attributes = np.concatenate([paid, ended], axis=-1)
    stops = (width,) if space.stops else ()
    return (
        dataclasses.replace(levels, attributes=attributes, layout=None),
        AttributeRewards((*space.names, "the end of the episode"), stops),
    )
