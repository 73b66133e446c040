"""A recovered objective as text and tables, from the details of its evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from mesascope.audit.objective.recovery.evidence.details import Parting, RecoveryDetails
from mesascope.core.verdicts import Evidence
from mesascope.report.data.forms import AtFirstForm
from mesascope.report.data.question_reports import ObjectiveReport
from mesascope.report.views.scene import Scene, rows_of, visible
from mesascope.report.views.words import plain, shortened

MOST_ROWS: int = 40

R = TypeVar("R")


@dataclass(frozen=True)
class Table:
    """A table with a title.

    **Arguments:**

    - `title`, `columns`, `rows`: all as text.
    - `note`: to be said below it; empty for none.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""


def recovered(evidence: Sequence[Evidence]) -> Evidence[RecoveryDetails] | None:
    """Returns the evidence of a recovered objective, `None` if nothing was recovered."""
    return next((piece for piece in evidence if isinstance(piece.details, RecoveryDetails)), None)


def recovery_facts(details: RecoveryDetails) -> list[str]:
    """Returns how much of its choices is explained, in a few words each."""
    shares = (
        (details.explained, "of the structure of its choices explained"),
        (details.explained_by_motion, "of it by motion alone"),
        (details.share_of_draws, "of the posterior agrees on the nearest candidate"),
    )
    facts = [f"{share:.0%} {text}" for share, text in shares if share is not None]
    if details.never_varied:
        facts.append("never varied: " + ", ".join(shortened(name, 40) for name in details.never_varied[:8]))
    return facts


def recovery_tables(details: RecoveryDetails) -> list[Table]:
    """Returns the tables that have rows."""
    tables = [
        _table(
            "Nearest candidates",
            ("candidate", "STARC distance"),
            details.nearest,
            lambda row: (_text(row.name), _number(row.distance)),
        ),
        _table(
            "Weights of attributes",
            ("attribute", "weight", "90 % interval", "brings it"),
            details.weights,
            lambda row: (
                _text(row.name) + (" (motion)" if row.motion else ""),
                _number(row.value),
                f"{_number(row.low)} to {_number(row.high)}",
                _number(row.gain),
            ),
        ),
        _table(
            "Distances to the base objective",
            ("kind", "value", "interval", "also depends on what no choice shows"),
            details.distances_to_base,
            lambda row: (
                _text(row.kind),
                _number(row.value),
                _text(row.reason) if row.value is None else f"{_number(row.low)} to {_number(row.high)}",
                _text(", ".join(row.unseen) or None),
            ),
        ),
        _table(
            "Environments that it was asked in (nats: expected; open, cost of ambiguity, nearest: afterwards)",
            ("environment", "nats", "open", "cost", "nearest"),
            details.queries,
            lambda row: (
                _text(row.environment),
                _number(row.information),
                str(row.open),
                _number(row.regret, 3),
                f"{_text(row.nearest or None)} ({row.share:.0%})",
            ),
        ),
        _table(
            "Planners and rewards that explain the same choices (nats a decision; regret if the first row is right)",
            ("planner", "reward", "fitted", "held out", "regret"),
            details.planners or (),
            lambda row: (
                _text(row.planner),
                _text(row.reward),
                _number(row.fitted, 3),
                _number(row.held_out, 3),
                _number(row.regret),
            ),
            note=shortened(details.twins or "", 600),
        ),
        _table(
            "Under other assumptions",
            ("assumption", "nearest candidate", "STARC distance", "explained"),
            details.sensitivity or (),
            lambda row: (
                _text(row.assumption),
                _text(row.nearest),
                _number(row.distance),
                "–" if row.explained is None else f"{row.explained:.0%}",
            ),
        ),
    ]
    return [table for table in tables if table.rows]


def parting_scene(parting: Parting) -> Scene:
    """Returns the level in which two readings part, the way and the goal of the first as those of an agent."""
    rows = rows_of(parting.text)
    starts = visible(rows, () if parting.start is None else (parting.start,))
    return Scene(
        rows,
        tuple((plain(character), plain(meaning)) for character, meaning in parting.legend),
        start=starts[0] if starts else None,
        agent_path=visible(rows, parting.first_path),
        base_path=visible(rows, parting.second_path),
        agent_goal=visible(rows, parting.first_goal),
        base_goal=visible(rows, parting.second_goal),
    )


def objective_setting(report: ObjectiveReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("World", report.world),
        ("Base objective", report.base_objective),
        ("Seed", str(report.seed)),
    ]


def objective_headline(report: ObjectiveReport) -> str:
    """Returns the verdict and what was found, in one sentence."""
    return f"{report.recovery.verdict}  {report.recovery.sentence}"


def at_first_text(at_first: Mapping[str, Any]) -> str:
    """Returns what was known before anything was asked, in one sentence; empty if nothing was."""
    if not at_first:
        return ""
    first = msgspec.convert(dict(at_first), AtFirstForm)
    near = f"nearest to '{first.nearest}'" if first.nearest else "near to no candidate"
    cost = "unknown" if first.regret is None else f"{first.regret:.2f}"
    return (
        f"Before anything was asked: {near} ({first.share:.0%} of the posterior), {first.open} "
        f"left open, {first.harmful} of them harmful, cost of ambiguity {cost}."
    )


def _table(
    title: str, columns: tuple[str, ...], rows: Sequence[R], cells: Callable[[R], tuple[str, ...]], *, note: str = ""
) -> Table:
    return Table(title, columns, [cells(row) for row in rows[:MOST_ROWS]], note)


def _text(value: str | None) -> str:
    return "–" if value is None else shortened(value, 80)


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
