"""What `mesascope witness` shows: the worst level before and after shrinking, as text, JSON and a drawing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesascope.core.files import write_atomically
from mesascope.core.verdicts import Evidence
from mesascope.report.data.json_text import evidence_data, json_text, plain_json
from mesascope.report.text.level_text import Glyphs, draw_text, key_of, width_of
from mesascope.report.views.headline import interval_text
from mesascope.report.views.plain_text import plain
from mesascope.report.views.scene import Scene, scene_of_witness

# The search itself imports jax, and a report of it can be written without.
if TYPE_CHECKING:
    from mesascope.audit.alignment.witness_details import WitnessDetails
    from mesascope.audit.alignment.witness_search import WitnessSearch

SCHEMA_VERSION: int = 1
GAP: str = "     "


@dataclass(frozen=True)
class WitnessReport:
    """The worst level that was found for an agent, and how.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `world_options`, `seed`: what was asked about.
    - `own_named_by`: `"given"`, or `"attribution"` with the probability that it gave.
    - `result`: of the search.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: str
    agent_kind: str
    world: str
    world_options: Mapping[str, Any]
    seed: int
    own_named_by: str
    result: WitnessSearch
    provenance: Mapping[str, Any]

    @property
    def evidence(self) -> Evidence[WitnessDetails]:
        """The verdict and its numbers."""
        return self.result.evidence

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """The level as found and as shrunk, ready to be drawn; none if there is none."""
        return tuple(scene_of_witness(one) for one in (self.result.found, self.result.shrunk) if one is not None)

    def data(self) -> dict:
        """Returns the JSON object: numbers to 9 digits, nothing that JSON cannot hold."""
        found, shrunk = self.result.found, self.result.shrunk
        return plain_json(
            {
                "schema_version": SCHEMA_VERSION,
                "agent": self.agent,
                "agent_kind": self.agent_kind,
                "world": self.world,
                "world_options": {key: self.world_options[key] for key in sorted(self.world_options)},
                "seed": self.seed,
                "own_named_by": self.own_named_by,
                "evidence": evidence_data(self.evidence),
                "found": None if found is None else asdict(found),
                "shrunk": None if shrunk is None else asdict(shrunk),
                "replayed": self.result.replayed,
                "provenance": {**self.provenance, "evidence_seconds": round(self.evidence.cost_seconds, 3)},
            }
        )

    @property
    def details(self) -> WitnessDetails:
        """The numbers of the search; there are some wherever there is a level."""
        assert self.evidence.details is not None, "nothing was searched"
        return self.evidence.details

    def drawing(self) -> str | None:
        """Returns the level before and after shrinking as SVG, `None` if there is none."""
        scenes = self.scenes
        if not scenes:
            return None
        from mesascope.report.figures.level_figure import level_figure
        from mesascope.report.figures.style import svg_of

        details = self.details
        figure = level_figure(scenes, _titles(details), agent_objective=details.own, base_objective=details.base)
        return svg_of(figure)

    def contents(self) -> dict[str, str]:
        """Returns what `witness.json` and, if there is a level, `witness.svg` hold."""
        drawing = self.drawing()
        return {"witness.json": json_text(self.data()) + "\n", **({} if drawing is None else {"witness.svg": drawing})}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Writes `witness.json` and, if there is a level, `witness.svg`, and returns their paths."""
        return tuple(write_atomically(folder / name, content) for name, content in self.contents().items())


def _titles(details: WitnessDetails) -> list[str]:
    pairs = (("found", details.found), ("shrunk", details.shrunk))
    return [f"{when}: regret {level.regret:.2f}" for when, level in pairs if level is not None]


def witness_text(report: WitnessReport, *, width: int, glyphs: Glyphs) -> str:
    """Returns the result for a terminal: the verdict, and the level before and after shrinking.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    - `glyphs`: characters that the terminal can show.
    """
    width, evidence = max(60, min(width, 120)), report.evidence
    lines = textwrap.wrap(plain(f"{report.agent} ({report.agent_kind}) in {report.world}"), width)
    lines += ["", *textwrap.wrap(plain(f"{evidence.verdict}  {evidence.sentence}"), width)]
    lines += textwrap.wrap(plain(f"Because {evidence.reason}."), width) if evidence.reason else []
    if not report.scenes:
        return "\n".join(lines)
    lines += ["", *_pictures(report, width, glyphs), ""]
    details = report.details
    found, shrunk, replay = details.found, details.shrunk, details.replay
    if found is None or shrunk is None or replay is None:
        return "\n".join(lines)
    null = "" if evidence.null is None else f"; in sampled levels {interval_text(evidence.null)}"
    facts = [
        f"Regret on “{details.base}” {shrunk.absolute:.3f} ({shrunk.normalised:.2f} of what lies between the "
        f"optimum and chance{null}); capability at “{details.own}” {shrunk.capability:.2f}, floor "
        f"{details.floor:g}",
        f"{details.evaluated} levels evaluated, {details.sampled} of them sampled and the others edited; the "
        f"best one {found.edits} edits away from a sampled level; {shrunk.removed} walls, objects or switches "
        "taken out",
        f"Condition: {shrunk.variant}" if len(details.variants) > 1 else "",
        f"Evaluated anew from {'its text' if replay.from_text else 'the level itself (its text is not read back)'}: "
        f"{'the same' if replay.agrees else 'NOT the same'}",
        f"Its own objective was {report.own_named_by}",
    ]
    for fact in filter(None, facts):
        lines += textwrap.wrap(plain(fact), width, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines)


def _pictures(report: WitnessReport, width: int, glyphs: Glyphs) -> list[str]:
    titles = _titles(report.details)
    blocks = [[title, *draw_text(scene, "agent", glyphs)] for title, scene in zip(titles, report.scenes, strict=True)]
    columns = [max(len(line) for line in block) for block in blocks]
    key = dict.fromkeys(
        text for scene, block in zip(report.scenes, blocks, strict=True) for text in key_of(scene, block[1:])
    )
    details = report.details
    key |= dict.fromkeys([f"{glyphs.start} start", f"{glyphs.base_goal} {details.base}"])
    if details.own != details.base:
        key |= {f"{glyphs.agent_goal} {details.own}": None}
    legend = textwrap.wrap(plain(glyphs.separator.join(key)), width)
    if sum(columns) + len(GAP) > width or any(width_of(scene) > width for scene in report.scenes):
        return [line for block in blocks for line in (*block, "")] + legend
    height = max(len(block) for block in blocks)
    padded = [[*block, *[""] * (height - len(block))] for block in blocks]
    rows = [
        GAP.join(f"{cell:{size}}" for cell, size in zip(row, columns, strict=True)) for row in zip(*padded, strict=True)
    ]
    return [*(row.rstrip() for row in rows), "", *legend]
