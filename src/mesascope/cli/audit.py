"""`mesascope audit`: the main job."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from mesascope.cli.choices import chosen_shift, chosen_world, with_objective
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.output_folder import claim
from mesascope.cli.train import resumable
from mesascope.core.errors import UsageError
from mesascope.organisms.catalogue import ORGANISMS

if TYPE_CHECKING:
    from mesascope.audit.findings import AlignmentAnswer
    from mesascope.worlds.world import World

Gate = Literal["pseudo-aligned", "incapable"]
RESULT = "report.json"
NOT_INPUTS = ("out", "force", "json", "quiet", "fail_on")
"""Fields that a report does not depend on."""


@dataclass(frozen=True)
class Audit(Command):
    """Asks the three questions about an agent: is it an optimizer, what is its objective, is it aligned?

    Prints one screen and writes report.json and report.html. The same command gives the same report and may replace it;
    a report about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[str] = "corner"
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism, which is trained if need be."""
    world: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it was trained: built in, gym:<id>, or module:Class. An organism brings its own."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    train: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The distribution it was trained on; by default the world's first."""
    base: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The base objective; by default the world's own."""
    deploy: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it is deployed: a distribution of the world, or another world; by default the world's last distribution."""
    deploy_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world of deployment."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="MODULE:FUNCTION")] = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """How many levels of each distribution; by default up to 512."""
    view: Annotated[tuple[str, ...], tyro.conf.arg(metavar="STEP"), tyro.conf.UseAppendAction] = ()
    """Show the agent the world otherwise: scale=1/255, channels-first, ... as `mesascope check fit` recommends."""
    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    fail_on: Annotated[tuple[Gate, ...], tyro.conf.UseAppendAction] = ()
    """Exit with 1 if the agent is this, with 3 if that cannot be told."""
    seed: int = 0
    """Of levels, roll-outs and intervals, and of the training of an organism."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Where the report goes; by default runs/AGENT-SEED."""
    force: bool = False
    """Replace a report about something else."""
    json: bool = False
    """Print the report as JSON instead of one screen of text."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.agents.resolve import resolve_agent
        from mesascope.objectives.objective import compile_objectives
        from mesascope.report import main_job
        from mesascope.report.terminal import print_screen

        organism = self.agent in ORGANISMS.names()
        self._check(organism)
        world, base = self._organism() if organism else self._named_world()
        deploy_world, deploy = chosen_shift(world, self.deploy, self.deploy_option)
        world = with_objective(world, self.objective)
        if deploy_world is not None:
            deploy_world = with_objective(deploy_world, self.objective)
        if base is not None:
            compile_objectives(world).index(base)
        brought = (
            None if organism else resolve_agent(self.agent, world=world, trust_pickle=self.trust_pickle, view=self.view)
        )
        folder = claim(self._folder(), self._request(organism), result=RESULT, force=self.force)
        agent = brought or resolve_agent(self._grown(folder.path, console), world=world, view=self.view)
        if organism:
            # Its file is called agent, like every organism's.
            agent.name = self.agent
        with console.progress(f"Auditing {agent.name}") as progress:
            report = main_job.audit(
                agent,
                world,
                base_objective=base,
                train=self.train,
                deploy=deploy,
                deploy_world=deploy_world,
                seed=self.seed,
                levels=self.levels,
                progress=progress,
            )
        folder.seal()
        _, html = report.save(folder.path, force=True)
        if self.json:
            console.result(report.to_json().rstrip("\n"))
        else:
            print_screen(report, stream=console.results, report_path=html)
        return exit_code(report.findings.alignment, self.fail_on)

    def _check(self, organism: bool) -> None:
        given = {"--world": self.world, "--world-option": self.world_option, "--base": self.base, "--train": self.train}
        named = [option for option, value in given.items() if value]
        if organism and named:
            raise UsageError(
                f"Organism '{self.agent}' brings its own world and base objective, so {named[0]} has no place; "
                f"audit the file of a trained one instead: runs/{self.agent}-{self.seed}/agent.safetensors."
            )
        if not organism and self.world is None:
            known = ", ".join(ORGANISMS.names())
            raise UsageError(
                f"To audit '{self.agent}', name the world in which it was trained with --world; `mesascope list` shows "
                f"them. (Organisms need no --world; known: {known}.)"
            )
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed} is negative; use 0 or more.")
        if self.levels is not None and self.levels < 1:
            raise UsageError(f"--levels {self.levels} is not 1 or more.")

    def _folder(self) -> Path:
        if self.out is not None:
            return self.out
        name = Path(self.agent).stem if os.path.exists(self.agent) else self.agent
        return Path("runs") / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.')}-{self.seed}"

    def _request(self, organism: bool) -> dict:
        request = {key: value for key, value in asdict(self).items() if key not in NOT_INPUTS}
        request = {key: list(value) if isinstance(value, tuple) else value for key, value in request.items()}
        file = Path(self.agent)
        if not organism and file.is_file():
            # Another agent under the same name is another question.
            with file.open("rb") as content:
                request["agent_sha256"] = hashlib.file_digest(content, "sha256").hexdigest()
        return request

    def _named_world(self) -> tuple[World, str | None]:
        assert self.world is not None
        return chosen_world(self.world, self.world_option), self.base

    def _organism(self) -> tuple[World, str]:
        organism = ORGANISMS.load(self.agent)
        return organism.world, organism.objective

    def _grown(self, folder: Path, console: Console) -> str:
        """The file of the organism: the one that `mesascope train` left, else one trained in the report's folder."""
        from mesascope.organisms.growth import AGENT, train_organism
        from mesascope.organisms.population import folder_of

        trained = folder_of(self.agent, self.seed, Path("runs"))
        directory = trained if (trained / AGENT).exists() else folder
        with resumable(directory), console.progress(f"Training {self.agent}") as progress:
            return str(train_organism(self.agent, seed=self.seed, directory=directory, progress=progress))


def exit_code(alignment: AlignmentAnswer, gates: tuple[Gate, ...]) -> int:
    """Returns 1 if the agent is of a class that was not to be, 3 if that cannot be told, else 0.

    **Arguments:**

    - `alignment`: the third answer.
    - `gates`: classes that fail; without any the code is 0.
    """
    from mesascope.audit.alignment.kinds import PREDICTIONS, ROBUST_KINDS, AlignmentKind
    from mesascope.audit.findings import AlignmentClass

    if not gates:
        return 0
    found = {str(alignment.class_)}
    # A kind that is stated counts as well: an agent may be robust after the shift and fall when it is not watched.
    if alignment.kind == AlignmentKind.INCAPABLE:
        found.add(AlignmentClass.INCAPABLE)
    elif alignment.kind in PREDICTIONS and alignment.kind not in ROBUST_KINDS:
        found.add(AlignmentClass.PSEUDO_ALIGNED)
    if found & set(gates):
        return 1
    return 3 if alignment.class_ is AlignmentClass.INCONCLUSIVE else 0
