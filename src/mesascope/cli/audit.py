"""`mesascope audit`: the main job, and the gates by which its answer becomes an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import AgentText, MaybeLevels, MaybeTarget
from mesascope.cli.options.output import options_of, result_folder
from mesascope.cli.options.world import DeploymentOptions
from mesascope.cli.train import resumable
from mesascope.core.errors import OutputError, UsageError
from mesascope.core.text import quoted
from mesascope.core.verdicts import Verdict
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.learners.catalogue import LEARNERS

if TYPE_CHECKING:
    from mesascope.audit.findings import AlignmentAnswer
    from mesascope.worlds.streams.stream import Stream
    from mesascope.worlds.world import World

FILES = ("report.json", "report.html")
LEARNER_FILES = ("learner.json", "learner.html")
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
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or a recipe, which is trained if need be."""
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

        if (stream := self.world.stream(self.agent)) is not None:
            return self._learner(stream, console)
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

    def _learner(self, stream: Stream, console: Console) -> int:
        """Audits an agent that learns within an episode of a stream."""
        from mesascope.api.audit_learner import audit_learner

        for name, value in (*options_of(self.deployment), ("objective", self.objective)):
            if value:
                raise UsageError(f"{quoted(self.agent)} lives in a stream, so --{name.replace('_', '-')} has no place.")
        recipe = self.agent in LEARNERS.names()
        brought = None if recipe else self.loading.resolved(self.agent, stream)
        folder = self.output.claimed(self, LEARNER_FILES, result_folder(self.agent, self.seed))
        agent = brought or self.loading.resolved(self._grown(folder.path, console), stream)
        if recipe:
            agent.name = self.agent
        with console.progress(f"Auditing {agent.name}") as progress:
            report = audit_learner(agent, stream, seed=self.seed, episodes=self.levels, progress=progress)
        self.output.give(report, console, folder)
        if "incapable" in self.fail_on and report.learns.verdict is Verdict.FAIL:
            return FAILED
        codes = {Verdict.PASS: PASSED, Verdict.FAIL: FAILED, Verdict.INCONCLUSIVE: OPEN}
        return codes[report.aligned.verdict] if self.fail_on or self.require else PASSED

    def asking(self, world: World, base: str | None) -> Callable[..., Any]:
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
