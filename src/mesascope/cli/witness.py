"""`mesascope witness`: the worst level in which an agent is still able, shrunk to what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeName, Seed, Share, option
from mesascope.cli.options.output import OutputOptions
from mesascope.cli.options.world import WorldOptions
from mesascope.core.quantities import Whole

FILES = ("witness.json", "witness.html", "witness.svg")


@dataclass(frozen=True)
class WitnessVerb:
    """Searches for the level in which an agent gives away most of the base objective while it is able at its own.

    Levels are sampled and edited, the worst shrunk to the walls and objects that it takes, and evaluated once more from
    its text. Prints the level before and after; with --out also writes witness.json, witness.html and witness.svg.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    own: MaybeName = None
    """The objective at which it must be able; by default what its choices are attributed to, as in an audit."""
    distribution: MaybeName = None
    """That levels are sampled from; by default the world's last."""
    floor: Share = 0.6
    """Least capability at its own objective in a level that counts: 1 is optimal, 0 is chance."""
    measure: Literal["absolute", "normalised"] = "absolute"
    """Of regret: in units of the objective, or by what lies between the optimum and chance."""
    budget: Annotated[int, *option(Whole(1, 2**20), "INT")] = 4096
    """Levels to evaluate."""
    seed: Seed = 0
    """Of levels and edits."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.api.subject import check_named
        from mesascope.api.witness import witness
        from mesascope.report.text.kind_texts import witness_text
        from mesascope.report.text.level_text import glyphs_for

        world, _ = self.world.chosen(self.agent, to="to look for a witness against")
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        check_named(world, self.world.base, self.own)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        folder = self.output.claimed(self, FILES)
        with console.progress(f"Looking for the worst level of {agent.name}") as progress:
            report = witness(
                agent,
                world,
                own=self.own,
                base_objective=self.world.base,
                distribution=self.distribution,
                floor=self.floor,
                measure=self.measure,
                budget=self.budget,
                seed=self.seed,
                progress=progress,
            )
        if self.output.json:
            console.result(report.to_json().rstrip())
        else:
            console.result(witness_text(report, width=console.width, glyphs=glyphs_for(console.encoding)))
        if folder is not None:
            for path in folder.write(report.contents()):
                console.note(f"Written  {path}")
        return 0
