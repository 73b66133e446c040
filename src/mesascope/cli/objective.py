"""`mesascope objective`: recover an agent's objective, say what stays open, and ask it where that would be settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, MaybeName, MaybeTarget, Seed, option
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import WorldOptions, with_objective
from mesascope.core.quantities import Whole

FILES = ("objective.json", "objective.html")
WATCHED: int = 8
"""Training levels in which it is watched unless the user says otherwise."""


@dataclass(frozen=True)
class Objective:
    """Recovers what an agent is after from its choices, and says what they leave open.

    It is watched in a few training levels first, and then asked in the environments that are expected to settle most:
    fresh levels, moved objects, changed walls. Prints what was found, and writes objective.json and objective.html.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    distribution: MaybeName = None
    """Of the levels that matter; by default the world's last."""
    objective: MaybeTarget = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: MaybeLevels = None
    """How many training levels it is watched in before anything is asked; by default 8."""
    edits: Annotated[int, *option(Whole(0, 1024), "INT")] = 8
    """Environments in which it is asked then."""
    seed: Seed = 0
    """Of levels, menus and draws."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.audit.objective.recovery.questioning import question
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.report.data.question_reports import ObjectiveReport
        from mesascope.report.text.kind_texts import objective_text

        watch = Stopwatch()
        world, base = self.world.chosen(self.agent, to="to question")
        world = with_objective(world, self.objective)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        folder = self.output.claimed(self, FILES, result_folder(self.agent, self.seed, "objective"))
        with console.progress(f"Questioning {agent.name}") as progress:
            found = question(
                agent,
                world,
                base_objective=base,
                train=self.world.train,
                deploy=self.distribution,
                edits=self.edits,
                start=WATCHED if self.levels is None else self.levels,
                seed=self.seed,
                progress=progress,
            )
        report = ObjectiveReport(
            agent=agent.name,
            agent_kind=agent.kind,
            world=world.name,
            base_objective=base or world.base_objective,
            seed=self.seed,
            at_first=found.at_first,
            recovery=found.evidence,
            outlook=found.settled,
            provenance=provenance(seed=self.seed, watch=watch),
        )
        path = folder.write(report.contents())[-1]
        if self.output.json:
            console.result(report.to_json().rstrip())
        else:
            console.result(objective_text(report, width=console.width) + f"\n\nReport  {path}")
        return 0
