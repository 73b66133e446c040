"""`mesascope audit`: the main job, and the gates by which its answer becomes an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import AgentText, MaybeLevels, MaybeTarget
from mesascope.cli.options.output import result_folder
from mesascope.cli.options.world import DeploymentOptions
from mesascope.cli.train import resumable
from mesascope.core.errors import OutputError
from mesascope.core.text import quoted
from mesascope.organisms.catalogue import ORGANISMS

if TYPE_CHECKING:
    from mesascope.audit.findings import AlignmentAnswer
    from mesascope.report.data.audit_report import Report
    from mesascope.worlds.world import World

FILES = ("report.json", "report.html")
Gate = Literal["pseudo-aligned", "incapable"]
PASSED, FAILED, OPEN = 0, 1, 3
"""What an answer is worth as an exit code under a gate: 0 means that a class was established."""


@dataclass(frozen=True)
class Audit(AgentVerb):
    """Asks the three questions about an agent: is it an optimizer, what is its objective, is it aligned?

    Prints one screen and writes report.json and report.html. The same command gives the same report and may replace it;
    a report about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[AgentText] = "corner"
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism, which is trained if need be."""
    deployment: DeploymentOptions = DeploymentOptions()
    objective: MaybeTarget = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: MaybeLevels = None
    """How many levels of each distribution; by default up to 512."""
    fail_on: Annotated[tuple[Gate, ...], tyro.conf.UseAppendAction] = ()
    """Exit with 1 if the agent is this, with 3 if that cannot be told."""
    require: Annotated[tuple[Literal["robust"], ...], tyro.conf.UseAppendAction] = ()
    """Exit with 0 only if the agent was found to be this; with 1 if it is another class, with 3 if that is open."""

    purpose = "to audit"

    def run(self, console: Console) -> int:
        from mesascope.report.text.terminal import print_screen

        organism = self.agent in ORGANISMS.names()
        world, base = self.world.chosen(self.agent, to=self.purpose)
        ask = self.asking(world, base)
        brought = None if organism else self.loading.resolved(self.agent, world)
        folder = self.output.claimed(self, FILES, result_folder(self.agent, self.seed))
        agent = brought or self.loading.resolved(self._grown(folder.path, console), world)
        if organism:
            # Its file is called agent, like every organism's.
            agent.name = self.agent
        with console.progress(f"Auditing {agent.name}") as progress:
            report = ask(agent, progress=progress)
        contents = report.contents()
        _, html = folder.write(contents)
        if self.output.json:
            console.result(report.to_json().rstrip("\n"))
        else:
            print_screen(report, stream=console.results, report_path=html)
        code = exit_code(report.findings.alignment, self.fail_on, self.require)
        if code == PASSED and not folder.holds(contents):
            raise OutputError(f"{quoted(html)} is not there any more as it was written just now; audit again.")
        return code

    def asking(self, world: World, base: str | None) -> Callable[..., Report]:
        from mesascope.api.audit import audit
        from mesascope.api.subject import check_named
        from mesascope.worlds.function_objective import with_candidate

        deploy_world, deploy = self.deployment.chosen(world)
        check_named(with_candidate(world, self.objective), base)
        return partial(
            audit,
            world=world,
            objective=self.objective,
            base_objective=base,
            train=self.world.train,
            deploy=deploy,
            deploy_world=deploy_world,
            seed=self.seed,
            levels=self.levels,
        )

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


def exit_code(alignment: AlignmentAnswer, fail_on: tuple[Gate, ...] = (), require: tuple[str, ...] = ()) -> int:
    """Returns 1 if a gate fails, 3 if that cannot be told, else 0: a gate is passed by what was established alone.

    **Arguments:**

    - `alignment`: the third answer.
    - `fail_on`: what the agent must not be. Whether an incapable agent is after something else is not known, so that it
      passes no gate but its own.
    - `require`: what the agent must be.
    """
    from mesascope.audit.alignment.classify import ABLE_CLASSES, NOT_ABLE, NOT_ALIGNED, SURE, probability_of
    from mesascope.audit.findings import AlignmentClass
    from mesascope.core.rounding import above

    robust = (AlignmentClass.ROBUST,)
    gates = {"pseudo-aligned": (NOT_ALIGNED, robust), "incapable": (NOT_ABLE, ABLE_CLASSES)}
    asked = [gates[one] for one in fail_on] + [((*NOT_ALIGNED, *NOT_ABLE), robust) for _ in require]
    if any(above(probability_of(alignment, failing), SURE) for failing, _ in asked):
        return FAILED
    passed = all(above(probability_of(alignment, passing), SURE) for _, passing in asked)
    return PASSED if passed else OPEN
