"""`mesascope check`: known answers, the contract of a world, an assay on the bank, whether a world fits an agent."""

from __future__ import annotations

import itertools
import json as json_format
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.bank import AGENTS, BANK
from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeFolder, MaybeLevels, Name, Pairs, Seed, option
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.options.world import WorldOptions, chosen_world
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.quantities import TEXT, Whole
from mesascope.core.text import quoted, shown

if TYPE_CHECKING:
    from mesascope.audit.assay import Assay
    from mesascope.organisms.bank.assay_check import AssayCheck
    from mesascope.theory.known_answer import KnownAnswer, Recomputed
    from mesascope.worlds.world import World

LEVELS: int = 48
MOST_LEVELS = Whole(2, 4096)
MARGIN = 6
"""Columns that a verdict takes, and by which what explains a row is indented."""


@dataclass(frozen=True)
class CheckAnswers:
    """Recomputes every known answer that the paper rests on; each must come out as stated (exit code 1 otherwise)."""

    section: Annotated[str, *option(TEXT, "NUMBER")] = ""
    """Only the known answers of this section of the paper, such as 4 or 4.5."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.theory.catalogue import KNOWN_ANSWERS
        from mesascope.theory.known_answer import in_section

        return recomputed(in_section(KNOWN_ANSWERS, self.section), console, json=self.output.json)


def recomputed(answers: Sequence[KnownAnswer], console: Console, *, json: bool) -> int:
    """Recomputes known answers, prints them, and returns the exit code: 1 if one does not come out as stated.

    **Arguments:**

    - `answers`: in the order of sections.
    - `console`: to print to.
    - `json`: whether as a JSON object instead of a table.
    """
    from mesascope.theory.known_answer import recompute, summary

    with console.progress("Recomputing known answers") as progress:
        found = recompute(answers, progress=progress)
    counts = summary(found)
    if json:
        console.result(json_format.dumps(counts, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        console.result(known_answers_text(found, console.width))
    return 1 if counts["failed"] else 0


def known_answers_text(found: Sequence[Recomputed], width: int) -> str:
    """Returns the tables, and one last line with how many passed.

    **Arguments:**

    - `found`: in the order of sections.
    - `width`: columns of the terminal; numbers are never wrapped, so tables are at least as wide as those.
    """
    name_width = max(len(one.answer.id) for one in found)
    from mesascope.theory.catalogue import SECTIONS

    lines = [f"{'':{MARGIN}}{'id':{name_width}}  {'expected':>12} {'computed':>12} {'difference':>10} {'tolerance':>9}"]
    for section, rows in itertools.groupby(found, key=lambda one: one.answer.section):
        lines += ["", f"§{section}  {SECTIONS.get(section, '')}".rstrip()]
        for one in rows:
            lines += _row(one, name_width, width)
    passed = sum(one.passed for one in found)
    seconds = sum(one.seconds for one in found)
    lines += ["", f"{passed} of {len(found)} known answers passed, {len(found) - passed} failed ({seconds:.1f} s)"]
    return "\n".join(lines)


def _row(one: Recomputed, name_width: int, width: int) -> list[str]:
    answer = one.answer
    computed = "none" if one.computed is None else f"{one.computed:.8g}"
    difference = "none" if one.difference is None else "0" if one.difference == 0 else f"{one.difference:.1e}"
    numbers = f"{answer.expected:12.8g} {computed:>12} {difference:>10} {answer.tolerance:9.0e}"
    if answer.tolerance == 0:
        numbers = f"{answer.expected:12.8g} {computed:>12} {difference:>10} {'exact':>9}"
    words = [f"{answer.statement} ({answer.source})"]
    if answer.published is not None:
        words.append(f"printed: {answer.published:g}")
    words += [text for text in (answer.remark, one.reason) if text]
    wrapped = textwrap.wrap("; ".join(words), max(30, width - MARGIN), break_on_hyphens=False)
    first = f"{'pass' if one.passed else 'FAIL':{MARGIN}}{answer.id:{name_width}}  {numbers}"
    return [first, *(" " * MARGIN + line for line in wrapped)]


@dataclass(frozen=True)
class CheckWorld:
    """Tests that a world keeps the contract that audits rely on (exit code 1 if it does not)."""

    world: tyro.conf.Positional[Name]
    """Built in, gym:<id>, or module:Class for your own."""
    world_option: Pairs = ()
    """An option of the world."""
    seed: Seed = 0
    """Of the levels that are looked at."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        world = chosen_world(self.world, self.world_option)
        from mesascope.core.random import root_key
        from mesascope.worlds.check import check_world

        results = check_world(world, key=root_key(self.seed))
        failed = sum(not result.passed for result in results)
        if self.output.json:
            checks = [asdict(result) for result in results]
            console.result(json_format.dumps({"world": self.world, "failed": failed, "checks": checks}, indent=2))
        else:
            lines = [f"{'pass' if result.passed else 'FAIL'}  {result.name}: {result.message}" for result in results]
            console.result("\n".join([*lines, f"{len(results) - failed} passed, {failed} failed"]))
        return 1 if failed else 0


