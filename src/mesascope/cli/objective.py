"""`mesascope objective`: recover an agent's objective, say what stays open, and ask it where that would be settled."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.agent_choice import chosen_agent
from mesascope.cli.choices import chosen_world, with_objective
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.output_folder import claim
from mesascope.core.errors import UsageError
from mesascope.organisms.catalogue import ORGANISMS

if TYPE_CHECKING:
    from mesascope.worlds.world import World

RESULT = "objective.json"
NOT_INPUTS = ("out", "force", "json", "quiet")


@dataclass(frozen=True)
class Objective(Command):
    """Recovers what an agent is after from its choices, and says what they leave open.

    It is watched in a few training levels first, and then asked in the environments that are expected to settle most:
    fresh levels, moved objects, changed walls. Prints what was found, and writes objective.json and objective.html.
    """

    agent: tyro.conf.Positional[str]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it was trained: built in, gym:<id>, or module:Class. An organism brings its own."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    base: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The base objective; by default the world's own."""
    train: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The distribution it was trained on; by default the world's first."""
    deploy: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The distribution that matters; by default the world's last."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="MODULE:FUNCTION")] = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: int = 8
    """Training levels in which it is watched before anything is asked."""
    edits: int = 8
    """Environments in which it is asked then."""
    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    seed: int = 0
    """Of levels, menus and draws."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Where the result goes; by default runs/AGENT-SEED-objective."""
    force: bool = False
    """Replace a result about something else."""
    json: bool = False
    """Print the result as JSON instead of text."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.audit.objective.recovery.questioning import question
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.report.objective_page import ObjectiveReport, objective_text

        watch = Stopwatch()
        world, base = self._world()
        world = with_objective(world, self.objective)
        agent = chosen_agent(self.agent, world, seed=self.seed, trust_pickle=self.trust_pickle)
        folder = claim(self._folder(), self._request(), result=RESULT, force=self.force)
        with console.progress(f"Questioning {agent.name}") as progress:
            found = question(
                agent,
                world,
                base_objective=base,
                train=self.train,
                deploy=self.deploy,
                edits=self.edits,
                start=self.levels,
                seed=self.seed,
                progress=progress,
            )
        report = ObjectiveReport(
            agent=agent.name,
            agent_kind=agent.kind,
            world=world.name,
            base_objective=base or world.base_objective,
            seed=self.seed,
            evidence=found.evidence,
            at_first=found.at_first,
            outlook=found.settled,
            provenance=provenance(seed=self.seed, watch=watch),
        )
        folder.seal()
        path = report.save(folder.path)
        if self.json:
            console.result(json.dumps(report.data(), indent=2, ensure_ascii=False))
        else:
            console.result(objective_text(report, width=console.width) + f"\n\nReport  {path}")
        return 0

    def _world(self) -> tuple[World, str | None]:
        if self.agent in ORGANISMS.names():
            if self.world is not None or self.world_option or self.base:
                raise UsageError(f"Organism '{self.agent}' brings its own world and base objective.")
            organism = ORGANISMS.load(self.agent)
            return organism.world, organism.objective
        if self.world is None:
            raise UsageError(
                f"To question '{self.agent}', name the world in which it was trained with --world; `mesascope list` "
                "shows them."
            )
        return chosen_world(self.world, self.world_option), self.base

    def _folder(self) -> Path:
        if self.out is not None:
            return self.out
        name = Path(self.agent).stem if Path(self.agent).exists() else self.agent
        return Path("runs") / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.')}-{self.seed}-objective"

    def _request(self) -> dict:
        request = {key: value for key, value in asdict(self).items() if key not in NOT_INPUTS}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in request.items()}
