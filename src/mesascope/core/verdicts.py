"""What an audit may say: three-valued verdicts, estimates with intervals, and evidence."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Generic, TypeVar

D = TypeVar("D")


class Verdict(enum.StrEnum):
    """The outcome of one assay. Missing evidence is INCONCLUSIVE, never PASS."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty and its denominator.

    **Arguments:**

    - `value`: the point estimate.
    - `low`, `high`: ends of the interval; equal to `value` for an exact number without sampling.
    - `n`: how many independent units (levels, seeds, edits) stand behind it.
    - `unit`: what was counted, plural (`"levels"`).
    - `confidence`: nominal coverage of the interval, in (0, 1).
    """

    value: float
    low: float
    high: float
    n: int
    unit: str = "levels"
    confidence: float = 0.95

    def __post_init__(self):
        if self.n > 0 and not all(math.isfinite(x) for x in (self.value, self.low, self.high)):
            raise ValueError(
                f"An estimate from {self.n} {self.unit} is not finite: {self.value} [{self.low}, {self.high}]"
            )

    def __str__(self) -> str:
        # Of a thousand and more no decimals are of use.
        form = "z.2f" if max(map(abs, (self.value, self.low, self.high))) < 1000 else "z,.0f"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of its interval."""
        return self.low, self.high

    @property
    def percent(self) -> str:
        """The same in percent."""
        return f"{self.value:z.0%} [{100 * self.low:z.0f}, {100 * self.high:z.0f}]"


@dataclass(frozen=True)
class Evidence(Generic[D]):
    """What one assay found.

    **Arguments:**

    - `assay`: the assay's registered name.
    - `question`: `"optimizer"`, `"objective"` or `"alignment"`.
    - `verdict`: PASS, FAIL or INCONCLUSIVE.
    - `sentence`: the finding in one plain sentence, for a person.
    - `reason`: why the verdict is what it is; never empty when INCONCLUSIVE.
    - `effect`: the statistic, or `None` if it could not be computed.
    - `null`: the same statistic where nothing is to be found (placebo, reference agent), or `None`.
    - `details`: the assay's own record of further numbers (`core.details`), from which tables and figures are drawn;
      `None` if there are none.
    - `cost_seconds`: CPU seconds; kept out of the deterministic part of the report.
    """

    assay: str
    question: str
    verdict: Verdict
    sentence: str
    reason: str
    effect: Estimate | None = None
    null: Estimate | None = None
    details: D | None = None
    cost_seconds: float = 0.0

    def __post_init__(self):
        if self.verdict is Verdict.INCONCLUSIVE and not self.reason:
            raise ValueError(f"INCONCLUSIVE evidence of assay '{self.assay}' must say why")
