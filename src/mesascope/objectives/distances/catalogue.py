"""The kinds of distance by name, and their values over a batch of levels with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.registry import Entry, Registry
from mesascope.core.verdicts import Estimate
from mesascope.objectives.canonical import RewardHere, rewards_here
from mesascope.objectives.distances.epic import UndefinedDistance
from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level

Distance = Callable[[RewardHere, RewardHere], float]

_HOME = "mesascope.objectives.distances"
DISTANCES: Registry[Distance] = Registry(
    "distance",
    (
        Entry(
            "starc",
            f"{_HOME}.starc:starc",
            "0: the two order all policies alike; 2: opposite. By advantages over the uniform policy.",
            (("range", "0 to 2"), ("ignores", "shaping, scale, moving reward between next states")),
        ),
        Entry(
            "starc-minimal",
            f"{_HOME}.starc:starc_minimal",
            "The same by the smallest reward that differs only by shaping.",
            (("range", "0 to 2"), ("ignores", "shaping, scale, moving reward between next states")),
        ),
        Entry(
            "epic",
            f"{_HOME}.epic:epic",
            "0: equal up to shaping and scale, whatever the dynamics; 1: opposite.",
            (("range", "0 to 1"), ("ignores", "shaping, scale, constants")),
        ),
        Entry(
            "dard",
            f"{_HOME}.dard:dard",
            "EPIC over the transitions that can happen.",
            (("range", "0 to 1"), ("ignores", "shaping, scale, constants")),
        ),
        Entry(
            "npec",
            f"{_HOME}.starc:npec",
            "Share of B that the best scaled, shifted and shaped A misses; not symmetric.",
            (("range", "0 to 1"), ("ignores", "shaping, scale, constants")),
        ),
        Entry(
            "erc",
            f"{_HOME}.erc:erc",
            "Correlation of the returns of a uniform policy's episodes: a baseline.",
            (("range", "0 to 1"), ("ignores", "scale, and whatever is the same in all episodes")),
        ),
    ),
    group="mesascope.distances",
)


@dataclass(frozen=True)
class Comparison:
    """One kind of distance between two rewards over levels.

    **Arguments:**

    - `kind`: name of the distance.
    - `estimate`: mean over levels with a bootstrap interval; `None` if it is defined in none.
    - `by_level`: NaN where it is not defined, `[N]`.
    - `undefined`: in how many levels it has no value, and `reason` why, in the first of them.
    """

    kind: str
    estimate: Estimate | None
    by_level: Float[np.ndarray, " N"]
    undefined: int
    reason: str


def compare(
    levels: Level, objectives: Objectives, *, kinds: Sequence[str] | None = None, seed: int = 0
) -> tuple[Comparison, ...]:
    """Returns the distances between two rewards in a batch of levels.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: exactly two, A and B.
    - `kinds`: names of distances; by default all.
    - `seed`: of the bootstrap over levels. With one level the interval is the number itself.

    **Raises:** `UnknownNameError` for an unknown kind, `UsageError` unless there are two objectives.
    """
    if len(objectives) != 2:
        raise UsageError(f"A distance is between two rewards; given are {len(objectives)}.")
    chosen = list(DISTANCES.names() if kinds is None else kinds)
    functions = [DISTANCES.load(kind) for kind in chosen]
    values = np.full((len(chosen), levels.count), np.nan)
    reasons = [""] * len(chosen)
    batch = levels.batch()
    for index in range(batch.count):
        first, second = rewards_here(batch[index], objectives)
        for row, function in enumerate(functions):
            try:
                values[row, index] = function(first, second)
            except UndefinedDistance as undefined:
                reasons[row] = reasons[row] or str(undefined)
    found = []
    for kind, row, reason in zip(chosen, values, reasons, strict=True):
        defined = row[np.isfinite(row)]
        estimate = bootstrap_mean(defined, seed=seed) if len(defined) else None
        found.append(Comparison(kind, estimate, row, int(len(row) - len(defined)), reason))
    return tuple(found)
