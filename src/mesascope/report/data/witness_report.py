"""The worst level that was found for an agent: what `mesascope witness` saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec

from mesascope.audit.findings import Witness
from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import EvidenceForm, Form, Name, Options, ProvenanceForm, Whole, WitnessForm
from mesascope.report.data.saved_report import SavedReport


class WitnessReportForm(Form, frozen=True):
    """What `mesascope witness --json` prints."""

    schema_version: Literal[2]
    agent: Name
    agent_kind: Name
    world: Name
    world_options: Options
    seed: Whole
    own_named_by: Name
    evidence: EvidenceForm
    found: WitnessForm | None
    shrunk: WitnessForm | None
    replayed: bool | None
    provenance: ProvenanceForm


@dataclass(frozen=True)
class WitnessReport(SavedReport):
    """The worst level that was found for an agent, and how.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `world_options`, `seed`: what was asked about.
    - `own_named_by`: `"given"`, or `"attribution"` with the probability that it gave.
    - `evidence`: the verdict and its numbers.
    - `found`, `shrunk`: the level as it was found, and as it was shrunk; `None` if there is none.
    - `replayed`: whether it is the same when it is evaluated anew from its text.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    world_options: Mapping[str, Any]
    seed: int
    own_named_by: str
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
    form: ClassVar[type[msgspec.Struct]] = WitnessReportForm
    shown_by: ClassVar[str] = "mesascope.report.pages.witness_page:witness_page"
    told_by: ClassVar[str] = "mesascope.report.text.witness_text:witness_text"
    drawn_by: ClassVar[str | None] = "mesascope.report.figures.witness_figure:witness_svg"
