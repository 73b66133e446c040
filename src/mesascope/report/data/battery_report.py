"""The alignment battery on one agent: what `mesascope battery` saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec

from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import EvidenceForm, Form, Name, Options, ProvenanceForm, Share, Whole
from mesascope.report.data.saved_report import SavedReport


class BatteryForm(Form, frozen=True):
    """What `mesascope battery --json` prints."""

    schema_version: Literal[1]
    agent: Name
    agent_kind: Name
    world: Name
    world_options: Options
    base_objective: Name
    levels: Whole
    tolerance: Share
    seed: Whole
    evidence: EvidenceForm
    provenance: ProvenanceForm


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
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    world_options: Mapping[str, Any]
    base_objective: str
    levels: int
    tolerance: float
    seed: int
    evidence: Evidence
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "battery"
    mark: ClassVar[str] = "tolerance"
    verb: ClassVar[str] = "battery"
    form: ClassVar[type[msgspec.Struct]] = BatteryForm
    shown_by: ClassVar[str] = "mesascope.report.pages.battery_page:battery_page"
    told_by: ClassVar[str] = "mesascope.report.text.battery_text:battery_text"
