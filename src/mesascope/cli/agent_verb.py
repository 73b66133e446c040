"""Verbs that ask something about an agent in its world: what they take, and the way from there to a report."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, Seed
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import WorldOptions

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World


@dataclass(frozen=True)
class AgentVerb(abc.ABC):
    """A verb that puts a question to an agent and saves a report.

    A concrete one adds options of its own and says how it asks. A result may be replaced by the same command, and one
    about anything else only with --force.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    seed: Seed = 0
    """Of the organism, and of levels and everything drawn."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    name: ClassVar[str]
    """Of the files that it writes, before the ending."""
    purpose: ClassVar[str]
    """What it is for, as in "to audit", where the world is missing."""
    title: ClassVar[str]
    """What it does, before the name of the agent, while it runs."""
    endings: ClassVar[tuple[str, ...]] = ("json", "html")
    """Of its files."""
    written_unasked: ClassVar[bool] = True
    """Whether there are files without --out, too."""

    def run(self, console: Console) -> int:
        self.answered(console)
        return 0

    def answered(self, console: Console) -> SavedReport:
        """Asks the agent, saves and prints the report, and returns it."""
        world, base = self.world.chosen(self.agent, to=self.purpose)
        ask = self.asking(world, base)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        return self.saved(console, agent.name, partial(ask, agent))

    def saved(self, console: Console, agent: str, ask: Callable[..., SavedReport]) -> SavedReport:
        """Makes a report, saves, prints and returns it.

        **Arguments:**

        - `console`: where it is printed.
        - `agent`: its name.
        - `ask`: makes the report, called with `progress`.
        """
        place = result_folder(self.agent, self.seed, self.name) if self.written_unasked else None
        folder = self.output.claimed(self, tuple(f"{self.name}.{ending}" for ending in self.endings), place)
        with console.progress(f"{self.title} {agent}") as progress:
            report = ask(progress=progress)
        self.output.give(report, console, folder)
        return report

    @abc.abstractmethod
    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        """Returns the function of an agent and its `progress` that asks; a wrong name leaves nothing behind on disk.

        **Arguments:**

        - `world`: where.
        - `base`: its base objective, `None` for the world's own.

        **Raises:** `UsageError` for whatever can be told to be wrong before the agent is asked.
        """
