"""`mesascope check`: tests a user's own world against the contract."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import tyro

from mesascope.cli.choices import chosen_world
from mesascope.cli.command import Command
from mesascope.cli.console import Console


@dataclass(frozen=True)
class Check(Command):
    """Tests that a world keeps the contract: shapes, probabilities, solvable levels, text form, objectives."""

    kind: tyro.conf.Positional[Literal["world"]]
    """What to test."""
    name: tyro.conf.Positional[str]
    """The world: module:Class for your own."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    seed: int = 0
    """Of the levels that are looked at."""
    json: bool = False
    """Print one JSON object."""
    quiet: bool = False
    """Leave out notes."""

    def run(self, console: Console) -> int:
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
