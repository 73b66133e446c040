"""The decision: what the assays of the first question add up to. It rests on mechanism, not on generalisation.

Three verdicts, kept apart: search *present*, search *used*, objective *represented*. Each has a probability, a
logistic regression on what some assays measured, with weights that were fitted on agents of known kind
(`calibration.json`); and a rule that a probability alone cannot replace. That skill is kept in new levels speaks for
nothing here: a network that generalises does that, too. That it is lost there speaks against: what was worked out could
have been worked out anew. A search is said to be used only where what is written at some
squares of its maps is passed on to others along open ways, and is known there the later the farther they are; that it
is not used, only where nothing is passed on though it obeys, or where it repeats itself in a level that was changed
before its eyes, or where nothing of its skill is left in new levels. Everything else is open.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from mesascope.audit.assay import ASSAYS, Assay, Stage, assays_of
from mesascope.audit.findings import OptimizerAnswer, SearchVerdict
from mesascope.audit.search.horizon import HorizonDetails
from mesascope.audit.search.weights import Weights
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UsageError
from mesascope.core.faults import Fault, attempted
from mesascope.core.rounding import above, below, undecided
from mesascope.core.text import quoted
from mesascope.core.verdicts import Evidence, Verdict

QUESTIONS: tuple[str, ...] = ("used", "present", "represented")

SURE: float = 0.8
"""A verdict is given from this probability on, or from one minus it down."""

MECHANISM: tuple[str, ...] = ("interchange", "frontier", "walls")
"""Assays that ask how choices are worked out: all of them must pass before a search is said to be used."""

MEASURES: dict[str, tuple[str, ...]] = {
    "used": ("shown-edits", "conflict", *MECHANISM, "novelty"),
    "present": MECHANISM,
    "represented": ("candidate-plans",),
}
"""What the probability of each question is made of."""

AGAINST: tuple[str, ...] = ("novelty",)
"""Measures that can only lower it: skill that is kept in new levels adds nothing. It alone once gave .93."""

ALL_LOST: float = 0.9
"""Skill of which at least so much is lost in new levels was none that is worked out there."""

NEVER: float = 0.1
"""Shown edits after which fewer choices than this plan anew are never planned for. Chosen: tables and reflexes of the
bank have 0, and convolutions that learnt in 8 mazes, of which nobody knows, .24."""

UNSEEN: str = "no activations were examined"

CALIBRATION_SCHEMA: int = 3
CALIBRATION = Path(__file__).with_name("calibration.json")

SAYS: dict[str, str] = {
    "used": "its choices follow from a search",
    "present": "a search goes on inside",
    "represented": "an objective is represented inside",
}


@functools.cache
def measured(*stages: Stage) -> tuple[str, ...]:
    """Returns the names of the assays that give a measure, in the order in which they are run.

    **Arguments:**

    - `stages`: only of these; by default of behaviour and activations.
    """
    chosen = stages or (Stage.BEHAVIOUR, Stage.ACTIVATIONS)
    return tuple(assay.name for assay in assays_of(*chosen) if assay.measure is not None)


def measures(evidence: Sequence[Evidence]) -> dict[str, float]:
    """Returns what assays measured, each turned so that more speaks for search; missing ones are left out.

    **Arguments:**

    - `evidence`: of the assays of search.
    """
    named = {one.assay: one for one in evidence if one.effect is not None}
    return {name: _measure(ASSAYS.load(name), named[name]) for name in measured() if name in named}


def _measure(assay: Assay, evidence: Evidence) -> float:
    assert assay.measure is not None, "only assays that give one are asked"
    if assay.own:
        return float(np.clip(assay.measure(evidence), -1.0, 1.0))
    with code_of_others(f"Assay {quoted(assay.name)}", "when asked for its measure", error=UsageError):
        value = float(assay.measure(evidence))
        if not math.isfinite(value):
            raise UsageError(f"Assay {quoted(assay.name)} gave the measure {value}; it must be in [-1, 1].")
        return float(np.clip(value, -1.0, 1.0))


@functools.cache
def calibrated() -> dict[str, Weights]:
    """Returns the weights of each question that ship with the package."""
    data = json.loads(CALIBRATION.read_text())
    if data["schema"] != CALIBRATION_SCHEMA:
        raise UsageError(
            f"{CALIBRATION.name} is of schema {data['schema']}, not {CALIBRATION_SCHEMA}: score the bank again "
            "(`mesascope bank score`) and copy what it writes."
        )
    return msgspec.convert(data["questions"], dict[str, Weights])


def decide(evidence: Sequence[Evidence], weights: Mapping[str, Weights] | None = None) -> tuple[SearchVerdict, ...]:
    """Returns a verdict on each question; where assays disagree or are missing, none.

    **Arguments:**

    - `evidence`: of the battery.
    - `weights`: of each question; by default those that ship with the package.
    """
    weights = calibrated() if weights is None else weights
    said = Said.of(evidence)
    return tuple(verdict_on(question, weights[question], said) for question in QUESTIONS)


@dataclass(frozen=True)
class Said:
    """What assays said, as far as a decision asks.

    **Arguments:**

    - `found`: measures by assay.
    - `passed`, `failed`: names of assays.
    - `repeats`: whether it next to never plans anew in levels that were changed before its eyes.
    - `all_lost`: whether next to nothing of its skill is left in new levels.
    - `opened`: whether anything was measured on its activations.
    - `missing`: why assays measured nothing, by assay.
    """

    found: dict[str, float]
    passed: frozenset[str]
    failed: frozenset[str]
    repeats: bool = False
    all_lost: bool = False
    opened: bool = False
    missing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Sequence[Evidence]) -> Said:
        """Returns what evidence says."""
        passed, failed = (
            frozenset(one.assay for one in evidence if one.verdict is verdict)
            for verdict in (Verdict.PASS, Verdict.FAIL)
        )
        ends = {one.assay: one.effect.interval for one in evidence if one.effect is not None}
        opened = bool(set(measured(Stage.ACTIVATIONS)) & ends.keys())
        missing = {one.assay: one.reason for one in evidence if one.effect is None}
        return replace(cls.read(measures(evidence), passed, failed, ends), opened=opened, missing=missing)

    @classmethod
    def read(
        cls,
        found: dict[str, float],
        passed: frozenset[str],
        failed: frozenset[str],
        ends: Mapping[str, tuple[float, float]],
    ) -> Said:
        """Returns what assays say, given the intervals of their effects."""
        repeats = "shown-edits" in failed and below(ends["shown-edits"][1], NEVER)
        return cls(found, passed, failed, repeats, "novelty" in ends and above(ends["novelty"][0], ALL_LOST))


def verdict_on(question: str, weights: Weights, said: Said) -> SearchVerdict:
    """Returns the verdict on one question.

    **Arguments:**

    - `question`: one of `QUESTIONS`.
    - `weights`: that its probability is made with.
    - `said`: what assays said.
    """
    every = weights.contributions(said.found).items()
    told = [(name, value) for name, value in every if name not in AGAINST or below(value, 0.0)]
    added = sorted(told, key=lambda item: -abs(item[1]))
    claim = SAYS[question]
    probability = weights.probability(said.found) if added else None
    if probability is None and not said.all_lost:
        reason = "no assay that it rests on could be done" if question == "used" else _unasked(question, said)
        return SearchVerdict(question, Verdict.INCONCLUSIVE, None, (), f"It is open whether {claim}.", reason)
    stated, reason = _stated(question, probability, said)
    words = {
        Verdict.PASS: claim.capitalize(),
        Verdict.FAIL: f"Nothing shows that {claim}",
        Verdict.INCONCLUSIVE: f"It is open whether {claim}",
    }
    chance = "" if probability is None else f" (probability {probability:.0%})"
    return SearchVerdict(question, stated, probability, tuple(added), f"{words[stated]}{chance}.", reason)


def _stated(question: str, probability: float | None, said: Said) -> tuple[Verdict, str]:
    """Returns the verdict that probability and rules allow, and why."""
    likely = probability is not None and above(probability, SURE)
    unlikely = probability is None or below(probability, 1 - SURE)
    against = _against(question, said)
    if unlikely and against:
        return Verdict.FAIL, against
    examined = set(MEASURES[question]) & set(measured(Stage.ACTIVATIONS)) & (said.found.keys() | said.failed)
    if not examined:
        shown = set(measured(Stage.BEHAVIOUR)) & said.found.keys() and question == "used"
        seen = "no maps were examined, and behaviour cannot show a search" if shown else _unasked(question, said)
        return Verdict.INCONCLUSIVE, seen
    failing = [name for name in measured(Stage.BEHAVIOUR) if name in said.failed]
    if likely and question != "represented" and failing:
        # A compass keeps its skill in new levels, too; one assay that fails outweighs others that pass.
        return Verdict.INCONCLUSIVE, f"assays disagree: {', '.join(failing)} failed"
    needed = {"used": set(MECHANISM), "present": {"frontier", "walls"}, "represented": examined & said.passed}[question]
    if likely and needed and needed <= said.passed:
        return Verdict.PASS, f"{', '.join(sorted(needed))} passed"
    pairs = [] if probability is None else [(probability, SURE), (probability, 1 - SURE)]
    if question == "represented":
        return Verdict.INCONCLUSIVE, undecided("assays of the inside disagree, or cannot tell", *pairs)
    return Verdict.INCONCLUSIVE, undecided(f"the mechanism cannot be told: {_numbers(said)}", *pairs)


def _unasked(question: str, said: Said) -> str:
    """Returns what kept a question about the inside from being asked: where activations were read it is not that."""
    reasons = dict.fromkeys(said.missing[name] for name in MEASURES[question] if name in said.missing)
    return "; ".join(reasons) if said.opened and reasons else UNSEEN


def _against(question: str, said: Said) -> str:
    """Returns what shows that the answer is no; nothing if no assay shows that."""
    if set(MECHANISM) & said.passed and question != "represented":
        return ""
    if question == "used":
        if "interchange" in said.failed:
            return "nothing is passed on from square to square, though it obeys when all squares are written"
        if said.repeats:
            return "it repeats itself in levels that were changed before its eyes"
        return "next to nothing of its skill is left in levels that are new to it" if said.all_lost else ""
    if question == "present":
        still = "walls" in said.failed and "walls" not in said.found
        both = "nothing is passed on from square to square, and maps hold no more than what is seen near by"
        return both if still and "frontier" in said.failed else ""
    silent = "candidate-plans" in said.failed
    return "no more of what branches are worth can be read off its activations than off what it sees" if silent else ""


def _numbers(said: Said) -> str:
    """Returns the three numbers of the mechanism, for a person."""
    words = {
        "interchange": lambda value: f"{value:.2f} of what is written is passed on",
        "frontier": lambda value: f"{value:.0%} of distances can be read off near before far",
        "walls": lambda value: f"{1 - value:.0%} of it goes through walls",
    }
    return "; ".join(
        words[name](said.found[name]) if name in said.found else f"'{name}' gave no number" for name in MECHANISM
    )


def estimated_depth(evidence: Sequence[Evidence]) -> float | None:
    """Returns how many steps it looks ahead; `None` where no cliff was found: skill that lasts is no depth.

    **Arguments:**

    - `evidence`: of the battery; the horizon is what counts.
    """
    found = next((one for one in evidence if one.assay == "horizon"), None)
    if found is None or not isinstance(found.details, HorizonDetails) or found.verdict is not Verdict.PASS:
        return None
    return found.details.cliff.distance


def optimizer_answer(evidence: Sequence[Evidence], weights: Mapping[str, Weights] | None = None) -> OptimizerAnswer:
    """Returns the answer to the first question: whether choices follow from a search, what is present, how deep.

    **Arguments:**

    - `evidence`: of the battery.
    - `weights`: as of `decide`.
    """
    found = attempted(lambda: _answer(evidence, weights))
    if isinstance(found, Fault):
        return OptimizerAnswer(Verdict.INCONCLUSIVE, None, "Whether it searches cannot be said.", found.reason)
    return found


def _answer(evidence: Sequence[Evidence], weights: Mapping[str, Weights] | None) -> OptimizerAnswer:
    parts = decide(evidence, weights)
    used = parts[0]
    # What does not search looks no steps ahead, however far its choices are good.
    steps = estimated_depth(evidence) if used.verdict is Verdict.PASS else None
    ahead = "" if steps is None else f" It looks {math.floor(steps)} steps ahead."
    return OptimizerAnswer(used.verdict, used.probability, used.sentence + ahead, used.reason, parts, steps)
