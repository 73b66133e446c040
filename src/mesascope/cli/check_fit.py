"""`mesascope check fit`: does a world show an agent what it was trained on?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, Seed
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.options.world import WorldOptions, chosen_world
from mesascope.core.errors import UsageError
from mesascope.core.quantities import Whole
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.worlds.world import World

LEVELS: int = 48
MOST_LEVELS = Whole(2, 4096)


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
        console.result(json.dumps(asdict(found), indent=2) if self.output.json else str(found))
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
