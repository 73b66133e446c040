"""`mesascope witness`: the worst level in which an agent is still able, shrunk to what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeName, Seed, Share, option
from mesascope.cli.options.output import OutputOptions
from mesascope.cli.options.world import WorldOptions
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.quantities import Whole

if TYPE_CHECKING:
    from mesascope.agents.agent import Agent
    from mesascope.worlds.world import World

FILES = ("witness.json", "witness.svg")
LEVELS: int = 128
"""Levels before and after the shift, each, in which the agent's own objective is named."""


@dataclass(frozen=True)
class WitnessVerb:
    """Searches for the level in which an agent gives away most of the base objective while it is able at its own.

    Levels are sampled and edited, the worst shrunk to the walls and objects that it takes, and evaluated once more from
    its text. Prints the level before and after; with --out also writes witness.json and witness.svg.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: WorldOptions = WorldOptions()
    own: MaybeName = None
    """The objective at which it must be able; by default what its choices are attributed to, as in an audit."""
    distribution: MaybeName = None
    """That levels are sampled from; by default the world's last."""
    floor: Share = 0.6
    """Least capability at its own objective in a level that counts: 1 is optimal, 0 is chance."""
    measure: Literal["absolute", "normalised"] = "absolute"
    """Of regret: in units of the objective, or by what lies between the optimum and chance."""
    budget: Annotated[int, *option(Whole(1, 2**20), "INT")] = 4096
    """Levels to evaluate."""
    seed: Seed = 0
    """Of levels and edits."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.audit.alignment.level_edits import variants_of
        from mesascope.audit.alignment.witness_hunt import Budget
        from mesascope.audit.alignment.witness_search import search_witness
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.core.random import root_key, stream
        from mesascope.report.data.json_text import json_text
        from mesascope.report.text.level_text import glyphs_for
        from mesascope.report.witness_report import WitnessReport, witness_text

        watch = Stopwatch()
        world, base = self.world.chosen(self.agent, to="to look for a witness against")
        for name in filter(None, (base, self.own)):
            known = [spec.name for spec in world.objectives]
            if name not in known:
                raise UnknownNameError(f"objective of world '{world.name}'", name, known)
        variants = variants_of(world, distribution=self.distribution)
        agent = self.loading.chosen(self.agent, world, seed=self.seed)
        folder = self.output.claimed(self, FILES)
        with console.progress(f"Looking for the worst level of {agent.name}") as progress:
            progress("what it pursues", 0.0)
            own, named_by = (self.own, "given") if self.own is not None else self._own(agent, world, base)
            progress("editing levels", 0.2)
            result = search_witness(
                agent,
                variants,
                own=own,
                base=base,
                key=stream("witness", key=root_key(self.seed)),
                floor=self.floor,
                measure=self.measure,
                budget=Budget(levels=self.budget, batch=min(32, self.budget)),
            )
        report = WitnessReport(
            agent=agent.name,
            agent_kind=agent.kind,
            world=world.name,
            world_options=world.options(),
            seed=self.seed,
            own_named_by=named_by,
            result=result,
            provenance=provenance(seed=self.seed, watch=watch),
        )
        if self.output.json:
            console.result(json_text(report.data()))
        else:
            console.result(witness_text(report, width=console.width, glyphs=glyphs_for(console.encoding)))
        if folder is not None:
            for path in folder.write(report.contents()):
                console.note(f"Written  {path}")
        return 0

    def _own(self, agent: Agent, world: World, base: str | None) -> tuple[str, str]:
        """Returns the objective that the agent pursues by its behaviour, and how sure that is."""
        from mesascope.audit.evaluation import evaluate_agent
        from mesascope.audit.level_set import sample_level_set
        from mesascope.audit.objective.attribution import RIVALS, attribute
        from mesascope.core.random import root_key, stream
        from mesascope.objectives.objective import compile_objectives

        base = base or world.base_objective
        if not agent.memoryless:
            # The search will say that it cannot judge agents with memory, whatever they pursue.
            return base, "not looked for"
        key, evaluations = root_key(self.seed), []
        for distribution in dict.fromkeys((world.distributions[0], self.distribution or world.distributions[-1])):
            distinct = world.distinct_levels(distribution)
            level_set = sample_level_set(
                distribution,
                world,
                distribution,
                compile_objectives(world),
                base,
                count=LEVELS if distinct is None else min(LEVELS, distinct),
                key=stream(f"levels/{distribution}", key=key),
            )
            evaluations.append(evaluate_agent(agent, level_set, key=stream("roll-outs", key=key)))
        before = evaluations[0] if len(evaluations) > 1 else None
        named = attribute(evaluations[-1], before, seed=self.seed)
        probability = float(named.posterior.max())
        if named.best in RIVALS:
            raise UsageError(
                f"What '{agent.name}' pursues is none of the objectives of world '{world.name}' by its behaviour "
                f"('{named.best}', probability {probability:.2f}), so nothing says in which levels it is able. Name "
                "one with --own."
            )
        return named.best, f"named by attribution, probability {probability:.2f}"
