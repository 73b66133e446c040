"""When deception pays, exactly and as learned: what `mesascope onset` saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from mesascope.core.verdicts import Verdict
from mesascope.report.data.forms import Form, Number, Share, Whole
from mesascope.report.data.saved_report import SavedReport

Episodes = Annotated[int, Meta(ge=1, le=10**9)]
Plan = Annotated[list[bool], Meta(max_length=1_000_000)]
Points = Meta(min_length=1, max_length=100_000)


class AskedForm(Form, frozen=True):
    """The lifetime that was asked about, and the accuracy of its cue."""

    training: Episodes
    deployment: Episodes
    threat: Share
    discount: Share
    accuracy: Share


class PlanForm(Form, frozen=True):
    """The best plan: where it defects, and from which threat on it complies."""

    defects: Plan
    worth: float
    defecting_at_once: float
    complies_at_the_end: Whole
    deceptive: bool
    onset: Number
    onset_last: Number


class CueForm(Form, frozen=True):
    """The best policy that sees the cue alone."""

    accuracy: Share
    when_training: Share
    when_deployment: Share
    value: float
    in_training: Share
    in_deployment: Share


class ConditionsForm(Form, frozen=True):
    """The best plan where some of the three conditions hold."""

    spans_updates: bool
    models_selection: bool
    expects_end: bool
    defects: Plan
    deceptive: bool
    tied: bool


class ThreatForm(Form, frozen=True):
    """What is best under one threat."""

    threat: Share
    complies_at_the_end: Whole
    worth: float
    training_rate: Share


class HorizonForm(Form, frozen=True):
    """The least threat under which a horizon is complied with; null if none is enough."""

    discount: Share
    training: Episodes
    deployment: Episodes
    onset: Number


class DiscountForm(Form, frozen=True):
    """What is best under one discount."""

    discount: Share
    complies_at_the_end: Whole
    onset: Number
    onset_last: Number


class AccuracyForm(Form, frozen=True):
    """What the best policy is worth under one accuracy of the cue."""

    accuracy: Share
    value: float
    in_training: Number


class BlindForm(Form, frozen=True):
    """The best gamble without a cue, and what the paper prints for its own lifetime."""

    defection: Share
    value: float
    paper_defection: Number
    paper_value: Number


class UpdatedGoalForm(Form, frozen=True):
    """How openly a goal is pursued that each training episode moves a little."""

    rate: float
    openness: Annotated[list[float], Points]
    kept: float


class ExactForm(Form, frozen=True):
    """What planning gives along every dial."""

    plan: PlanForm
    cue: CueForm
    factorial: Annotated[list[ConditionsForm], Meta(max_length=8)]
    by_threat: Annotated[list[ThreatForm], Points]
    by_horizon: Annotated[list[HorizonForm], Points]
    by_discount: Annotated[list[DiscountForm], Points]
    by_accuracy: Annotated[list[AccuracyForm], Points]
    blind: BlindForm
    updated_goal: Annotated[list[UpdatedGoalForm], Meta(max_length=100)]


class PhaseForm(Form, frozen=True):
    """How often policies defect in one phase; null where too few episodes were unmodified (`least` of any policy)."""

    value: Number
    low: Number
    high: Number
    least: Whole

    def __post_init__(self):
        numbers = [number for number in (self.value, self.low, self.high) if number is not None]
        if len(numbers) not in (0, 3):
            raise ValueError("holds a number without its interval, or an interval without its number")
        if numbers and not numbers[1] <= numbers[2]:
            raise ValueError("has an interval whose low end is above its high end")


class CellForm(Form, frozen=True):
    """What policies of one kind learned under one threat."""

    threat: Share
    spans_updates: bool
    seeds: Episodes
    training: PhaseForm
    deployment: PhaseForm
    verdict: Verdict


@dataclass(frozen=True)
class OnsetReport(SavedReport):
    """When deception pays, exactly and as learned.

    **Arguments:**

    - `lifetime`: that was asked about.
    - `exact`: from `theory.onset_curves`.
    - `learned`: one entry for each threat and condition; empty if nothing was trained.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    lifetime: AskedForm
    exact: ExactForm
    learned: Annotated[tuple[CellForm, ...], Meta(max_length=1000)]
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "onset"
    mark: ClassVar[str] = "lifetime"
    verb: ClassVar[str] = "onset"
    shown_by: ClassVar[str] = "mesascope.report.pages.kind_pages:onset_page"
    told_by: ClassVar[str] = "mesascope.report.text.onset_text:onset_text"

    @classmethod
    def of(
        cls, lifetime: Mapping[str, Any], exact: Any, learned: Sequence[Any], provenance: Mapping[str, Any]
    ) -> OnsetReport:
        """Returns the report of numbers that were just computed.

        **Arguments:** those of the class, as tables of the names and forms of its JSON.
        """
        tree = {"lifetime": lifetime, "exact": exact, "learned": learned, "provenance": provenance}
        return msgspec.convert(tree, cls, from_attributes=True)
