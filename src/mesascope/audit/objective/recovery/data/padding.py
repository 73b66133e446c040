"""Levels of any sizes as one batch: padded with states that nobody enters and outcomes that never come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mesascope.worlds.level import Level

_BY_OUTCOME: tuple[str, ...] = ("successors", "probabilities", "attributes")
_ARRAYS: tuple[str, ...] = (*_BY_OUTCOME, "initial", "terminal", "reachable", "discount")


def stacked(levels: Sequence[Level]) -> Level:
    """Returns single levels as one batch, without layouts; those with fewer states or outcomes are padded.

    **Arguments:**

    - `levels`: with equal numbers of actions and attributes.
    """
    states = max(level.states for level in levels)
    outcomes = max(level.successors.shape[-1] for level in levels)
    parts = [_padded(level, states, outcomes) for level in levels]
    return Level(**{name: np.stack([part[name] for part in parts]) for name in _ARRAYS}, layout=None)


def with_states(table: np.ndarray, states: int, *, fill: float) -> np.ndarray:
    """Returns a table over states with entries for padding states at the end.

    **Arguments:**

    - `table`: of any shape, states first.
    - `states`: how many it shall have, at least as many as it has.
    - `fill`: what stands in padding states.
    """
    table = np.asarray(table)
    return np.pad(table, ((0, states - len(table)), *((0, 0),) * (table.ndim - 1)), constant_values=fill)


def _padded(level: Level, states: int, outcomes: int) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(getattr(level, name)) for name in _ARRAYS}
    missing = (0, outcomes - level.successors.shape[-1])
    for name in _BY_OUTCOME:
        array = arrays[name]
        array = np.pad(array, ((0, 0), (0, 0), missing, *((0, 0),) * (array.ndim - 3)))
        arrays[name] = with_states(array, states, fill=0)
    # Whoever is in a padding state stays there, so that it is a level like any other.
    arrays["successors"][level.states :] = np.arange(level.states, states)[:, None, None]
    arrays["probabilities"][level.states :, :, 0] = 1.0
    for name, fill in (("initial", 0), ("terminal", True), ("reachable", False)):
        arrays[name] = with_states(arrays[name], states, fill=fill)
    return arrays
