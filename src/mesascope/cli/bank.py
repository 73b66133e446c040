"""`mesascope bank`: agents of which it is known whether they search."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeFolder, Processes
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.output_folder import check_writable, claim
from mesascope.cli.train import resumable

if TYPE_CHECKING:
    from mesascope.organisms.bank.catalogue import BankAgent

BANK = Path("runs/bank")
AGENTS = "agents"
CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class BankOptions:
    """Which agents of the bank, and where it lies."""

    smoke: bool = False
    """A dozen agents only."""
    bank: MaybeFolder = None
    """Where trained parts and scores are kept; by default runs/bank."""

    @property
    def folder(self) -> Path:
        """Where the bank lies."""
        return self.bank or BANK

    def agents(self) -> list[BankAgent]:
        """Returns what is chosen of the bank."""
        from mesascope.organisms.bank.catalogue import SMOKE, bank

        return [entry for entry in bank() if not self.smoke or entry.name in SMOKE]


@dataclass(frozen=True)
class BankList:
    """Lists the bank: planners, clones that do as they do, decoys and reflexes, with what is true of each."""

    smoke: bool = False
    """A dozen agents only."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        entries = BankOptions(self.smoke).agents()
        if self.output.json:
            console.result(json_format.dumps({"agents": [asdict(entry) for entry in entries]}, indent=2))
        else:
            console.result(_listed(entries))
        return 0


@dataclass(frozen=True)
class BankBuild:
    """Trains what the agents of the bank are made of. What was built stays; the same command goes on after a stop."""

    agents: BankOptions = BankOptions()
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.organisms.bank.build import build_agent

        entries, folder = self.agents.agents(), self.agents.folder
        check_writable(folder)
        with resumable(folder), console.progress("Building the bank") as progress:
            for place, entry in enumerate(entries):
                progress(entry.name, place / len(entries))
                build_agent(entry, folder / AGENTS)
        files = sorted((folder / AGENTS).glob("*.safetensors"))
        size = sum(file.stat().st_size for file in files) / 2**20
        if self.output.json:
            console.result(json_format.dumps({"agents": len(entries), "files": len(files), "mebibytes": size}))
        else:
            console.result(f"{len(entries)} agents, {len(files)} trained parts, {size:.1f} MiB in {folder}/{AGENTS}")
        return 0


@dataclass(frozen=True)
class BankScore:
    """Runs every assay on every agent of the bank, and judges the decision on matched pairs.

    Its weights are fitted on other architectures and other worlds than those that they judge. What was built and scored
    stays; the same command goes on after a stop.
    """

    agents: BankOptions = BankOptions()
    processes: Processes = 2
    """Agents that are scored side by side."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.organisms.bank.cross_validation import calibration
        from mesascope.organisms.bank.scoring import score_bank
        from mesascope.organisms.bank.summary import summary, summary_text

        entries, place = self.agents.agents(), self.agents.folder
        # Weights are worked out from whatever scores lie there, so that any run of this may replace those of another.
        folder = claim(place, {"verb": "bank score"}, files=(CALIBRATION,), force=None)
        with resumable(place), console.progress("Scoring the bank") as progress:
            scores = score_bank(entries, place, processes=self.processes, progress=progress)
        found = summary(scores)
        if found["judged"] is not None:
            (written,) = folder.write({CALIBRATION: json_format.dumps(calibration(scores), indent=1) + "\n"})
            console.note(f"Weights fitted on all of them: {written}")
        console.result(json_format.dumps(found, indent=2) if self.output.json else summary_text(found))
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
