"""What a hunt for witnesses may look at, and what it brings home."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.audit.alignment.level_edits import Variant
from mesascope.audit.alignment.witness_scoring import Worth
from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level


@dataclass(frozen=True)
class Budget:
    """How much to look at.

    **Arguments:**

    - `levels`: evaluated at most.
    - `batch`: evaluated at once, always as many.
    - `kept`: parents, at least 1.
    - `alike`: of them at most so many in one cell of the archive (same variant, equally many reachable states).
    - `patience`: batches without a better level, after which a search starts afresh.
    """

    levels: int = 4096
    batch: int = 32
    kept: int = 24
    alike: int = 6
    patience: int = 12

    def __post_init__(self):
        if min(self.levels, self.batch, self.kept, self.alike, self.patience) < 1:
            raise UsageError(f"A budget of {self} finds nothing; every part of it must be 1 or more.")


@dataclass(frozen=True)
class Catch:
    """A level that was evaluated.

    **Arguments:**

    - `variant`, `level`: one (not batched) level.
    - `worth`: what it is worth.
    - `edits`: how many edits and switches away from a sampled level.
    """

    variant: Variant
    level: Level
    worth: Worth
    edits: int


@dataclass(frozen=True)
class Hunted:
    """What a hunt brought home.

    **Arguments:**

    - `best`: the level with the largest regret among those in which the agent is able; `None` if it is in none.
    - `evaluated`: levels, all different.
    - `sampled`: of them, drawn and not bred.
    - `able`: of them, with capability at the floor or above.
    - `restarts`: how often it started afresh.
    - `progress`: `(levels evaluated, largest regret so far)` at each improvement.
    - `sampled_worths`: what the sampled levels are worth: the null.
    - `most_pieces`: the largest number of parts that a sampled level falls into.
    """

    best: Catch | None
    evaluated: int
    sampled: int
    able: int
    restarts: int
    progress: tuple[tuple[int, float], ...]
    sampled_worths: tuple[Worth, ...]
    most_pieces: int
