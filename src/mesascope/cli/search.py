"""`mesascope search`: the first question alone."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.agent_choice import chosen_agent
from mesascope.cli.choices import chosen_world
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.core.errors import UsageError
from mesascope.organisms.catalogue import ORGANISMS

if TYPE_CHECKING:
    from mesascope.worlds.world import World


@dataclass(frozen=True)
class Search(Command):
    """Asks the first question alone: does it search, are its choices the result, how far does it look ahead?

    Prints the three verdicts with the assays behind them. Choices are judged by --objective.
    """

    agent: tyro.conf.Positional[str]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it was trained: built in, gym:<id>, or module:Class. An organism brings its own."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """What it pursues; by default the world's base objective."""
    levels: int = 256
    """Levels before and after the shift, each."""
    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    seed: int = 0
    """Of levels and everything drawn."""
    json: bool = False
    """Print one JSON object."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.audit.search.battery import search_battery
        from mesascope.audit.search.decision import optimizer_answer
        from mesascope.audit.search.examination import examinee
        from mesascope.report.search_text import search_data, search_text

        if self.levels < 1:
            raise UsageError(f"--levels {self.levels}: at least 1 is needed.")
        world = self._world()
        agent = chosen_agent(self.agent, world, seed=self.seed, trust_pickle=self.trust_pickle)
        with console.progress(f"Looking for a search in {agent.name}") as progress:
            progress("watching the agent", 0.0)
            given = examinee(agent, world, objective=self.objective, levels=self.levels, seed=self.seed)
            evidence = search_battery(given, progress=lambda assay, share: progress(assay, 0.1 + 0.9 * share))
        answer = optimizer_answer(evidence)
        if self.json:
            data = search_data(agent.name, world.name, self.seed, answer, evidence)
            console.result(json_format.dumps(data, indent=2, ensure_ascii=False))
        else:
            console.result(search_text(agent.name, world.name, answer, evidence, width=console.width))
        return 0

    def _world(self) -> World:
        if self.agent in ORGANISMS.names():
            if self.world is not None or self.world_option:
                raise UsageError(f"Organism '{self.agent}' brings its own world.")
            return ORGANISMS.load(self.agent).world
        if self.world is None:
            raise UsageError(
                f"To look for a search in '{self.agent}', name the world in which it was trained with --world; "
                "`mesascope list` shows them."
            )
        return chosen_world(self.world, self.world_option)
