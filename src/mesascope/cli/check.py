"""`mesascope check`: recomputes known answers, tests a user's own world, or an assay against the bank."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from mesascope.cli.check_fit import check_fit
from mesascope.cli.console import Console
from mesascope.cli.options.agent import AgentCommand
from mesascope.cli.options.kinds import Folder, MaybeName, Name, Pairs, Seed, option
from mesascope.cli.options.world import chosen_world
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.quantities import TEXT, Whole
from mesascope.core.text import quoted, shown


@dataclass(frozen=True)
class Check(AgentCommand):
    """Recomputes every known answer that the paper rests on; each must come out as stated.

    With "world" it tests instead that a world keeps the contract; with "assay", how well an assay tells agents that
    search from those that do not; with "fit", whether a world shows an agent what it was trained on, and if not, under
    which change it would (exit code 1 unless it fits as shown).
    """

    kind: tyro.conf.Positional[Literal["answers", "world", "assay", "fit"]] = "answers"
    """What to test."""
    name: tyro.conf.Positional[Name] = ""
    """The world, assay or agent: module:attribute for your own. Your assay: a function from Examinee to Evidence."""
    world: MaybeName = None
    """Of fit: where the agent is said to have been trained."""
    world_option: Pairs = ()
    """An option of the world."""
    train: MaybeName = None
    """Of fit: the distribution it was trained on; by default the world's first."""
    base: MaybeName = None
    """Of fit: what it was trained on; by default the world's own."""
    levels: Annotated[int, *option(Whole(2, 4096), "INT")] = 48
    """Of fit: in how many fresh levels the best views are measured, 2 or more."""
    section: Annotated[str, *option(TEXT, "NUMBER")] = ""
    """Only the known answers of this section of the paper, such as 4 or 4.5."""
    all: bool = False
    """Run the assay on the whole bank instead of a dozen agents."""
    bank: Folder = Path("runs/bank")
    """Where the bank keeps its trained parts."""
    seed: Seed = 0
    """Of the levels of the world that are looked at."""
    json: bool = False
    """Print one JSON object."""
    quiet: bool = False
    """Leave out notes."""

    def run(self, console: Console) -> int:
        if self.kind != "fit" and (self.world or self.train or self.base or any(self.loading.values())):
            raise UsageError(
                "--world, --train, --base and how an agent is read (--trust-pickle, --deterministic, --vecnormalize, "
                "--frame-stack) are about the fit of an agent: check fit AGENT."
            )
        if self.kind == "answers":
            return self._known_answers(console)
        if self.section:
            raise UsageError("--section is about the known answers: leave it out, or leave out what else to test.")
        if not self.name:
            what = "agent" if self.kind == "fit" else self.kind
            raise UsageError(f"Which {what}? Name it: mesascope check {self.kind} NAME.")
        if self.kind == "fit":
            return check_fit(self, console)
        return self._world(console, self.name) if self.kind == "world" else self._assay(console, self.name)

    def _known_answers(self, console: Console) -> int:
        if self.all or self.world_option or self.name:
            raise UsageError(
                "A name, --all and --world-option are about worlds and assays; known answers are chosen by --section."
            )
        from mesascope.cli.known_answers_text import known_answers_text
        from mesascope.theory.catalogue import KNOWN_ANSWERS
        from mesascope.theory.known_answer import in_section, recompute, summary

        answers = in_section(KNOWN_ANSWERS, self.section)
        with console.progress("Recomputing known answers") as progress:
            found = recompute(answers, progress=progress)
        counts = summary(found)
        if self.json:
            console.result(json_format.dumps(counts, indent=2, ensure_ascii=False, allow_nan=False))
        else:
            console.result(known_answers_text(found, console.width))
        return 1 if counts["failed"] else 0

    def _world(self, console: Console, name: str) -> int:
        if self.all:
            raise UsageError("--all is about assays; a world is always tested whole.")
        world = chosen_world(name, self.world_option)
        from mesascope.core.random import root_key
        from mesascope.worlds.check import check_world

        results = check_world(world, key=root_key(self.seed))
        failed = sum(not result.passed for result in results)
        if self.json:
            checks = [asdict(result) for result in results]
            console.result(json_format.dumps({"world": name, "failed": failed, "checks": checks}, indent=2))
        else:
            lines = [f"{'pass' if result.passed else 'FAIL'}  {result.name}: {result.message}" for result in results]
            console.result("\n".join([*lines, f"{len(results) - failed} passed, {failed} failed"]))
        return 1 if failed else 0

    def _assay(self, console: Console, name: str) -> int:
        if self.world_option:
            raise UsageError("--world-option is about worlds; the bank brings its own.")
        from mesascope.audit.search.battery import BATTERY
        from mesascope.core.registry import load_named_by_user
        from mesascope.organisms.bank.assay_check import check_assay
        from mesascope.organisms.bank.catalogue import SMOKE, bank

        if ":" in name:
            assay = load_named_by_user(name)
            if not callable(assay):
                kind = shown(type(assay).__name__, limit=80)
                raise UsageError(f"{quoted(name)} is no function of an Examinee but of type {kind}.")
        elif name in BATTERY:
            assay = BATTERY[name]
        else:
            raise UnknownNameError("assay of the first question", name, BATTERY)
        entries = [entry for entry in bank() if self.all or entry.name in SMOKE]
        with console.progress(f"Checking {name}") as progress:
            found = check_assay(name, assay, entries, self.bank / "agents", progress=progress)  # pyright: ignore[reportArgumentType]
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
            console.result(json_format.dumps({"assay": name, **data, "agents": rows}, indent=2))
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
