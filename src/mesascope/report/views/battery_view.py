"""The alignment battery: its table, what was found beside what each class predicts, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from msgspec import structs

from mesascope.audit.alignment.battery import BatteryDetails
from mesascope.audit.alignment.battery import TestRow as Test
from mesascope.audit.alignment.battery_statement import ends_text, percent_text
from mesascope.audit.alignment.cue_rate import CueRate
from mesascope.audit.alignment.divergence import Divergence
from mesascope.audit.alignment.kinds import TESTS
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.question_reports import BatteryReport
from mesascope.report.views.headline import world_text
from mesascope.report.views.words import drawable, ruler_text, shortened

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "A": "as good as can be",
        "a": "nearly so",
        "X": "fallen, pursues something else with skill",
        "F": "as good as can be at the swapped objective",
        "L": "lost, pursues nothing with skill",
    }
)
"""Codes of a cell, and what they say about the score on the base objective."""
MOST_TESTS, MOST_KINDS, MOST_RATES = 40, 30, 10

SIGNS: Mapping[str, str] = MappingProxyType(
    {"threat": "no threat", "cue": "deployment cue", "pointer": "pointer swapped", "knowledge": "true knowledge"}
)
"""What a flag says when it is changed with others."""


@dataclass(frozen=True)
class BatteryTable:
    """What was found beside what each class predicts.

    **Arguments:**

    - `tests`: in order.
    - `kinds`: every class and its probability, most probable first; empty if nothing could be decoded.
    - `together`: classes that no test which was made tells from the most probable one, itself included.
    - `distance`: tests made whose predictions differ between the two most probable classes that have a row.
    - `predicted`: codes by class and test. Classes that predict no row are left out.
    - `apart`: `None` if it gets nearly all of the base objective everywhere.
    - `rates`: what it does differently on the same menus, by cue; empty for an agent with memory.
    """

    tests: tuple[Test, ...]
    kinds: tuple[tuple[str, float], ...]
    together: tuple[str, ...]
    distance: int | None
    predicted: Mapping[str, Mapping[str, str]]
    apart: Divergence | None
    rates: tuple[CueRate, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """Every class, the most probable first; at the end those that predict no row."""
        named = [kind for kind, _ in self.kinds]
        known = (*named, *(kind for kind in self.predicted if kind not in named))
        return tuple(sorted(known, key=lambda kind: kind not in self.predicted))

    @property
    def compared(self) -> tuple[str, ...]:
        """The two most probable classes that predict a row."""
        return tuple(kind for kind, _ in self.kinds if kind in self.predicted)[:2]

    @property
    def levels(self) -> str:
        """How many levels stand behind each test, in words."""
        counts = sorted({test.score[3] for test in self.tests if test.code is not None and test.score is not None})
        if not counts:
            return "no levels"
        return f"{counts[0]} levels" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} levels"

    def code(self, kind: str, test: Test) -> str | None:
        """Returns what a class predicts of a test, `None` if nothing."""
        return self.predicted.get(kind, {}).get(test.test)

    def differs(self, kind: str, test: Test) -> bool:
        """Returns whether a test that was made found another code than a class predicts."""
        predicted = self.code(kind, test)
        # Who falls and is lost has fallen.
        return None not in (predicted, test.code) and test.code != predicted and (predicted, test.code) != ("X", "L")


def battery_table(details: object) -> BatteryTable | None:
    """Returns the table that details of evidence hold; `None` for those of another assay, or of no test."""
    if not isinstance(details, BatteryDetails) or not details.cells:
        return None
    kinds = [(one.kind, drawable(one.probability) or 0.0) for one in details.kinds[:MOST_KINDS]]
    # Of a file from anywhere, codes that are none of ours say nothing.
    tests = [test if test.code in MEANINGS else structs.replace(test, code=None) for test in details.cells[:MOST_TESTS]]
    predicted = {
        kind: {test: code for test, code in list(row.items())[:MOST_TESTS] if code in MEANINGS}
        for kind, row in list(details.predicted.items())[:MOST_KINDS]
    }
    return BatteryTable(
        tuple(tests),
        tuple(sorted(kinds, key=lambda pair: -pair[1])),
        details.together[:MOST_KINDS],
        details.distance,
        predicted,
        details.divergence,
        details.rates[:MOST_RATES],
    )


def battery_headline(piece: Evidence) -> str:
    """Returns the verdict as one sentence: a class with its probability, or that there is none."""
    table = battery_table(piece.details)
    if table is None or not table.kinds:
        return "Inconclusive: what kind of alignment it is was not tested."
    kind, probability = table.kinds[0]
    if piece.verdict is Verdict.INCONCLUSIVE:
        return f"Inconclusive: {piece.sentence[:1].lower()}{piece.sentence[1:]}"
    return f"It is {shortened(kind, 40)} (probability {probability_text(probability)})."


def battery_setting(report: BatteryReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("World", world_text(report.world, report.world_options)),
        ("Base objective", report.base_objective),
        ("Levels", f"{report.levels} in each of three conditions a test"),
        ("Tolerance", f"{report.tolerance:g} of the optimum"),
        ("Seed", str(report.seed)),
    ]


def battery_facts(table: BatteryTable) -> list[str]:
    """Returns the classes that come into question and how far they are apart, in a few words each."""
    facts = [f"{shortened(kind, 40)}: probability {probability_text(chance)}" for kind, chance in table.kinds[:2]]
    if table.distance is not None and len(table.compared) == 2:
        tests = f"{table.distance} test{'' if table.distance == 1 else 's'}"
        facts.append(f"{' and '.join(table.compared)} differ in {tests} of those made")
    if len(table.together) > 1:
        facts.append(f"not told apart by any test that was made: {', '.join(table.together)}")
    made = sum(test.code is not None for test in table.tests)
    facts.append(f"{made} of {len(table.tests)} tests made")
    return facts


def rate_facts(table: BatteryTable) -> list[str]:
    """Returns, for each thing that it was told otherwise on the same menus, in how many choices it does otherwise."""
    facts = []
    for rate in table.rates:
        signs = [sign for cue, sign in SIGNS.items() if cue in rate.cue.split(" and ")]
        what = TESTS.get(rate.test, shortened(rate.cue, 20)) if len(signs) < 2 else f"{', '.join(signs)}, together"
        if not rate.distance:
            facts.append(f"{what}: no difference at all")
            continue
        value, most = (_percent(share) for share in (rate.rate, rate.most))
        low, high = drawable(rate.low), drawable(rate.high)
        interval = "[?, ?]" if low is None or high is None else ends_text(low, high)
        towards = f" towards “{shortened(rate.towards, 40)}”" if rate.towards and rate.detected else ""
        bound = "" if rate.detected else f", at most {most} %"
        facts.append(f"{what}: {value} % of choices {interval}{towards}{bound}")
    return facts


def _percent(share: float) -> str:
    shown = drawable(share)
    return "?" if shown is None else percent_text(shown)


def score_text(test: Test) -> str:
    """Returns a test's score with its interval and n, and what else is pursued where it falls."""
    if test.code is None or test.score is None:
        return shortened(test.reason or "not measured", 300)
    *numbers, levels = test.score
    value, low, high = map(ruler_text, numbers)
    text = f"{value} [{low}, {high}], n = {levels}"
    if test.code == "F" and test.swapped is not None:
        text += f"; of the swapped objective {ruler_text(test.swapped)}"
    if test.code in "XL" and test.pursued is not None:
        text += f"; of “{shortened(test.pursued[0], 40)}” {ruler_text(test.pursued[1])}"
    return text


def apart_facts(apart: Divergence) -> list[str]:
    """Returns what changes in the level, and what the agent gets there, in a few words each."""
    facts = [f"{shortened(name, 40)} = {value}" for name, value in list(apart.settings.items())[:20]]
    if apart.share is not None:
        facts.append(f"{ruler_text(apart.share)} of the optimum of the base objective")
    if apart.pursued is not None:
        facts.append(f"{ruler_text(apart.pursued[1])} of that of “{shortened(apart.pursued[0], 40)}”")
    return facts


def steps_of(steps: Sequence[str]) -> list[str]:
    """Returns the first steps of a way, each short."""
    return [shortened(step, 60) for step in steps[:20]]
