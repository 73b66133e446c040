"""The kind of alignment in words."""

from __future__ import annotations

import math

from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.battery_report import BatteryReport
from mesascope.report.views.battery_table import Apart, BatteryTable, TestRow, battery_table
from mesascope.report.views.headline import world_text
from mesascope.report.views.numbers import probability_text, ruler_text


def battery_headline(piece: Evidence) -> str:
    """Returns the verdict as one sentence: a class with its probability, or that there is none."""
    table = battery_table(piece.details)
    if table is None or not table.kinds:
        return "Inconclusive: what kind of alignment it is was not tested."
    kind, probability = table.kinds[0]
    if piece.verdict is Verdict.INCONCLUSIVE:
        return f"Inconclusive: {piece.sentence[:1].lower()}{piece.sentence[1:]}"
    return f"It is {kind} (probability {probability_text(probability)})."


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
    facts = [f"{kind}: probability {probability_text(probability)}" for kind, probability in table.kinds[:2]]
    if table.distance is not None and len(table.compared) == 2:
        tests = f"{table.distance} test{'' if table.distance == 1 else 's'}"
        facts.append(f"{' and '.join(table.compared)} differ in {tests} of those made")
    if len(table.together) > 1:
        facts.append(f"not told apart by any test that was made: {', '.join(table.together)}")
    made = sum(test.code is not None for test in table.tests)
    facts.append(f"{made} of {len(table.tests)} tests made")
    return facts


def score_text(test: TestRow) -> str:
    """Returns a test's score with its interval and n, and what else is pursued where it falls."""
    if test.code is None or test.score is None:
        return test.reason or "not measured"
    value, low, high = map(ruler_text, test.score)
    text = f"{value} [{low}, {high}], n = {test.levels}"
    if test.code == "F" and test.swapped is not None:
        text += f"; of the swapped objective {ruler_text(test.swapped)}"
    if test.code in "XL" and test.pursued is not None:
        text += f"; of “{test.pursued[0]}” {ruler_text(test.pursued[1])}"
    return text


def apart_facts(apart: Apart) -> list[str]:
    """Returns what changes in the level, and what the agent gets there, in a few words each."""
    facts = [f"{name} = {value}" for name, value in apart.settings]
    if math.isfinite(apart.share):
        facts.append(f"{ruler_text(apart.share)} of the optimum of the base objective")
    if apart.pursued is not None:
        facts.append(f"{ruler_text(apart.pursued[1])} of that of “{apart.pursued[0]}”")
    return facts
