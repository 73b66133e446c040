"""A recovered objective and what stays open: what `mesascope objective` saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import EvidenceForm, Form, Name, ProvenanceForm, Share, Whole
from mesascope.report.data.saved_report import SavedReport


class AtFirstForm(Struct, frozen=True):
    """What was known before anything was asked; nothing where nothing could be recovered."""

    nearest: Name = ""
    share: Share = 0.0
    open: Whole = 0
    harmful: Whole = 0
    regret: float | None = None


class ObjectiveReportForm(Form, frozen=True):
    """What `mesascope objective --json` prints."""

    schema_version: Literal[1]
    agent: Name
    agent_kind: Name
    world: Name
    base_objective: Name
    seed: Whole
    at_first: AtFirstForm
    recovery: EvidenceForm
    outlook: Annotated[str, Meta(max_length=10_000)]
    provenance: ProvenanceForm


@dataclass(frozen=True)
class ObjectiveReport(SavedReport):
    """The result of questioning an agent.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `base_objective`, `seed`: what was asked about.
    - `at_first`: what was known before anything was asked.
    - `recovery`: evidence of the assay of that name.
    - `outlook`: what further environments could settle.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    base_objective: str
    seed: int
    at_first: Mapping[str, Any]
    recovery: Evidence
    outlook: str
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "objective"
    mark: ClassVar[str] = "recovery"
    verb: ClassVar[str] = "objective"
    form: ClassVar[type[msgspec.Struct]] = ObjectiveReportForm
    shown_by: ClassVar[str] = "mesascope.report.pages.objective_page:objective_page"
    told_by: ClassVar[str] = "mesascope.report.text.objective_text:objective_text"
    evidence_field: ClassVar[str] = "recovery"
