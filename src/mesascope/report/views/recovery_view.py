"""A recovered objective as text and tables, from the details of its evidence alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.core.details import details_data
from mesascope.core.verdicts import Evidence
from mesascope.report.views.plain_text import shortened

RECOVERY: str = "recovery"
"""The assay whose evidence this is."""

MOST_ROWS: int = 40


def recovery_view(evidence: Sequence[Evidence]) -> dict | None:
    """Returns what the template shows of the recovered objective, all as text; `None` if nothing was recovered.

    Details may have been read from a file that came from anywhere: whatever has not the expected form is left out.

    **Arguments:**

    - `evidence`: of a report.
    """
    piece = next((piece for piece in evidence if piece.assay == RECOVERY), None)
    if piece is None or not details_data(piece.details):
        return None
    details = details_data(piece.details)
    readings = details.get("readings")
    return {
        "sentence": piece.sentence,
        "reason": piece.reason,
        "verdict": str(piece.verdict),
        "facts": _facts(details),
        "open": shortened(str(_mapping(details.get("open")).get("sentence", "")), 400),
        "readings": shortened(str(readings.get("sentence", "")), 400) if isinstance(readings, Mapping) else "",
        "tables": [table for table in _tables(details) if table["rows"]],
        "twins": shortened(str(details.get("twins", "")), 600),
        "assumptions": [shortened(str(one), 300) for one in _list(details.get("assumptions"))[:MOST_ROWS]],
    }


def _facts(details: Mapping[str, Any]) -> list[str]:
    facts = []
    for key, text in (
        ("explained", "of the structure of its choices explained"),
        ("explained_by_motion", "of it by motion alone"),
        ("share_of_draws", "of the posterior agrees on the nearest candidate"),
    ):
        if _is_number(details.get(key)):
            facts.append(f"{details[key]:.0%} {text}")
    never = _list(details.get("never_varied"))
    if never:
        facts.append("never varied: " + ", ".join(shortened(str(name), 40) for name in never[:8]))
    return facts


def _tables(details: Mapping[str, Any]) -> list[dict]:
    return [
        _table(
            "Nearest candidates",
            ("candidate", "STARC distance"),
            details.get("nearest"),
            lambda row: (_text(row.get("name")), _number(row.get("distance"))),
        ),
        _table(
            "Weights of attributes",
            ("attribute", "weight", "90 % interval", "brings it"),
            details.get("weights"),
            lambda row: (
                _text(row.get("name")) + (" (motion)" if row.get("motion") else ""),
                _number(row.get("value")),
                f"{_number(row.get('low'))} to {_number(row.get('high'))}",
                _number(row.get("gain")),
            ),
        ),
        _table(
            "Distances to the base objective",
            ("kind", "value", "interval", "also depends on what no choice shows"),
            details.get("distances_to_base"),
            lambda row: (
                _text(row.get("kind")),
                _number(row.get("value")),
                f"{_number(row.get('low'))} to {_number(row.get('high'))}"
                if _is_number(row.get("value"))
                else _text(row.get("reason")),
                _text(", ".join(str(one) for one in _list(row.get("unseen"))) or None),
            ),
        ),
        _table(
            "Environments that it was asked in (nats: expected; open, cost of ambiguity, nearest: afterwards)",
            ("environment", "nats", "open", "cost", "nearest"),
            details.get("queries"),
            lambda row: (
                _text(row.get("environment")),
                _number(row.get("information")),
                _text(row.get("open")),
                _number(row.get("regret"), 3),
                f"{_text(row.get('nearest'))} ({row['share']:.0%})"
                if _is_number(row.get("share"))
                else _text(row.get("nearest")),
            ),
        ),
        _table(
            "Planners and rewards that explain the same choices (nats a decision; regret if the first row is right)",
            ("planner", "reward", "fitted", "held out", "regret"),
            details.get("planners"),
            lambda row: (
                _text(row.get("planner")),
                _text(row.get("reward")),
                _number(row.get("fitted"), 3),
                _number(row.get("held_out"), 3),
                _number(row.get("regret")),
            ),
        ),
        _table(
            "Under other assumptions",
            ("assumption", "nearest candidate", "STARC distance", "explained"),
            details.get("sensitivity"),
            lambda row: (
                _text(row.get("assumption")),
                _text(row.get("nearest")),
                _number(row.get("distance")),
                f"{row['explained']:.0%}" if _is_number(row.get("explained")) else "–",
            ),
        ),
    ]


def _table(title: str, columns: tuple[str, ...], rows: Any, cells) -> dict:
    kept = [cells(row) for row in _list(rows)[:MOST_ROWS] if isinstance(row, Mapping)]
    return {"title": title, "columns": columns, "rows": kept}


def _text(value: Any) -> str:
    return "–" if value is None else shortened(str(value), 80)


def _number(value: Any, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if _is_number(value) else "–"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _list(value: Any) -> list:
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
