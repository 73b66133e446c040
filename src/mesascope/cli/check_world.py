"""`mesascope check world`: does a world keep the contract that audits rely on?"""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, dataclass

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import Name, Pairs, Seed
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.options.world import chosen_world


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
