"""What an audit will cost, from the sizes of its levels: said before it starts where that is long."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mesascope.audit.level_set import LevelSet

LONG: float = 60.0
"""An audit of more seconds than this is announced."""

START: float = 5.0
"""Seconds that any audit takes: programs are compiled, and pages drawn."""

PER_ENTRY: float = 2e-6
"""Seconds for each transition of each level under each objective: 8 for two times 512 levels of 49 states, 5 actions
and 16 objectives. On a busy machine it is up to twice that."""


def seconds_of(level_sets: Sequence[LevelSet]) -> float:
    """Returns roughly how many CPU seconds the assays of an audit take.

    Solving and recovering, which are most of it, look at every transition under every objective.

    **Arguments:**

    - `level_sets`: before and after the shift.
    """
    entries = sum(level_set.levels.successors.size * len(level_set.objectives) for level_set in level_sets)
    return START + PER_ENTRY * entries


def announce(level_sets: Sequence[LevelSet]) -> None:
    """Says on standard error, as a warning of the log `mesascope`, how long an audit will take, if that is long."""
    seconds = seconds_of(level_sets)
    if seconds < LONG:
        return
    sizes = " and ".join(
        f"{level_set.levels.count:,} levels of {level_set.levels.states:,} states" for level_set in level_sets
    )
    logging.getLogger("mesascope").warning(
        "This will take about %.0f minutes of a processor: %s, %d objectives. Fewer levels (--levels N, for gym: "
        "worlds --world-option levels=N) take less.",
        max(1.0, seconds / 60),
        sizes,
        len(level_sets[0].objectives),
    )
