"""Two audits side by side: what `mesascope compare` saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mesascope.core.rounding import above, below
from mesascope.core.verdicts import Estimate
from mesascope.report.data.forms import Name
from mesascope.report.data.saved_report import SavedReport

Rows = Annotated[tuple[tuple[Name, Name, Name], ...], Meta(max_length=10_000)]


@dataclass(frozen=True)
class Change:
    """One number in both.

    **Arguments:**

    - `name`: what it is.
    - `first`, `second`: in each report; `None` where it is missing.
    - `difference`: second less first; `None` where one is missing.
    - `paired`: whether it is over the same levels, one by one, rather than between two samples of levels.
    - `changed`: whether the interval of the difference excludes 0.
    """

    name: Name
    first: Estimate | None
    second: Estimate | None
    difference: Annotated[Estimate | None, Meta(description="Second less first.")]
    paired: Annotated[bool, Meta(description="Over the same levels, one by one.")]
    changed: Annotated[bool, Meta(description="Whether the interval of the difference excludes 0.")]

    @classmethod
    def of(
        cls, name: str, first: Estimate | None, second: Estimate | None, difference: Estimate | None, *, paired: bool
    ) -> Change:
        """Returns a change that knows whether it is one."""
        changed = difference is not None and (above(difference.low, 0.0) or below(difference.high, 0.0))
        return cls(name, first, second, difference, paired, changed)


@dataclass(frozen=True)
class ComparisonReport(SavedReport):
    """Two audits side by side.

    **Arguments:**

    - `agents`: what the two are called: agents, or reports, as they were named.
    - `world`: where the first was trained.
    - `setting`: what differs in where and how they were audited, as `(what, first, second)`; empty if nothing does.
    - `answers`: what each report says to each question, as `(question, first, second)`.
    - `verdicts`: assays whose verdict differs, as `(assay, first, second)`.
    - `changes`: numbers.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agents: tuple[Name, Name]
    world: Name
    setting: Annotated[Rows, Meta(description="What differs in where and how they were audited; empty if nothing.")]
    answers: Rows
    verdicts: Annotated[Rows, Meta(description="Assays whose verdict differs.")]
    changes: Annotated[tuple[Change, ...], Meta(max_length=10_000)]
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "comparison"
    mark: ClassVar[str] = "agents"
    verb: ClassVar[str] = "compare"
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:comparison_page"
    told_by: ClassVar[str] = "mesascope.report.text.kind_texts:comparison_text"
