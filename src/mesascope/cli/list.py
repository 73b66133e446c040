"""`mesascope list`: what there is to audit, to audit for, to train, and to audit with."""

from __future__ import annotations

import json as json_format
import textwrap
from dataclasses import dataclass
from typing import Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeName, option
from mesascope.cli.options.output import PrintOptions
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.quantities import TEXT
from mesascope.core.registry import Registry

DEFAULT = "corner"
KINDS = (
    "all",
    "worlds",
    "streams",
    "objectives",
    "options",
    "organisms",
    "learners",
    "optimizers",
    "remedies",
    "labellers",
    "assays",
)

Row = dict[str, str]


@dataclass(frozen=True)
class List:
    """Lists worlds, streams, organisms, learners, optimizers, remedies, labellers, assays; or what one world has.

    What one world has are its candidate objectives and its options.
    """

    what: tyro.conf.Positional[Annotated[str, *option(TEXT, "KIND")]] = "all"
    """What to list: all, worlds, streams, objectives, options, organisms, learners, optimizers, remedies, labellers or
    assays."""
    world: MaybeName = None
    """Whose objectives or options to list; by default corner."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        _check_kind(self.what)
        kinds = (
            tuple(kind for kind in KINDS[1:] if kind not in ("objectives", "options"))
            if self.what == "all"
            else (self.what,)
        )
        own = {"objectives": self._objectives, "options": self._options}
        found = {kind: own[kind]() if kind in own else _registered(kind) for kind in kinds}
        if self.output.json:
            console.result(json_format.dumps(found, indent=2, ensure_ascii=False))
            return 0
        console.result("\n\n".join(_table(kind, rows, console.width) for kind, rows in found.items()))
        if self.what == "all":
            console.note(
                "\nAlso: --world gym:<id> for Gymnasium, --world module:Class for your own. "
                "Candidate objectives of a world: mesascope list objectives --world corner; what --world-option takes: "
                "mesascope list options --world corner"
            )
        return 0

    def _objectives(self) -> list[Row]:
        from mesascope.worlds.catalogue import resolve_world

        world = resolve_world(self.world or DEFAULT)
        return [
            {"name": spec.name, "summary": spec.summary, "role": _role(spec.name, world.base_objective, spec.control)}
            for spec in world.objectives
        ]

    def _options(self) -> list[Row]:
        from mesascope.worlds.catalogue import resolve_world

        return [
            {"name": name, "summary": f"{value!s} by default" if value != "" else "empty by default"}
            for name, value in resolve_world(self.world or DEFAULT).options().items()
        ]


def _check_kind(what: str) -> None:
    from mesascope.worlds.catalogue import WORLDS

    if what in WORLDS.names():
        raise UsageError(
            f"'{what}' is a world. Its candidate objectives: mesascope list objectives --world {what}; what "
            f"--world-option takes: mesascope list options --world {what}"
        )
    if what not in KINDS:
        raise UnknownNameError("list", what, KINDS)


def _role(name: str, base: str, control: bool) -> str:
    return "base" if name == base else "control" if control else "candidate"


def _registered(kind: str) -> list[Row]:
    registry: Registry
    if kind == "worlds":
        from mesascope.worlds.catalogue import WORLDS as registry
    elif kind == "streams":
        from mesascope.worlds.streams.catalogue import STREAMS as registry
    elif kind == "learners":
        from mesascope.organisms.learners.catalogue import LEARNERS as registry
    elif kind == "organisms":
        from mesascope.organisms.catalogue import ORGANISMS as registry
    elif kind == "optimizers":
        from mesascope.training.catalogue import OPTIMIZERS as registry
    elif kind == "remedies":
        from mesascope.oversight.catalogue import REMEDIES as registry
    elif kind == "labellers":
        from mesascope.oversight.catalogue import LABELLERS as registry
    else:
        from mesascope.audit.assay import ASSAYS as registry
    return [{"name": entry.name, "summary": entry.summary, **dict(entry.details)} for entry in registry]


def _table(kind: str, rows: list[Row], width: int) -> str:
    name_width = max((len(row["name"]) for row in rows), default=0)
    lines = [kind]
    for row in rows:
        further = [value for key, value in row.items() if key not in ("name", "summary") and value != "candidate"]
        text = row["summary"] + (f" ({', '.join(further)})" if further else "")
        wrapped = textwrap.wrap(text, max(30, width - name_width - 4)) or [""]
        lines.append(f"  {row['name']:{name_width}}  {wrapped[0]}")
        lines += [" " * (name_width + 4) + line for line in wrapped[1:]]
    return "\n".join(lines)
