"""`mesascope search`: the first question alone."""

from __future__ import annotations

from dataclasses import dataclass

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, MaybeName, Seed
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import DeploymentOptions, WorldOptions

FILES = ("search.json", "search.html")


@dataclass(frozen=True)
class Search:
    """Asks the first question alone: does it search, are its choices the result, how far does it look ahead?

    Prints the three verdicts with the assays behind them, and writes search.json and search.html. They are those of an
    audit with the same seed: choices are judged by the objective that explains them best, or by --own. The same
    command may replace its own result; one about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    deployment: DeploymentOptions = DeploymentOptions()
    own: MaybeName = None
    """The objective by which its choices are judged; by default what they are attributed to, as in an audit."""
    levels: MaybeLevels = None
    """How many levels of each distribution; by default up to 512."""
    seed: Seed = 0
    """Of levels and everything drawn."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.api.search import search
        from mesascope.api.subject import check_named
        from mesascope.report.text.kind_texts import search_text

        world, base = self.world.chosen(self.agent, to="to look for a search in")
        deploy_world, deploy = self.deployment.chosen(world)
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        check_named(world, base, self.own)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        folder = self.output.claimed(self, FILES, result_folder(self.agent, self.seed, "search"))
        with console.progress(f"Looking for a search in {agent.name}") as progress:
            report = search(
                agent,
                world,
                own=self.own,
                base_objective=base,
                train=self.world.train,
                deploy=deploy,
                deploy_world=deploy_world,
                levels=self.levels,
                seed=self.seed,
                progress=progress,
            )
        paths = folder.write(report.contents())
        if self.output.json:
            console.result(report.to_json().rstrip())
        else:
            console.result(search_text(report, width=console.width))
        for path in paths:
            console.note(f"Report  {path}")
        return 0
