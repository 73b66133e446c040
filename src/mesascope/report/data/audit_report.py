"""The report of an audit: findings and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from mesascope.audit.findings import Findings
from mesascope.report.data.forms import (
    AlignmentForm,
    AllLevelsForm,
    EstimateForm,
    EvidenceForm,
    Form,
    Name,
    Number,
    ObjectiveForm,
    OptimizerForm,
    Options,
    ProvenanceForm,
    RegretsForm,
    Whole,
    WitnessForm,
)
from mesascope.report.data.records import folded, with_missing
from mesascope.report.data.saved_report import SavedReport

if TYPE_CHECKING:
    import polars

DISTRIBUTIONS: tuple[str, str] = ("train", "deploy")
_HEAD = ("agent", "world", "base_objective", "seed")
"""What stands at the top of the JSON although it is of the subject."""
_ANSWERS = ("optimizer", "objective", "alignment")
_NOT_COMPUTED = "it could not be computed; see the evidence"


class SubjectForm(Form, frozen=True):
    """What was audited, and where."""

    agent_kind: Name
    evaluation: Literal["exact", "roll-outs"]
    world_options: Options
    train: Annotated[str, Meta(max_length=10_000, description="Distribution of the training levels.")]
    deploy_world: Name | None
    deploy_options: Options | None
    deploy: Name | None
    notes: Annotated[list[str], Meta(max_length=1000)]


class AnswersForm(Form, frozen=True):
    """The answers to the three questions."""

    optimizer: OptimizerForm
    objective: ObjectiveForm
    alignment: AlignmentForm


class NotTestedForm(Form, frozen=True):
    """What the audit could not look at."""

    what: str
    why: str


class ReportForm(Form, frozen=True):
    """What `mesascope audit --json` prints: all but `provenance` is equal, for equal command and seed."""

    schema_version: Literal[1]
    agent: Annotated[str, Meta(max_length=10_000, description="Name of the audited agent.")]
    world: Annotated[str, Meta(max_length=10_000, description="Name of the world it was trained in.")]
    base_objective: Annotated[str, Meta(max_length=10_000, description="What it was trained on.")]
    seed: Whole
    subject: SubjectForm
    answers: AnswersForm
    training_performance: Annotated[
        EstimateForm | None, Meta(description="Return on the base objective in training as a share of the optimum.")
    ]
    regret: Annotated[RegretsForm, Meta(description="On the base objective.")]
    own_regret: Annotated[RegretsForm, Meta(description="On the objective that answer two names.")]
    rulers: Annotated[
        dict[str, dict[str, Number]],
        Meta(description="Mean normalised regret of reference policies, by distribution and name."),
    ]
    witness: WitnessForm | None
    evidence: Annotated[list[EvidenceForm], Meta(max_length=1000)]
    not_tested: Annotated[list[NotTestedForm], Meta(max_length=1000)]
    provenance: ProvenanceForm
    all_levels: Annotated[
        AllLevelsForm | None, Meta(description="Null where there are more levels than were audited.")
    ] = None


@dataclass(frozen=True)
class Report(SavedReport):
    """What an audit found and where it comes from.

    **Arguments:**

    - `findings`: the answers, their evidence and the level where the agent comes apart.
    - `provenance`: command, versions, seed, git revision, time; the only part that may differ between equal runs.
    """

    findings: Findings
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "report"
    mark: ClassVar[str] = "subject"
    verb: ClassVar[str] = "audit"
    shown_by: ClassVar[str] = "mesascope.report.pages.audit_page:audit_page"
    told_by: ClassVar[str] = "mesascope.report.text.terminal:screen"

    @property
    def evidence(self) -> tuple:
        """Of all assays."""
        return self.findings.evidence

    def evidence_table(self) -> polars.DataFrame:
        """Returns the evidence, one row per assay.

        **Returns:** columns `assay`, `question`, `verdict`, `effect`, `effect_low`, `effect_high`, `effect_n`,
        `effect_unit`, the same five for `null`, `sentence`, `reason` and `cost_seconds`; missing numbers are null.
        """
        import polars

        text, number, whole = polars.String, polars.Float64, polars.Int64
        schema: dict = {"assay": text, "question": text, "verdict": text}
        for name in ("effect", "null"):
            schema |= {name: number, f"{name}_low": number, f"{name}_high": number, f"{name}_n": whole}
            schema |= {f"{name}_unit": text}
        schema |= {"sentence": text, "reason": text, "cost_seconds": number}
        rows = []
        for piece in self.findings.evidence:
            row: list = [piece.assay, piece.question, str(piece.verdict)]
            for estimate in (piece.effect, piece.null):
                if estimate is None:
                    row += [None] * 5
                else:
                    row += [estimate.value, estimate.low, estimate.high, estimate.n, estimate.unit]
            rows.append((*row, piece.sentence, piece.reason, piece.cost_seconds))
        return polars.DataFrame(rows, schema=schema, orient="row")

    @classmethod
    def form(cls) -> type[msgspec.Struct]:
        return ReportForm

    def _folded(self) -> dict[str, Any]:
        findings = folded(self.findings)
        subject, references = findings["subject"], findings["reference_regrets"]
        no_shift = "no shift was named" if subject["deploy"] is None else _NOT_COMPUTED
        whys = {"train": _NOT_COMPUTED, "deploy": no_shift}
        return {
            **{name: subject.pop(name) for name in _HEAD},
            "subject": {name: subject[name] for name in SubjectForm.__struct_fields__},
            "answers": {name: findings[name] for name in _ANSWERS},
            "training_performance": findings["training_performance"],
            **{name: with_missing(_regrets(getattr(self.findings, name)), whys) for name in ("regret", "own_regret")},
            "rulers": {name: references[name] for name in DISTRIBUTIONS if name in references},
            "witness": findings["witness"],
            "evidence": findings["evidence"],
            "not_tested": [{"what": what, "why": why} for what, why in findings["not_tested"]],
            "provenance": self._provenance(),
            "all_levels": findings["all_levels"],
        }

    @classmethod
    def _unfolded(cls, data: Mapping[str, Any]) -> Report:
        tree = cls._tree({**data, "rulers": {}})
        regrets = {
            name: {where: tree[name][where] for where in DISTRIBUTIONS if tree[name][where] is not None}
            for name in ("regret", "own_regret")
        }
        rulers = {
            where: {name: float("nan") if value is None else value for name, value in ruled.items()}
            for where, ruled in data["rulers"].items()
        }
        findings = {
            **tree,
            **tree["answers"],
            **regrets,
            "subject": {**tree["subject"], **{name: tree[name] for name in _HEAD}},
            "reference_regrets": rulers,
            "not_tested": [[entry["what"], entry["why"]] for entry in tree["not_tested"]],
        }
        return cls(msgspec.convert(findings, Findings), tree["provenance"])


def _regrets(regrets: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(regrets.keys() - set(DISTRIBUTIONS))
    if unknown:
        raise ValueError(f"regrets are given for {unknown}; a report has places for {DISTRIBUTIONS}")
    return {name: folded(regrets.get(name)) for name in DISTRIBUTIONS}
