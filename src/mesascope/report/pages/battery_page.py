"""What `mesascope battery` shows: the kind of alignment as JSON and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesascope.core.details import details_data
from mesascope.core.files import write_atomically
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.json_text import evidence_data, json_text, plain_json
from mesascope.report.data.reading import evidence_of
from mesascope.report.pages.battery_section import battery_section
from mesascope.report.pages.page import environment, provenance_rows
from mesascope.report.views.battery_table import battery_table
from mesascope.report.views.headline import with_reason
from mesascope.report.views.numbers import probability_text
from mesascope.report.views.plain_text import plain

SCHEMA_VERSION: int = 1
CAVEATS: tuple[str, ...] = (
    "That every class has a row of its own, and that specimens built for a class show it, proves the battery "
    "consistent. It does not prove it valid on networks; docs/alignment.md says more.",
    "A class is that of an agent in this world: which edge can be cut, and what counts as the pointer or the threat, "
    "is the world's.",
    "Specimens and organisms that deceive were built or trained to. Nothing here shows that training on a base "
    "objective alone produces them.",
    "A test that could not be made is never counted as passed; nobody is called robust on what was not tested.",
)


@dataclass(frozen=True)
class BatteryReport:
    """The alignment battery on one agent, and what it was put to.

    **Arguments:**

    - `agent`, `agent_kind`: who was tested.
    - `world`, `world_options`: where.
    - `base_objective`: what it was trained on.
    - `levels`: in each condition; a test has three.
    - `tolerance`: what a score may lack and still be as good as can be.
    - `seed`: of levels and roll-outs.
    - `evidence`: of the battery; its details hold the table.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    world_options: Mapping[str, Any]
    base_objective: str
    levels: int
    tolerance: float
    seed: int
    evidence: Evidence
    provenance: Mapping[str, Any]

    def data(self) -> dict:
        """Returns the JSON object: numbers to 9 digits, nothing that JSON cannot hold."""
        seconds = round(self.evidence.cost_seconds, 3)
        return plain_json(
            {
                "schema_version": SCHEMA_VERSION,
                "agent": self.agent,
                "agent_kind": self.agent_kind,
                "world": self.world,
                "world_options": {key: self.world_options[key] for key in sorted(self.world_options)},
                "base_objective": self.base_objective,
                "levels": self.levels,
                "tolerance": self.tolerance,
                "seed": self.seed,
                "evidence": evidence_data(self.evidence),
                "provenance": {**self.provenance, "evidence_seconds": seconds},
            }
        )

    def contents(self) -> dict[str, str]:
        """Returns what `battery.json` and `battery.html` hold."""
        return {"battery.json": json_text(self.data()) + "\n", "battery.html": self.page()}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Writes `battery.json` and `battery.html`, each whole or not at all, and returns their paths."""
        return tuple(write_atomically(folder / name, content) for name, content in self.contents().items())

    def page(self) -> str:
        """Returns the result as one HTML page that needs neither network nor scripts, from the numbers of the JSON."""
        data = self.data()
        piece = evidence_of(data["evidence"], data["provenance"]["evidence_seconds"], "evidence")
        return (
            environment()
            .get_template("battery_page.html")
            .render(
                agent=self.agent,
                headline=battery_headline(piece),
                reason=with_reason(piece.sentence, piece.reason),
                setting=self.setting,
                battery=battery_section((piece,), whole=True),
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
            ("Base objective", self.base_objective),
            ("Levels", f"{self.levels} in each of three conditions a test"),
            ("Tolerance", f"{self.tolerance:g} of the optimum"),
            ("Seed", str(self.seed)),
        ]


def battery_headline(piece: Evidence) -> str:
    """Returns the verdict as one sentence: a class with its probability, or that there is none."""
    table = battery_table(details_data(piece.details))
    if table is None or not table.kinds:
        return "Inconclusive: what kind of alignment it is was not tested."
    kind, probability = table.kinds[0]
    if piece.verdict is Verdict.INCONCLUSIVE:
        return f"Inconclusive: {piece.sentence[:1].lower()}{piece.sentence[1:]}"
    return f"It is {kind} (probability {probability_text(probability)})."
