"""`mesascope objective`: recover an agent's objective, say what stays open, and ask it where that would be settled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import ViewingCommand, chosen_agent
from mesascope.cli.options.kinds import AgentText, MaybeFolder, MaybeName, MaybeTarget, Pairs, Seed, option
from mesascope.cli.options.output import request_of, result_folder
from mesascope.cli.options.world import evaluation_of, with_objective
from mesascope.cli.output_folder import claim
from mesascope.core.quantities import Whole

FILES = ("objective.json", "objective.html")


@dataclass(frozen=True)
class Objective(ViewingCommand):
    """Recovers what an agent is after from its choices, and says what they leave open.

    It is watched in a few training levels first, and then asked in the environments that are expected to settle most:
    fresh levels, moved objects, changed walls. Prints what was found, and writes objective.json and objective.html.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: MaybeName = None
    """Where it was trained: built in, gym:<id>, or module:Class. An organism brings its own."""
    world_option: Pairs = ()
    """An option of the world."""
    base: MaybeName = None
    """The base objective; by default the world's own."""
    train: MaybeName = None
    """The distribution it was trained on; by default the world's first."""
    deploy: MaybeName = None
    """The distribution that matters; by default the world's last."""
    objective: MaybeTarget = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: Annotated[int, *option(Whole(1, 4096), "INT")] = 8
    """Training levels in which it is watched before anything is asked."""
    edits: Annotated[int, *option(Whole(0, 1024), "INT")] = 8
    """Environments in which it is asked then."""
    seed: Seed = 0
    """Of levels, menus and draws."""
    out: MaybeFolder = None
    """Where the result goes; by default runs/AGENT-SEED-objective."""
    force: bool = False
    """Replace a result about something else."""
    json: bool = False
    """Print the result as JSON instead of text."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.audit.objective.recovery.query.questioning import question
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.report.pages.objective_page import ObjectiveReport, objective_text

        watch = Stopwatch()
        world, base = evaluation_of(self.agent, self.world, self.world_option, to="to question", base=self.base)
        world = with_objective(world, self.objective)
        agent = chosen_agent(self.agent, world, seed=self.seed, loading=self.loading, view=self.view)
        place = result_folder(self.out, self.agent, self.seed, "objective")
        folder = claim(place, request_of(self), files=FILES, force=self.force)
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
        path = folder.write(report.contents())[-1]
        if self.json:
            console.result(json.dumps(report.data(), indent=2, ensure_ascii=False))
        else:
            console.result(objective_text(report, width=console.width) + f"\n\nReport  {path}")
        return 0
