"""Which levels of a set count as evidence, and in which step of an episode their states are met."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from mesascope.audit.level_set import LevelSet


def distinct_levels(level_set: LevelSet, most: int) -> Int[np.ndarray, " U"]:
    """Returns the first levels of a set that differ from all before them, in order.

    **Arguments:**

    - `level_set`: in which a level may come several times.
    - `most`: of them.
    """
    levels, seen, chosen = level_set.levels, set(), []
    parts = [np.asarray(part) for part in (levels.successors, levels.probabilities, levels.attributes, levels.initial)]
    for index in range(levels.count):
        content = b"".join(part[index].tobytes() for part in parts)
        if content not in seen:
            seen.add(content)
            chosen.append(index)
        if len(chosen) == most:
            break
    return np.array(chosen)


def steps_taken(level_set: LevelSet, chosen: Int[np.ndarray, " U"]) -> Int[np.ndarray, "U S"] | None:
    """Returns in which step each state is met, from 0; `None` where the way there may be longer or shorter.

    On menus from which one thing after another is taken a state says how late it is, and whoever has no memory can
    go by that.

    **Arguments:**

    - `level_set`: the levels.
    - `chosen`: which of them.
    """
    levels = level_set.levels
    successors, likely = np.asarray(levels.successors)[chosen], np.asarray(levels.probabilities)[chosen] > 0
    steps = np.where(np.asarray(levels.initial)[chosen] > 0, 0, -1)
    unit = np.arange(len(chosen))
    for step in range(level_set.levels.states):
        here = (steps == step) & level_set.active[chosen]
        if not here.any():
            return steps
        row, state, action, outcome = np.nonzero(here[:, :, None, None] & likely)
        after = successors[row, state, action, outcome]
        ended = np.asarray(levels.terminal)[chosen[row], after]
        row, after = unit[row[~ended]], after[~ended]
        if ((steps[row, after] >= 0) & (steps[row, after] <= step)).any():
            return None
        steps[row, after] = step + 1
    return None
