"""`mesascope check`: tests a user's own world against the contract, or an assay against the ground-truth bank."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from mesascope.cli.choices import chosen_world
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.core.errors import UnknownNameError, UsageError


@dataclass(frozen=True)
class Check(Command):
    """Tests that a world keeps the contract, or how well an assay tells agents that search from those that do not."""

    kind: tyro.conf.Positional[Literal["world", "assay"]]
    """What to test."""
    name: tyro.conf.Positional[str]
    """The world or assay: module:attribute for your own. Your assay: a function from Examinee to Evidence."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    all: bool = False
    """Run the assay on the whole bank instead of a dozen agents."""
    bank: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("runs/bank")
    """Where the bank keeps its trained parts."""
    seed: int = 0
    """Of the levels of the world that are looked at."""
    json: bool = False
    """Print one JSON object."""
    quiet: bool = False
    """Leave out notes."""

    def run(self, console: Console) -> int:
        return self._world(console) if self.kind == "world" else self._assay(console)

    def _world(self, console: Console) -> int:
        if self.all:
            raise UsageError("--all is about assays; a world is always tested whole.")
        world = chosen_world(self.name, self.world_option)
        from mesascope.core.random import root_key
        from mesascope.worlds.check import check_world

        results = check_world(world, key=root_key(self.seed))
        failed = sum(not result.passed for result in results)
        if self.json:
            checks = [asdict(result) for result in results]
            console.result(json_format.dumps({"world": self.name, "failed": failed, "checks": checks}, indent=2))
        else:
            lines = [f"{'pass' if result.passed else 'FAIL'}  {result.name}: {result.message}" for result in results]
            console.result("\n".join([*lines, f"{len(results) - failed} passed, {failed} failed"]))
        return 1 if failed else 0

    def _assay(self, console: Console) -> int:
        if self.world_option:
            raise UsageError("--world-option is about worlds; the bank brings its own.")
        from mesascope.audit.search.battery import BATTERY
        from mesascope.core.registry import load_target
        from mesascope.organisms.bank.assay_check import check_assay
        from mesascope.organisms.bank.catalogue import SMOKE, bank

        if ":" in self.name:
            assay = load_target(self.name)
            if not callable(assay):
                raise UsageError(f"'{self.name}' is no function of an Examinee but of type {type(assay).__name__}.")
        elif self.name in BATTERY:
            assay = BATTERY[self.name]
        else:
            raise UnknownNameError("assay of the first question", self.name, BATTERY)
        entries = [entry for entry in bank() if self.all or entry.name in SMOKE]
        with console.progress(f"Checking {self.name}") as progress:
            found = check_assay(self.name, assay, entries, self.bank / "agents", progress=progress)  # pyright: ignore[reportArgumentType]
        if self.json:
            rows = [
                {
                    "agent": entry.name,
                    "used": entry.used,
                    "verdict": str(one.verdict),
                    "effect": None if one.effect is None else one.effect.value,
                    "reason": one.reason,
                }
                for entry, one in found.rows
            ]
            data = {key: getattr(found, key) for key in ("auroc", "measured", "passed", "passed_wrongly")}
            console.result(json_format.dumps({"assay": self.name, **data, "agents": rows}, indent=2))
            return 0
        lines = [f"{'agent':34}{'uses a search':15}{'verdict':14}effect"]
        for entry, one in found.rows:
            effect = one.reason if one.effect is None else str(one.effect)
            lines.append(f"{entry.name:34}{'yes' if entry.used else 'no':15}{one.verdict!s:14}{effect}")
        auroc = "not measured on both sides" if found.auroc is None else f"{found.auroc:.2f}"
        lines += [
            "",
            f"AUROC {auroc}; measured in {found.measured:.0%}; PASS in {found.passed:.0%} of those that use a search "
            f"and in {found.passed_wrongly:.0%} of those that do not ({len(found.rows)} agents).",
        ]
        console.result("\n".join(lines))
        return 0
