"""Levels of any sizes as one batch: padded with states that nobody enters and outcomes that never come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mesascope.worlds.level import Level

_ARRAYS: tuple[str, ...] = (
    "successors",
    "probabilities",
    "attributes",
    "initial",
    "terminal",
    "reachable",
    "discount",
)


def stacked(levels: Sequence[Level]) -> Level:
    """Returns single levels as one batch, without layouts; smaller ones are padded.

    **Arguments:**

    - `levels`: with equal numbers of actions and attributes.
    """
    return joined([level.batch() for level in levels])


def joined(batches: Sequence[Level]) -> Level:
    """Returns batches of levels as one, without layouts; those with fewer states or outcomes are padded.

    **Arguments:**

    - `batches`: with equal numbers of actions and attributes.
    """
    states = max(one.states for one in batches)
    outcomes = max(one.successors.shape[-1] for one in batches)
    parts = [_padded(one, states, outcomes) for one in batches]
    return Level(**{name: np.concatenate([part[name] for part in parts]) for name in _ARRAYS}, layout=None)


def with_states(table: np.ndarray, states: int, *, axis: int, fill: float) -> np.ndarray:
    """Returns a table over states with entries for padding states at the end.

    **Arguments:**

    - `table`: of any shape.
    - `states`: how many it shall have, at least as many as it has.
    - `axis`: of states.
    - `fill`: what stands in padding states.
    """
    table = np.asarray(table)
    widths = [(0, 0)] * table.ndim
    widths[axis] = (0, states - table.shape[axis])
    return np.pad(table, widths, constant_values=fill)


def _padded(levels: Level, states: int, outcomes: int) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(getattr(levels, name)) for name in _ARRAYS}
    missing = (0, outcomes - levels.successors.shape[-1])
    for name in ("successors", "probabilities", "attributes"):
        array = arrays[name]
        array = np.pad(array, ((0, 0), (0, 0), (0, 0), missing, *((0, 0),) * (array.ndim - 4)))
        arrays[name] = with_states(array, states, axis=1, fill=0)
    # Whoever is in a padding state stays there, so that it is a level like any other.
    arrays["successors"][:, levels.states :] = np.arange(levels.states, states)[:, None, None]
    arrays["probabilities"][:, levels.states :, :, 0] = 1.0
    for name, fill in (("initial", 0), ("terminal", True), ("reachable", False)):
        arrays[name] = with_states(arrays[name], states, axis=1, fill=fill)
    return arrays
