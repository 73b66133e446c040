"""`mesascope check`: tests a user's own world against the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

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
