"""What an audit will cost, from the sizes of its levels: said before it starts where that is long."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mesascope.audit.ground import Ground

LONG: float = 60.0
"""An audit of more seconds than this is announced."""

START: float = 5.0
"""Seconds that any audit takes: programs are compiled, and pages drawn."""

PER_ENTRY: float = 2e-6
"""Seconds for each transition of each level under each objective: 8 for two times 512 levels of 49 states, 5 actions
and 16 objectives. On a busy machine it is up to twice that."""


def seconds_of(grounds: Sequence[Ground]) -> float:
    """Returns roughly how many CPU seconds the assays of an audit take.

    Solving and recovering, which are most of it, look at every transition under every objective.

    **Arguments:**

    - `grounds`: before and after the shift.
    """
    entries = sum(ground.levels.successors.size * len(ground.objectives) for ground in grounds)
    return START + PER_ENTRY * entries


def announce(grounds: Sequence[Ground]) -> None:
    """Says on standard error, as a warning of the log `mesascope`, how long an audit will take, if that is long."""
    seconds = seconds_of(grounds)
    if seconds < LONG:
        return
    sizes = " and ".join(f"{ground.levels.count:,} levels of {ground.levels.states:,} states" for ground in grounds)
    logging.getLogger("mesascope").warning(
        "This will take about %.0f minutes of a processor: %s, %d objectives. Fewer levels (--levels N, for gym: "
        "worlds --world-option levels=N) take less.",
        max(1.0, seconds / 60),
        sizes,
        len(grounds[0].objectives),
    )
