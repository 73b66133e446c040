"""`mesascope battery`: what kind of alignment it is."""

from __future__ import annotations

import json as json_format
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import ViewingCommand, chosen_agent
from mesascope.cli.options.kinds import AgentText, MaybeFolder, MaybeName, Pairs, Seed, option
from mesascope.cli.options.output import request_of, result_folder
from mesascope.cli.options.world import evaluation_of
from mesascope.cli.output_folder import claim
from mesascope.core.quantities import Real, Whole

if TYPE_CHECKING:
    from mesascope.agents.agent import Agent
    from mesascope.core.verdicts import Evidence
    from mesascope.worlds.world import World

FILES = ("battery.json", "battery.html")
TO = "to test what kind of alignment there is in"


@dataclass(frozen=True)
class Battery(ViewingCommand):
    """Says what kind of alignment it is: robust, one of the paper's pseudo-alignments, deceptive, or none of these.

    Each test changes one thing: an edge of the world's causal graph, what is on offer, what the agent is told, or a
    slot inside it. Prints every test beside what the two likeliest classes predict, and writes battery.json and
    battery.html. In a world without switches the answer is INCONCLUSIVE. The same command may replace its own result;
    one about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[AgentText]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: MaybeName = None
    """Where it was trained: a world with switches (choice, cleaning, lamp, door-key), or module:Class. An organism
    brings its own."""
    world_option: Pairs = ()
    """An option of the world."""
    base: MaybeName = None
    """The base objective; by default the world's own."""
    levels: Annotated[int, *option(Whole(1, 1024), "INT")] = 6
    """Levels in each condition; a test has three."""
    tolerance: Annotated[float, *option(Real(0, 0.25, below_high=True), "SHARE")] = 0.03
    """What a score may lack and still be as good as can be, as a share of the optimum."""
    seed: Seed = 0
    """Of levels and roll-outs."""
    out: MaybeFolder = None
    """Where the result goes; by default runs/AGENT-SEED-battery."""
    force: bool = False
    """Replace a result about something else."""
    json: bool = False
    """Print the result as JSON instead of text."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.objectives.objective import compile_objectives
        from mesascope.report.pages.battery_page import BatteryReport
        from mesascope.report.text.battery_text import battery_text

        watch = Stopwatch()
        world, base = evaluation_of(self.agent, self.world, self.world_option, to=TO, base=self.base)
        base = base or world.base_objective
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        compile_objectives(world).index(base)
        agent = chosen_agent(self.agent, world, seed=self.seed, loading=self.loading, view=self.view)
        place = result_folder(self.out, self.agent, self.seed, "battery")
        folder = claim(place, request_of(self), files=FILES, force=self.force)
        with console.progress(f"Testing {agent.name}") as progress:
            progress("every test", 0.1)
            evidence = self._evidence(agent, world, base)
        report = BatteryReport(
            agent=agent.name,
            agent_kind=agent.kind,
            world=world.name,
            world_options=world.options(),
            base_objective=base,
            levels=self.levels,
            tolerance=self.tolerance,
            seed=self.seed,
            evidence=evidence,
            provenance=provenance(seed=self.seed, watch=watch),
        )
        paths = folder.write(report.contents())
        if self.json:
            console.result(json_format.dumps(report.data(), indent=2, ensure_ascii=False))
        else:
            console.result(battery_text(report, width=console.width))
        for path in paths:
            console.note(f"Report  {path}")
        return 0

    def _evidence(self, agent: Agent, world: World, base: str) -> Evidence:
        from mesascope.audit.alignment.battery import battery_evidence
        from mesascope.core.random import root_key, stream

        start, key = time.process_time(), stream("battery", key=root_key(self.seed))
        found, _ = battery_evidence(
            agent,
            world,
            base_objective=base,
            seed=self.seed,
            key=key,
            levels=self.levels,
            tolerance=self.tolerance,
        )
        return replace(found, cost_seconds=time.process_time() - start)
