"""One question about one agent: what `mesascope search`, `objective`, `battery` and `witness` save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from mesascope.audit.findings import OptimizerAnswer, Witness
from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import Name, Share, Whole
from mesascope.report.data.saved_report import SavedReport, function_of


@dataclass(frozen=True)
class SearchReport(SavedReport):
    """The answer to the first question alone, and what it rests on.

    **Arguments:**

    - `agent`, `agent_kind`: who was asked.
    - `world`, `world_options`: where.
    - `objective`: by which choices were judged.
    - `objective_from`: `"attribution"` if that is what explains them best, `"choice"` if it was named.
    - `levels`: of each distribution, at most.
    - `seed`: of levels and everything drawn.
    - `answer`: the verdicts.
    - `evidence`: of the battery.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: Name
    agent_kind: Name
    world: Name
    world_options: Mapping[str, Any]
    objective: Name
    objective_from: Literal["attribution", "choice"]
    levels: Whole
    seed: Whole
    answer: OptimizerAnswer
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=1000)]
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "search"
    mark: ClassVar[str] = "answer"
    verb: ClassVar[str] = "search"
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:search_page"
    told_by: ClassVar[str] = "mesascope.report.text.kind_texts:search_text"


@dataclass(frozen=True)
class ObjectiveReport(SavedReport):
    """A recovered objective and what stays open.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `base_objective`, `seed`: what was asked about.
    - `at_first`: what was known before anything was asked.
    - `recovery`: evidence of the assay of that name.
    - `outlook`: what further environments could settle.
    - `provenance`: as of `SearchReport`.
    """

    agent: Name
    agent_kind: Name
    world: Name
    base_objective: Name
    seed: Whole
    at_first: Mapping[str, Any]
    recovery: Evidence
    outlook: Name
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "objective"
    mark: ClassVar[str] = "recovery"
    verb: ClassVar[str] = "objective"
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:objective_page"
    told_by: ClassVar[str] = "mesascope.report.text.kind_texts:objective_text"
    evidence_field: ClassVar[str] = "recovery"


@dataclass(frozen=True)
class BatteryReport(SavedReport):
    """The alignment battery on one agent, and what it was put to.

    **Arguments:**

    - `agent`, `agent_kind`: who was tested.
    - `world`, `world_options`: where.
    - `base_objective`: what it was trained on.
    - `levels`: in each condition; a test has three.
    - `tolerance`: what a score may lack and still be as good as can be.
    - `seed`: of levels and roll-outs.
    - `evidence`: of the battery; its details hold the table.
    - `provenance`: as of `SearchReport`.
    """

    agent: Name
    agent_kind: Name
    world: Name
    world_options: Mapping[str, Any]
    base_objective: Name
    levels: Whole
    tolerance: Share
    seed: Whole
    evidence: Evidence
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "battery"
    mark: ClassVar[str] = "tolerance"
    verb: ClassVar[str] = "battery"
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:battery_page"
    told_by: ClassVar[str] = "mesascope.report.text.kind_texts:battery_text"


@dataclass(frozen=True)
class WitnessReport(SavedReport):
    """The worst level that was found for an agent, and how.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `world_options`, `seed`: what was asked about.
    - `own_named_by`: `"given"`, or `"attribution"` with the probability that it gave.
    - `evidence`: the verdict and its numbers.
    - `found`, `shrunk`: the level as it was found, and as it was shrunk; `None` if there is none.
    - `replayed`: whether it is the same when it is evaluated anew from its text.
    - `provenance`: as of `SearchReport`.
    """

    agent: Name
    agent_kind: Name
    world: Name
    world_options: Mapping[str, Any]
    seed: Whole
    own_named_by: Name
    evidence: Evidence
    found: Witness | None
    shrunk: Witness | None
    replayed: bool | None
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "witness"
    mark: ClassVar[str] = "shrunk"
    verb: ClassVar[str] = "witness"
    # Since version 2 its levels are written as those of an audit's report.
    schema_version: ClassVar[int] = 2
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:witness_page"
    told_by: ClassVar[str] = "mesascope.report.text.kind_texts:witness_text"
    drawn_by: ClassVar[str | None] = "mesascope.report.figures.level_figure:witness_svg"

    def text(self, *, width: int = 100, encoding: str = "utf-8") -> str:
        return function_of(self.told_by)(self, width=width, encoding=encoding)
