"""The answer to the first question alone: what `mesascope search` saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from mesascope.audit.findings import OptimizerAnswer
from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import EvidenceForm, Form, Name, OptimizerForm, Options, ProvenanceForm, Whole
from mesascope.report.data.saved_report import SavedReport


class SearchForm(Form, frozen=True):
    """What `mesascope search --json` prints."""

    schema_version: Literal[1]
    agent: Name
    agent_kind: Name
    world: Name
    world_options: Options
    objective: Name
    objective_from: Literal["attribution", "choice"]
    levels: Whole
    seed: Whole
    answer: OptimizerForm
    evidence: Annotated[list[EvidenceForm], Meta(max_length=1000)]
    provenance: ProvenanceForm


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

    agent: str
    agent_kind: str
    world: str
    world_options: Mapping[str, Any]
    objective: str
    objective_from: Literal["attribution", "choice"]
    levels: int
    seed: int
    answer: OptimizerAnswer
    evidence: tuple[Evidence, ...]
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "search"
    mark: ClassVar[str] = "answer"
    verb: ClassVar[str] = "search"
    form: ClassVar[type[msgspec.Struct]] = SearchForm
    shown_by: ClassVar[str] = "mesascope.report.pages.search_page:search_page"
    told_by: ClassVar[str] = "mesascope.report.text.search_text:search_text"
