"""Reward tables as objectives, so that everything that plans for objectives plans for tables too."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec


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
