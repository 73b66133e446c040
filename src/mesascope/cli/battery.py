"""`mesascope battery`: what kind of alignment it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, Seed, option
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import WorldOptions
from mesascope.core.quantities import Real, Whole

FILES = ("battery.json", "battery.html")
LEVELS: int = 6
MOST_LEVELS = Whole(1, 1024)
"""In each condition."""
TO = "to test what kind of alignment there is in"


@dataclass(frozen=True)
class Battery:
    """Says what kind of alignment it is: robust, one of the paper's pseudo-alignments, deceptive, or none of these.

    Each test changes one thing: an edge of the world's causal graph, what is on offer, what the agent is told, or a
    slot inside it. Prints every test beside what the two likeliest classes predict, and writes battery.json and
    battery.html. In a world without switches the answer is INCONCLUSIVE. The same command may replace its own result;
    one about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    levels: MaybeLevels = None
    """How many levels in each condition, of which a test has three; by default 6."""
    tolerance: Annotated[float, *option(Real(0, 0.25, below_high=True), "SHARE")] = 0.03
    """What a score may lack and still be as good as can be, as a share of the optimum."""
    seed: Seed = 0
    """Of levels and roll-outs."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.api.classify import classify
        from mesascope.api.subject import check_named
        from mesascope.report.text.kind_texts import battery_text

        levels = LEVELS if self.levels is None else self.levels
        MOST_LEVELS.check(levels, "--levels")
        world, base = self.world.chosen(self.agent, to=TO)
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        check_named(world, base)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        folder = self.output.claimed(self, FILES, result_folder(self.agent, self.seed, "battery"))
        with console.progress(f"Testing {agent.name}") as progress:
            progress("every test", 0.1)
            report = classify(
                agent, world, base_objective=base, levels=levels, tolerance=self.tolerance, seed=self.seed
            )
        paths = folder.write(report.contents())
        if self.output.json:
            console.result(report.to_json().rstrip())
        else:
            console.result(battery_text(report, width=console.width))
        for path in paths:
            console.note(f"Report  {path}")
        return 0
