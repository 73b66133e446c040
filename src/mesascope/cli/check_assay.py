"""`mesascope check assay`: how well an assay tells agents that search from those that do not."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tyro

from mesascope.cli.bank import AGENTS, BANK
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeFolder, Name
from mesascope.cli.options.output import PrintOptions
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.text import quoted, shown

if TYPE_CHECKING:
    from mesascope.audit.assay import Assay
    from mesascope.organisms.bank.assay_check import AssayCheck


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
