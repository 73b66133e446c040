"""What the evidence of a search for witnesses holds."""

from __future__ import annotations

from mesascope.audit.alignment.hunted import Budget
from mesascope.audit.findings import Witness
from mesascope.core.details import Details, Number


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
    - `evaluated`, `sampled`, `able`, `restarts`, `progress`: as of `Hunted`.
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
