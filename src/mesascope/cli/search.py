"""`mesascope search`: the first question alone."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, MaybeName, Seed
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import DeploymentOptions, WorldOptions
from mesascope.core.errors import UnknownNameError

if TYPE_CHECKING:
    from mesascope.worlds.world import World

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
        from mesascope.audit.search.battery import search_battery
        from mesascope.audit.search.decision import optimizer_answer
        from mesascope.audit.search.examination import examinee
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.report.pages.search_page import SearchReport
        from mesascope.report.text.search_text import search_text

        watch = Stopwatch()
        world, base = self.world.chosen(self.agent, to="to look for a search in")
        base = base or world.base_objective
        deploy_world, deploy = self.deployment.chosen(world)
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        self._check_objectives(world, base)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        folder = self.output.claimed(self, FILES, result_folder(self.agent, self.seed, "search"))
        with console.progress(f"Looking for a search in {agent.name}") as progress:
            progress("watching the agent", 0.0)
            given = examinee(
                agent,
                world,
                objective=self.own,
                base_objective=base,
                train=self.world.train,
                deploy=deploy,
                deploy_world=deploy_world,
                levels=self.levels,
                seed=self.seed,
            )
            evidence = search_battery(given, progress=lambda assay, share: progress(assay, 0.1 + 0.9 * share))
        report = SearchReport(
            agent=agent.name,
            agent_kind=agent.kind,
            world=world.name,
            world_options=world.options(),
            objective=given.train.level_set.objectives.names[given.objective],
            objective_from="attribution" if self.own is None else "choice",
            levels=max(given.train.level_set.levels.count, given.after.level_set.levels.count),
            seed=self.seed,
            answer=optimizer_answer(evidence),
            evidence=evidence,
            provenance=provenance(seed=self.seed, watch=watch),
        )
        paths = folder.write(report.contents())
        if self.output.json:
            console.result(json_format.dumps(report.data(), indent=2, ensure_ascii=False))
        else:
            console.result(search_text(report, width=console.width))
        for path in paths:
            console.note(f"Report  {path}")
        return 0

    def _check_objectives(self, world: World, base: str) -> None:
        from mesascope.objectives.objective import compile_objectives

        known = compile_objectives(world).names
        for name in (base, base if self.own is None else self.own):
            if name not in known:
                raise UnknownNameError(f"objective of world '{world.name}'", name, known)
