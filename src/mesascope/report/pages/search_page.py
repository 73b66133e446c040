"""What `mesascope search` shows: the answer to the first question as JSON and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mesascope.audit.findings import OptimizerAnswer
from mesascope.core.files import write_atomically
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.json_text import evidence_data, json_text, optimizer_data, plain_json
from mesascope.report.data.reading import evidence_of, optimizer_of
from mesascope.report.figures.report_figures import all_evidence_figures
from mesascope.report.pages.page import environment, evidence_rows, provenance_rows, verdict_counts
from mesascope.report.pages.search_section import search_section
from mesascope.report.views.numbers import probability_text
from mesascope.report.views.plain_text import plain

SCHEMA_VERSION: int = 1
CAVEATS: tuple[str, ...] = (
    "Weights were fitted on agents whose kind is known (the ground-truth bank); docs/search.md says how well they hold "
    "on others, and what a verdict does not mean.",
    "That something can be read off activations does not show that it is used; that is what writing to them is for.",
    "The answers hold for the levels that were sampled and for the objective by which choices were judged.",
)
OBJECTIVE_FROM: dict[str, str] = {"attribution": "attributed, as in an audit", "choice": "named with --objective"}


@dataclass(frozen=True)
class SearchReport:
    """The answer to the first question alone, and what it rests on.

    **Arguments:**

    - `agent`, `agent_kind`: who was asked.
    - `world`, `world_options`: where.
    - `objective`: by which choices were judged.
    - `objective_from`: `"attribution"` if that is what explains them best, `"choice"` if it was named.
    - `levels`: of each distribution, at most.
    - `seed`: of levels and everything drawn.
    - `answer`: the verdicts.
    - `evidence`: of the battery.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    world_options: Mapping[str, Any]
    objective: str
    objective_from: Literal["attribution", "choice"]
    levels: int
    seed: int
    answer: OptimizerAnswer
    evidence: tuple[Evidence, ...]
    provenance: Mapping[str, Any]

    def data(self) -> dict:
        """Returns the JSON object: numbers to 9 digits, nothing that JSON cannot hold."""
        seconds = [{"assay": piece.assay, "cpu_seconds": round(piece.cost_seconds, 3)} for piece in self.evidence]
        return plain_json(
            {
                "schema_version": SCHEMA_VERSION,
                "agent": self.agent,
                "agent_kind": self.agent_kind,
                "world": self.world,
                "world_options": {key: self.world_options[key] for key in sorted(self.world_options)},
                "objective": self.objective,
                "objective_from": self.objective_from,
                "levels": self.levels,
                "seed": self.seed,
                "answer": optimizer_data(self.answer),
                "evidence": [evidence_data(piece) for piece in self.evidence],
                "provenance": {**self.provenance, "evidence_seconds": seconds},
            }
        )

    def contents(self) -> dict[str, str]:
        """Returns what `search.json` and `search.html` hold."""
        return {"search.json": json_text(self.data()) + "\n", "search.html": self.page()}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Writes `search.json` and `search.html`, each whole or not at all, and returns their paths."""
        return tuple(write_atomically(folder / name, content) for name, content in self.contents().items())

    def page(self) -> str:
        """Returns the result as one HTML page that needs neither network nor scripts, from the numbers of the JSON."""
        data = self.data()
        answer, seconds = optimizer_of(data["answer"]), data["provenance"]["evidence_seconds"]
        evidence = tuple(
            evidence_of(piece, cost["cpu_seconds"], f"evidence[{index}]")
            for index, (piece, cost) in enumerate(zip(data["evidence"], seconds, strict=True))
        )
        figures = {figure.name: figure for figure in all_evidence_figures(evidence)}
        search = search_section(answer, evidence, figures)
        return (
            environment()
            .get_template("search_page.html")
            .render(
                agent=self.agent,
                headline=_headline(answer),
                setting=self.setting,
                search=search,
                evidence=evidence_rows(evidence, figures, shown=search["shown"] if search else ()),
                counts=verdict_counts(evidence),
                caveats=CAVEATS,
                provenance=provenance_rows(data["provenance"]),
                schema_version=SCHEMA_VERSION,
            )
        )

    @property
    def setting(self) -> list[tuple[str, str]]:
        """What was asked about, as labels and texts."""
        options = ", ".join(f"{plain(key)}={plain(str(value))}" for key, value in sorted(self.world_options.items()))
        return [
            ("Agent", f"{self.agent} ({self.agent_kind})"),
            ("World", f"{self.world} ({options})" if options else self.world),
            ("Objective", f"{self.objective}, by which choices are judged ({OBJECTIVE_FROM[self.objective_from]})"),
            ("Levels", f"at most {self.levels} of each distribution"),
            ("Seed", str(self.seed)),
        ]


def _headline(answer: OptimizerAnswer) -> str:
    told = "" if answer.probability is None else f" (probability {probability_text(answer.probability)})"
    if answer.verdict is Verdict.PASS:
        return f"It searches{told}."
    if answer.verdict is Verdict.FAIL:
        return f"Nothing shows that it searches{told}."
    return f"It is open whether it searches{told}."
