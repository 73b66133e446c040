"""`mesascope search`: the first question alone."""

from __future__ import annotations

import hashlib
import json as json_format
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.agent_choice import chosen_agent
from mesascope.cli.choices import chosen_shift, chosen_world
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.output_folder import claim
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.organisms.catalogue import ORGANISMS

if TYPE_CHECKING:
    from mesascope.worlds.world import World

RESULT = "search.json"
NOT_INPUTS = ("out", "force", "json", "quiet")
"""Fields that the result does not depend on."""


@dataclass(frozen=True)
class Search(Command):
    """Asks the first question alone: does it search, are its choices the result, how far does it look ahead?

    Prints the three verdicts with the assays behind them, and writes search.json and search.html. They are those of an
    audit with the same seed: choices are judged by the objective that explains them best, or by --objective. The same
    command may replace its own result; one about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[str]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it was trained: built in, gym:<id>, or module:Class. An organism brings its own."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    train: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The distribution it was trained on; by default the world's first."""
    base: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The base objective, by which it is judged where no candidate explains its choices; by default the world's own."""
    deploy: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it is deployed: a distribution of the world, or another world; by default the world's last distribution."""
    deploy_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world of deployment."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """What it pursues; by default what its choices are attributed to, as in an audit."""
    levels: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """How many levels of each distribution; by default up to 512."""
    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    seed: int = 0
    """Of levels and everything drawn."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Where the result goes; by default runs/AGENT-SEED-search."""
    force: bool = False
    """Replace a result about something else."""
    json: bool = False
    """Print the result as JSON instead of text."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.audit.search.battery import search_battery
        from mesascope.audit.search.decision import optimizer_answer
        from mesascope.audit.search.examination import examinee
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.report.search_page import SearchReport
        from mesascope.report.search_text import search_text

        watch = Stopwatch()
        if self.levels is not None and self.levels < 1:
            raise UsageError(f"--levels {self.levels}: at least 1 is needed.")
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed} is negative; use 0 or more.")
        world, base = self._where()
        deploy_world, deploy = chosen_shift(world, self.deploy, self.deploy_option)
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        self._check_objectives(world, base)
        agent = chosen_agent(self.agent, world, seed=self.seed, trust_pickle=self.trust_pickle)
        folder = claim(self._folder(), self._request(), result=RESULT, force=self.force)
        with console.progress(f"Looking for a search in {agent.name}") as progress:
            progress("watching the agent", 0.0)
            given = examinee(
                agent,
                world,
                objective=self.objective,
                base_objective=base,
                train=self.train,
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
            objective=given.train.ground.objectives.names[given.objective],
            objective_from="attribution" if self.objective is None else "choice",
            levels=max(given.train.ground.levels.count, given.after.ground.levels.count),
            seed=self.seed,
            answer=optimizer_answer(evidence),
            evidence=evidence,
            provenance=provenance(seed=self.seed, watch=watch),
        )
        folder.seal()
        paths = report.save(folder.path)
        if self.json:
            console.result(json_format.dumps(report.data(), indent=2, ensure_ascii=False))
        else:
            console.result(search_text(report, width=console.width))
        for path in paths:
            console.note(f"Report  {path}")
        return 0

    def _where(self) -> tuple[World, str]:
        if self.agent in ORGANISMS.names():
            if self.world is not None or self.world_option or self.base is not None or self.train is not None:
                raise UsageError(f"Organism '{self.agent}' brings its own world and base objective.")
            organism = ORGANISMS.load(self.agent)
            return organism.world, organism.objective
        if self.world is None:
            raise UsageError(
                f"To look for a search in '{self.agent}', name the world in which it was trained with --world; "
                "`mesascope list` shows them."
            )
        world = chosen_world(self.world, self.world_option)
        return world, world.base_objective if self.base is None else self.base

    def _check_objectives(self, world: World, base: str) -> None:
        from mesascope.objectives.objective import compile_objectives

        known = compile_objectives(world).names
        for name in (base, base if self.objective is None else self.objective):
            if name not in known:
                raise UnknownNameError(f"objective of world '{world.name}'", name, known)

    def _folder(self) -> Path:
        if self.out is not None:
            return self.out
        name = Path(self.agent).stem if Path(self.agent).exists() else self.agent
        return Path("runs") / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.')}-{self.seed}-search"

    def _request(self) -> dict:
        request = {key: value for key, value in asdict(self).items() if key not in NOT_INPUTS}
        request = {key: list(value) if isinstance(value, tuple) else value for key, value in request.items()}
        file = Path(self.agent)
        if file.is_file():
            # Another agent under the same name is another question.
            with file.open("rb") as content:
                request["agent_sha256"] = hashlib.file_digest(content, "sha256").hexdigest()
        return request
