"""What a hunt for witnesses may look at, what it brings home, and what evidence holds of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mesascope.audit.alignment.level_edits import Variant
from mesascope.audit.alignment.witness_scoring import Worth
from mesascope.audit.findings import Witness
from mesascope.core.details import Details, Number
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


@dataclass
class Hunted:
    """What a hunt has brought home so far.

    **Arguments:**

    - `best`: the level with the largest regret among those in which the agent is able; `None` if it is in none.
    - `evaluated`: levels, all different.
    - `able`: of them, with capability at the floor or above.
    - `restarts`: how often it started afresh.
    - `progress`: `(levels evaluated, largest regret so far)` at each improvement.
    - `sampled_worths`: what the levels that were drawn, and not bred, are worth: the null.
    - `most_pieces`: the largest number of parts that a sampled level falls into.
    """

    best: Catch | None = None
    evaluated: int = 0
    able: int = 0
    restarts: int = 0
    progress: list[tuple[int, float]] = field(default_factory=list)
    sampled_worths: list[Worth] = field(default_factory=list)
    most_pieces: int = 1


class LevelWorth(Details, frozen=True, kw_only=True):
    """What a level is worth, as of `Worth`."""

    absolute: Number
    normalised: Number | None
    capability: Number
    regret: Number
    able: bool


class FoundLevel(LevelWorth, frozen=True, kw_only=True):
    """A level in which it comes apart.

    **Arguments:**

    - `variant`, `witness`: where, and what a drawing needs.
    - `edits`: away from a sampled level; of one that was shrunk `removed` things and `evaluated` levels instead.
    """

    variant: str
    witness: Witness
    edits: int | None = None
    removed: int | None = None
    evaluated: int | None = None


class Replay(LevelWorth, frozen=True, kw_only=True):
    """The shrunk level, evaluated once more: whether it `agrees`, and was read `from_text`; what it is worth."""

    agrees: bool
    from_text: bool


class WitnessDetails(Details, frozen=True, kw_only=True):
    """A search for levels in numbers.

    **Arguments:**

    - `base`, `own`: the objectives; `floor`, `measure`: as of `Stakes`.
    - `variants`, `budget`: of the search.
    - `evaluated`, `able`, `restarts`, `progress`: as of `Hunted`; `sampled`: levels that were drawn.
    - `found`, `shrunk`, `replay`: the worst level; `None` where there is none.
    """

    base: str
    own: str
    floor: Number
    measure: str
    variants: tuple[str, ...]
    budget: Budget
    evaluated: int
    sampled: int
    able: int
    restarts: int
    progress: tuple[tuple[int, Number], ...]
    found: FoundLevel | None = None
    shrunk: FoundLevel | None = None
    replay: Replay | None = None