@dataclass(frozen=True)
class CheckAssay:
    """Says how well an assay tells agents that search from those that do not, on agents of the bank."""

    assay: tyro.conf.Positional[Name]
    """One of the first question, or module:attribute for your own, an Assay."""
    all: bool = False
    """Run it on the whole bank instead of a dozen agents."""
    bank: MaybeFolder = None
    """Where trained parts and scores are kept; by default runs/bank."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.organisms.bank.assay_check import check_assay
        from mesascope.organisms.bank.catalogue import SMOKE, bank

        assay = _assay(self.assay)
        entries = [entry for entry in bank() if self.all or entry.name in SMOKE]
        with console.progress(f"Checking {self.assay}") as progress:
            found = check_assay(assay, entries, (self.bank or BANK) / AGENTS, progress=progress)
        if self.output.json:
            console.result(json_format.dumps(_data(self.assay, found), indent=2))
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


def _assay(name: str) -> Assay:
    from mesascope.audit.assay import ASSAYS, SEARCH, Assay, assays_of
    from mesascope.core.registry import load_named_by_user

    if ":" not in name:
        known = [assay.name for assay in assays_of(*SEARCH)]
        if name not in known:
            raise UnknownNameError("assay of the first question", name, known)
        return ASSAYS.load(name)
    assay = load_named_by_user(name)
    if not isinstance(assay, Assay):
        kind = shown(type(assay).__name__, limit=80)
        raise UsageError(f"{quoted(name)} is no Assay (mesascope.audit.assay) but of type {kind}.")
    return assay


def _data(name: str, found: AssayCheck) -> dict:
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
    numbers = {key: getattr(found, key) for key in ("auroc", "measured", "passed", "passed_wrongly")}
    return {"assay": name, **numbers, "agents": rows}


@dataclass(frozen=True)
class CheckFit:
    """Says whether a world shows an agent what it was trained on, and if not, under which change it would.

    Its competence is measured as the world shows itself, and under changes of scale, axes, channels, actions and
    distribution, the best first (exit code 1 unless it fits as shown).
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    levels: MaybeLevels = None
    """How many fresh levels the best views are measured in, 2 or more; by default 48."""
    seed: Seed = 0
    """Of levels, and of the organism."""
    loading: LoadingOptions = LoadingOptions()
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.audit.fit.check_fit import check_fit
        from mesascope.audit.fit.fit import AS_SHOWN

        levels = LEVELS if self.levels is None else self.levels
        MOST_LEVELS.check(levels, "--levels")
        if self.loading.view:
            raise UsageError("--view says how the world is shown, which is what is looked for here; leave it out.")
        agent, world = self._subject()
        with console.progress(f"Checking {self.agent}") as progress:
            found = check_fit(
                agent,
                world,
                base_objective=self.world.base,
                train=self.world.train,
                levels=levels,
                seed=self.seed,
                progress=progress,
                **self.loading.loading,
            )
        console.result(json_format.dumps(asdict(found), indent=2) if self.output.json else str(found))
        return 0 if found.verdict == AS_SHOWN else 1

    def _subject(self) -> tuple[str, World]:
        """Returns the agent, an organism as its file, and the world, which need not be its own."""
        from mesascope.organisms.catalogue import ORGANISMS
        from mesascope.organisms.train import AGENT, folder_of

        agent, world, options = self.agent, self.world.world, self.world.world_option
        if world is None and options:
            raise UsageError("--world-option is about the world that --world names; name it.")
        if agent in ORGANISMS.names():
            file = str(folder_of(agent, self.seed, Path("runs")) / AGENT)
            return file, ORGANISMS.load(agent).world if world is None else chosen_world(world, options)
        if world is None:
            raise UsageError(f"In which world? Name it: mesascope check fit {quoted(agent)} --world NAME.")
        return agent, chosen_world(world, options)
