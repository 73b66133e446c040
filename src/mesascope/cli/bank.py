"""`mesascope bank`: agents of which it is known whether they search."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import Folder, Processes
from mesascope.cli.output_folder import check_writable, claim
from mesascope.cli.train import resumable

if TYPE_CHECKING:
    from mesascope.organisms.bank.catalogue import BankAgent


CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class Bank(Command):
    """Lists, builds and scores the ground-truth bank: planners, clones that do as they do, decoys and reflexes.

    `score` runs every assay on every agent, and then judges the decision on matched pairs by weights that were fitted
    on other architectures and other worlds. What was built and scored stays; the same command goes on after a stop.
    """

    action: tyro.conf.Positional[Literal["list", "build", "score"]]
    """What to do."""
    smoke: bool = False
    """A dozen agents only."""
    out: Folder = Path("runs/bank")
    """Where trained parts and scores are kept."""
    processes: Processes = 2
    """Agents that are scored side by side."""
    json: bool = False
    """Print one JSON object."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.organisms.bank.catalogue import SMOKE, bank

        entries = [entry for entry in bank() if not self.smoke or entry.name in SMOKE]
        if self.action == "list":
            if self.json:
                console.result(json_format.dumps({"agents": [asdict(entry) for entry in entries]}, indent=2))
            else:
                console.result(_listed(entries))
            return 0
        check_writable(self.out)
        if self.action == "build":
            from mesascope.organisms.bank.making import make

            with resumable(self.out), console.progress("Building the bank") as progress:
                for place, entry in enumerate(entries):
                    progress(entry.name, place / len(entries))
                    make(entry, self.out / "agents")
            files = sorted((self.out / "agents").glob("*.safetensors"))
            size = sum(file.stat().st_size for file in files) / 2**20
            if self.json:
                console.result(json_format.dumps({"agents": len(entries), "files": len(files), "mebibytes": size}))
            else:
                console.result(
                    f"{len(entries)} agents, {len(files)} trained parts, {size:.1f} MiB in {self.out}/agents"
                )
            return 0
        from mesascope.organisms.bank.judging import calibration
        from mesascope.organisms.bank.scoring import score_bank
        from mesascope.organisms.bank.summary import summary, summary_text

        # Weights are worked out from whatever scores lie there, so that any run of this may replace those of another.
        folder = claim(self.out, {"verb": "bank score"}, files=(CALIBRATION,), force=None)
        with resumable(self.out), console.progress("Scoring the bank") as progress:
            scores = score_bank(entries, self.out, processes=self.processes, progress=progress)
        found = summary(scores)
        if found["judged"] is not None:
            (written,) = folder.write({CALIBRATION: json_format.dumps(calibration(scores), indent=1) + "\n"})
            console.note(f"Weights fitted on all of them: {written}")
        console.result(json_format.dumps(found, indent=2) if self.json else summary_text(found))
        return 0


def _depth(entry: BankAgent) -> str:
    return f"{entry.simulations} simulations" if entry.simulations else str(entry.depth or "-")


def _listed(entries: Sequence[BankAgent]) -> str:
    rows = [("agent", "kind", "depth", "present", "used", "represented", "distilled from")]
    for entry in entries:
        present, used, represented = (
            "yes" if mark else "no" for mark in (entry.present, entry.used, entry.represented)
        )
        depth, teacher = _depth(entry), entry.teacher or ""
        rows.append((entry.name, entry.kind, depth, present, used, represented, teacher))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", f"{len(entries)} agents"])
