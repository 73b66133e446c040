"""The report of a learner's audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mesascope.audit.learning.audit_learner import LearnerAnswer, LearnerFindings
from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import Name, Whole
from mesascope.report.data.saved_report import SavedReport


@dataclass(frozen=True)
class LearnerReport(SavedReport):
    """What an audit of a learner found and where it comes from.

    **Arguments:** as of `LearnerFindings`, and

    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: Name
    agent_kind: Name
    stream: Name
    stream_options: Mapping[str, Any]
    base_objective: Name
    episodes: Whole
    seed: Whole
    learns: LearnerAnswer
    algorithm: LearnerAnswer
    pursues: LearnerAnswer
    aligned: LearnerAnswer
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=1000)]
    notes: Annotated[tuple[str, ...], Meta(max_length=1000)]
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "learner"
    mark: ClassVar[str] = "learns"
    verb: ClassVar[str] = "audit"
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:learner_page"
    told_by: ClassVar[str] = "mesascope.report.text.kind_texts:learner_text"

    @classmethod
    def of(cls, findings: LearnerFindings, provenance: Mapping[str, Any]) -> LearnerReport:
        """Returns the report of findings."""
        return cls(**vars(findings), provenance=provenance)
