"""What `mesascope objective` shows: the account of a recovered objective as text, as JSON and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesascope.core.details import details_data
from mesascope.core.files import write_atomically
from mesascope.core.verdicts import Evidence
from mesascope.report.data.json_text import evidence_data, json_text, plain_json
from mesascope.report.figures.report_figures import recovery_figures
from mesascope.report.pages.page import environment, inlined, provenance_rows
from mesascope.report.views.recovery_section import RECOVERY_FIGURES, recovery_section

SCHEMA_VERSION: int = 1


@dataclass(frozen=True)
class ObjectiveReport:
    """The result of questioning an agent.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `base_objective`, `seed`: what was asked about.
    - `evidence`: of the assay `recovery`.
    - `at_first`: what was known before anything was asked.
    - `outlook`: what further environments could settle.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    base_objective: str
    seed: int
    evidence: Evidence
    at_first: Mapping[str, Any]
    outlook: str
    provenance: Mapping[str, Any]

    def data(self) -> dict:
        """Returns the JSON object: numbers to 9 digits, nothing that JSON cannot hold."""
        return plain_json(
            {
                "schema_version": SCHEMA_VERSION,
                "agent": self.agent,
                "agent_kind": self.agent_kind,
                "world": self.world,
                "base_objective": self.base_objective,
                "seed": self.seed,
                "at_first": dict(self.at_first),
                "recovery": evidence_data(self.evidence),
                "outlook": self.outlook,
                "provenance": dict(self.provenance),
            }
        )

    def contents(self) -> dict[str, str]:
        """Returns what `objective.json` and `objective.html` hold."""
        return {"objective.json": json_text(self.data()) + "\n", "objective.html": self.page()}

    def save(self, folder: Path) -> Path:
        """Writes `objective.json` and `objective.html`, each whole or not at all, and returns the page's path."""
        return [write_atomically(folder / name, content) for name, content in self.contents().items()][-1]

    def page(self) -> str:
        """Returns the result as one HTML page that needs neither network nor scripts."""
        figures = {figure.name: inlined(figure) for figure in recovery_figures(self.evidence)}
        return (
            environment()
            .get_template("objective_page.html")
            .render(
                agent=self.agent,
                setting=[
                    ("agent", f"{self.agent} ({self.agent_kind})"),
                    ("world", self.world),
                    ("base objective", self.base_objective),
                    ("seed", str(self.seed)),
                ],
                headline=_headline(self),
                evidence=self.evidence,
                recovery=recovery_section([self.evidence]),
                recovery_figures={name: figures.get(f"recovered-{name}") for name in RECOVERY_FIGURES},
                first=_first(self.at_first),
                outlook=self.outlook,
                provenance=provenance_rows(self.provenance),
                schema_version=SCHEMA_VERSION,
            )
        )


def objective_text(report: ObjectiveReport, *, width: int = 100) -> str:
    """Returns the result for a terminal.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    """
    width = max(60, min(width, 120))
    lines = [f"{report.agent} ({report.agent_kind}) in {report.world}, trained on {report.base_objective}", ""]
    lines += textwrap.wrap(_headline(report), width)
    lines += textwrap.wrap(report.evidence.reason, width)
    section = recovery_section([report.evidence])
    if section is None:
        return "\n".join(lines)
    lines += ["", *textwrap.wrap("; ".join(section["facts"]), width)]
    if _first(report.at_first):
        lines += ["", *textwrap.wrap(_first(report.at_first), width)]
    for table in section["tables"]:
        lines += ["", table["title"], *_columns(table["columns"], table["rows"], width)]
        if table["title"].startswith("Planners"):
            lines += textwrap.wrap(section["twins"], width)
    lines += ["", "Left open"]
    lines += textwrap.wrap(f"{section['open']} {report.outlook}", width)
    readings = details_data(report.evidence.details).get("readings")
    if readings:
        lines += ["", f"Two readings that act alike in training and part here ({readings['distribution']} level)"]
        lines += textwrap.wrap(section["readings"], width)
        lines += [f"  {row}" for row in _drawn(readings)]
    lines += ["", "Taken for granted", *(f"  - {one}" for one in section["assumptions"])]
    return "\n".join(lines)


def _headline(report: ObjectiveReport) -> str:
    return f"{report.evidence.verdict}  {report.evidence.sentence}"


def _first(at_first: Mapping[str, Any]) -> str:
    if not at_first:
        return ""
    return (
        f"Before anything was asked: nearest to '{at_first['nearest']}' ({at_first['share']:.0%} of the posterior), "
        f"{at_first['open']} left open, {at_first['harmful']} of them harmful, cost of ambiguity "
        f"{at_first['regret']:.2f}."
    )


def _columns(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    table = [tuple(names), *rows]
    sizes = [max(len(row[column]) for row in table) for column in range(len(names))]
    lines = []
    for row in table:
        line = "  " + "  ".join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip()
        lines += textwrap.wrap(line, width, subsequent_indent="      ", initial_indent="", drop_whitespace=False) or [
            ""
        ]
    return [line.rstrip() for line in lines]


def _drawn(readings: Mapping[str, Any]) -> list[str]:
    """The level with the first way as 1, the second as 2, and both as +; objects stay what they are."""
    rows = [list(row) for row in readings["text"].splitlines()]
    first, second = ({tuple(place) for place in readings[name]} for name in ("first_path", "second_path"))
    for row, column in first | second:
        if rows[row][column] in ". ":
            both = (row, column) in first and (row, column) in second
            rows[row][column] = "+" if both else "1" if (row, column) in first else "2"
    if readings.get("start"):
        row, column = readings["start"]
        rows[row][column] = "A"
    key = f"A start, 1 way of '{readings['first']}', 2 way of '{readings['second']}', + both"
    return ["".join(row) for row in rows] + [key]
