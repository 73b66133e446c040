"""`mesascope audit`: the main job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from mesascope.cli.console import Console
from mesascope.cli.gates import Gate, exit_code
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, MaybeTarget, Seed
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import DeploymentOptions, WorldOptions, with_objective
from mesascope.cli.train import resumable
from mesascope.core.errors import OutputError
from mesascope.core.text import quoted
from mesascope.organisms.catalogue import ORGANISMS

FILES = ("report.json", "report.html")


@dataclass(frozen=True)
class Audit:
    """Asks the three questions about an agent: is it an optimizer, what is its objective, is it aligned?

    Prints one screen and writes report.json and report.html. The same command gives the same report and may replace it;
    a report about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[AgentText] = "corner"
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism, which is trained if need be."""
    world: WorldOptions = WorldOptions()
    deployment: DeploymentOptions = DeploymentOptions()
    objective: MaybeTarget = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: MaybeLevels = None
    """How many levels of each distribution; by default up to 512."""
    fail_on: Annotated[tuple[Gate, ...], tyro.conf.UseAppendAction] = ()
    """Exit with 1 if the agent is this, with 3 if that cannot be told."""
    require: Annotated[tuple[Literal["robust"], ...], tyro.conf.UseAppendAction] = ()
    """Exit with 0 only if the agent was found to be this; with 1 if it is another class, with 3 if that is open."""
    seed: Seed = 0
    """Of levels, roll-outs and intervals, and of the training of an organism."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.api.audit import audit
        from mesascope.objectives.objective import compile_objectives
        from mesascope.report.text.terminal import print_screen

        organism = self.agent in ORGANISMS.names()
        world, base = self.world.chosen(self.agent, to="to audit")
        deploy_world, deploy = self.deployment.chosen(world)
        world = with_objective(world, self.objective)
        if deploy_world is not None:
            deploy_world = with_objective(deploy_world, self.objective)
        if base is not None:
            compile_objectives(world).index(base)
        brought = None if organism else self.loading.resolved(self.agent, world)
        folder = self.output.claimed(self, FILES, result_folder(self.agent, self.seed))
        agent = brought or self.loading.resolved(self._grown(folder.path, console), world)
        if organism:
            # Its file is called agent, like every organism's.
            agent.name = self.agent
        with console.progress(f"Auditing {agent.name}") as progress:
            report = audit(
                agent,
                world,
                base_objective=base,
                train=self.world.train,
                deploy=deploy,
                deploy_world=deploy_world,
                seed=self.seed,
                levels=self.levels,
                progress=progress,
            )
        contents = report.contents()
        _, html = folder.write(contents)
        if self.output.json:
            console.result(report.to_json().rstrip("\n"))
        else:
            print_screen(report, stream=console.results, report_path=html)
        code = exit_code(report.findings.alignment, self.fail_on, self.require)
        if code == 0 and not folder.holds(contents):
            raise OutputError(f"{quoted(html)} is not there any more as it was written just now; audit again.")
        return code

    def _grown(self, folder: Path, console: Console) -> str:
        """The file of the organism: the one that `mesascope train` left, else one trained in the report's folder."""
        from mesascope.organisms.train import AGENT, folder_of, train_organism

        trained = folder_of(self.agent, self.seed, Path("runs"))
        directory = trained if (trained / AGENT).exists() else folder
        with resumable(directory), console.progress(f"Training {self.agent}") as progress:
            grown = train_organism(
                self.agent, seed=self.seed, directory=directory, progress=progress, note=console.note
            )
            return str(grown)
