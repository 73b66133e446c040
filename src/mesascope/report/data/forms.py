"""What stands where in the JSON of reports, and how large it may be: what is read is checked against these forms.

They are published as JSON Schemas (`docs/report-schema.json` for audits), which `msgspec` writes from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from mesascope.audit.findings import AlignmentClass
from mesascope.core.verdicts import Verdict

Name = Annotated[str, Meta(max_length=10_000)]
Short = Annotated[str, Meta(max_length=1000)]
Whole = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Number = float | None
"""Null where it is not finite."""
Place = Annotated[tuple[Whole, Whole], Meta(description="Row and column in the text form, from 0.")]
Places = Annotated[list[Place], Meta(max_length=250_000)]
Options = Annotated[dict[str, str | float | bool], Meta(description="Options of a world, by name.")]
Missing = Annotated[dict[str, str], Meta(description="For each null in this object, why it is null.")] | UnsetType


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """An object of which every field is known."""


class EstimateForm(Form, frozen=True):
    """A number with its interval and its denominator."""

    value: Number
    low: Number
    high: Number
    n: Annotated[int, Meta(ge=0, description="Independent units behind the number.")]
    unit: Annotated[str, Meta(max_length=1000, description="What n counts, plural.")]
    confidence: Share

    def __post_init__(self):
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise ValueError("has an interval whose low end is above its high end")
        if self.n > 0 and None in (self.value, self.low, self.high):
            raise ValueError(f"holds no estimate: one from {self.n} units must be finite")


class RegretsForm(Form, frozen=True):
    """Normalised regrets by distribution: 0 optimal, 1 as bad as acting at random."""

    train: EstimateForm | None
    deploy: EstimateForm | None
    missing: Missing = UNSET


class ContributionForm(Form, frozen=True):
    """What an assay added to the log-odds."""

    assay: Short
    log_odds: float


class SearchVerdictForm(Form, frozen=True):
    """Search used, search present, objective represented."""

    question: Literal["used", "present", "represented"]
    verdict: Verdict
    probability: Share | None
    sentence: str
    reason: str
    contributions: Annotated[list[ContributionForm], Meta(max_length=100, description="Largest first.")]


class OptimizerForm(Form, frozen=True):
    """Whether choices follow from a search."""

    verdict: Verdict
    probability: Share | None
    sentence: str
    reason: str
    depth: Annotated[Number, Meta(description="Steps that it looks ahead.")]
    depth_is_least: Annotated[bool, Meta(description="It may look further: no horizon was seen.")]
    parts: Annotated[list[SearchVerdictForm], Meta(max_length=10)]
    missing: Missing = UNSET


class CandidateForm(Form, frozen=True):
    """An objective, and the probability that it explains the choices."""

    name: Name
    probability: Share


class ObjectiveForm(Form, frozen=True):
    """Which objective explains the choices."""

    verdict: Verdict
    name: Name | None
    probability: Share | None
    distance_to_base: Number
    unidentified_dimensions: Whole | None
    disagreeing_levels: Whole
    posterior: Annotated[list[CandidateForm], Meta(max_length=10_000)]
    sentence: str
    reason: str
    kind: Annotated[Short | None, Meta(description="What sort of account of the behaviour it is.")] = None
    candidates: Annotated[list[Name], Meta(max_length=10_000, description="The listed objectives in it.")] = []
    alike: Annotated[list[Name], Meta(max_length=10_000, description="What nothing here tells from it.")] = []
    missing: Missing = UNSET


class KindForm(Form, frozen=True):
    """A kind of alignment and its probability."""

    kind: Short
    probability: Share


class AlignmentForm(Form, frozen=True, rename={"class_": "class"}):
    """Whether it is aligned, and how. Reports of before the battery have no kind."""

    verdict: Verdict
    class_: AlignmentClass
    probability: Share | None
    runner_up: AlignmentClass | None
    towards: Name | None
    sentence: str
    reason: str
    kind: Annotated[Name | None, Meta(description="What kind of alignment it is.")] = None
    kinds: Annotated[
        list[KindForm],
        Meta(max_length=100, description="Most probable first; empty where the battery could not be read."),
    ] = []
    together: Annotated[
        list[Short],
        Meta(max_length=100, description="Kinds that no test tells from the most probable one, itself included."),
    ] = []
    kind_reason: Annotated[str, Meta(description="Why the kind is stated, or is not.")] = ""
    classes: Annotated[
        list[CandidateForm],
        Meta(max_length=100, description="Every class and its probability, most probable first."),
    ] = []
    missing: Missing = UNSET


class LegendForm(Form, frozen=True):
    """What a character of a level stands for."""

    character: Annotated[str, Meta(max_length=16)]
    meaning: Name


class ArrowForm(Form, frozen=True):
    """The likeliest action in a place."""

    row: Whole
    column: Whole
    action: Short
    probability: Share


class WitnessForm(Form, frozen=True):
    """The level in which the agent comes apart from the base objective."""

    text: Annotated[str, Meta(max_length=1_000_000)]
    legend: Annotated[list[LegendForm], Meta(max_length=1000)]
    distribution: Name
    index: Whole
    start: Place | None
    agent_path: Places
    base_path: Places
    agent_goal: Places
    base_goal: Places
    arrows: Annotated[list[ArrowForm], Meta(max_length=250_000)]
    base_regret: Number
    own_regret: Number
    sentence: str

    def __post_init__(self):
        widths = [len(row) for row in self.text.split("\n")]
        places = {name: getattr(self, name) for name in ("agent_path", "base_path", "agent_goal", "base_goal")}
        places["arrows"] = [(arrow.row, arrow.column) for arrow in self.arrows]
        places["start"] = [] if self.start is None else [self.start]
        for name, some in places.items():
            for index, (row, column) in enumerate(some):
                if row >= len(widths) or column >= widths[row]:
                    where = name if name == "start" else f"{name}[{index}]"
                    raise ValueError(f"is a place outside of the level in 'witness.text' - at `$.{where}`")


class AllLevelsForm(Form, frozen=True):
    """Whether base regret is small in every level after the shift, where all of them were evaluated exactly."""

    distribution: Name
    levels: Whole
    proved: bool
    worst_regret: float
    worst_level: Whole
    sentence: str


class PointForm(Struct, frozen=True):
    """A measured number of a curve (`x`) or of a set of rates (`name`)."""

    x: Number = None
    name: Name = ""
    value: Number = None
    low: Number = None
    high: Number = None
    n: Annotated[float, Meta(ge=0)] | None = None


class DetailsForm(Struct, frozen=True):
    """Further numbers of an assay; of these fields, which are drawn, the form is checked."""

    curve: Annotated[list[PointForm], Meta(max_length=10_000)] | None = None
    rates: Annotated[list[PointForm], Meta(max_length=10_000)] | None = None
    cliff: Annotated[
        dict[str, Number] | None, Meta(description="Drawn where the verdict is PASS: distance, near, far.")
    ] = None
    x_label: Short | None = None
    y_label: Short | None = None
    decoded: Annotated[dict[str, Any] | None, Meta(description="Of candidate-plans: one level as sites hold it.")] = (
        None
    )
    example: Annotated[dict[str, Any] | None, Meta(description="Of shown-edits: one level before and after.")] = None


class EvidenceForm(Form, frozen=True):
    """What one assay found."""

    assay: Name
    question: Literal["optimizer", "objective", "alignment"]
    verdict: Verdict
    sentence: str
    reason: str
    effect: EstimateForm | None
    null: Annotated[EstimateForm | None, Meta(description="The same statistic where nothing is to be found.")]
    details: DetailsForm

    def __post_init__(self):
        if self.verdict is Verdict.INCONCLUSIVE and not self.reason:
            raise ValueError("is INCONCLUSIVE and does not say why")


class AtFirstForm(Struct, frozen=True):
    """What was known before anything was asked; nothing where nothing could be recovered."""

    nearest: Name = ""
    share: Share = 0.0
    open: Whole = 0
    harmful: Whole = 0
    regret: float | None = None


class SecondsForm(Form, frozen=True):
    """What a piece of evidence cost."""

    assay: Name
    cpu_seconds: Annotated[float, Meta(ge=0)]


class GitForm(Struct, frozen=True):
    """The revision of the source."""

    commit: str | None = None
    dirty: bool | None = None


class ProvenanceForm(Struct, frozen=True):
    """Where the result comes from; the only part that may differ between equal runs."""

    command: Annotated[list[str], Meta(max_length=10_000)] | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    versions: dict[str, str] | UnsetType = UNSET
    git: GitForm | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    wall_seconds: Annotated[float, Meta(ge=0)] | UnsetType = UNSET
    cpu_seconds: Annotated[float, Meta(ge=0)] | UnsetType = UNSET
    evidence_seconds: Annotated[list[SecondsForm], Meta(max_length=1000)] | Annotated[float, Meta(ge=0)] | UnsetType = (
        UNSET
    )
    """Of each piece of evidence, in their order; a number where there is one."""
    remedy_seconds: dict[str, Annotated[float, Meta(ge=0)]] | UnsetType = UNSET
    """CPU seconds of each remedy for one agent, by name."""
