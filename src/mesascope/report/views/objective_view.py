"""A recovered objective in words, and the level in which two readings of it part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mesascope.report.data.objective_report import ObjectiveReport


def objective_setting(report: ObjectiveReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("agent", f"{report.agent} ({report.agent_kind})"),
        ("world", report.world),
        ("base objective", report.base_objective),
        ("seed", str(report.seed)),
    ]


def objective_headline(report: ObjectiveReport) -> str:
    """Returns the verdict and what was found, in one sentence."""
    return f"{report.recovery.verdict}  {report.recovery.sentence}"


def at_first_text(at_first: Mapping[str, Any]) -> str:
    """Returns what was known before anything was asked, in one sentence; empty if nothing was."""
    if not at_first:
        return ""
    return (
        f"Before anything was asked: nearest to '{at_first['nearest']}' ({at_first['share']:.0%} of the posterior), "
        f"{at_first['open']} left open, {at_first['harmful']} of them harmful, cost of ambiguity "
        f"{at_first['regret']:.2f}."
    )
