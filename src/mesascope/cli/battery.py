"""`mesascope battery`: what kind of alignment it is."""

from __future__ import annotations

import hashlib
import json as json_format
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.agent_choice import chosen_agent
from mesascope.cli.choices import chosen_world
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.output_folder import claim
from mesascope.core.errors import UsageError
from mesascope.organisms.catalogue import ORGANISMS

if TYPE_CHECKING:
    from mesascope.agents.agent import Agent
    from mesascope.core.verdicts import Evidence
    from mesascope.worlds.world import World

RESULT = "battery.json"
NOT_INPUTS = ("out", "force", "json", "quiet")
"""Fields that the result does not depend on."""


@dataclass(frozen=True)
class Battery(Command):
    """Says what kind of alignment it is: robust, one of the paper's pseudo-alignments, deceptive, or none of these.

    Each test changes one thing: an edge of the world's causal graph, what is on offer, what the agent is told, or a
    slot inside it. Prints every test beside what the two likeliest classes predict, and writes battery.json and
    battery.html. In a world without switches the answer is INCONCLUSIVE. The same command may replace its own result;
    one about anything else is only replaced with --force.
    """

    agent: tyro.conf.Positional[str]
    """A .safetensors or Stable-Baselines3 .zip file, module:attribute, or an organism that has been trained."""
    world: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Where it was trained: a world with switches (choice, cleaning, lamp, door-key), or module:Class. An organism
    brings its own."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    base: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The base objective; by default the world's own."""
    levels: int = 6
    """Levels in each condition; a test has three."""
    tolerance: float = 0.03
    """What a score may lack and still be as good as can be, as a share of the optimum."""
    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    seed: int = 0
    """Of levels and roll-outs."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
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
        from mesascope.report.battery_page import BatteryReport
        from mesascope.report.battery_text import battery_text

        watch = Stopwatch()
        self._check()
        world, base = self._where()
        # Asked before anything is written, so that a wrong name leaves nothing behind.
        compile_objectives(world).index(base)
        agent = chosen_agent(self.agent, world, seed=self.seed, trust_pickle=self.trust_pickle)
        folder = claim(self._folder(), self._request(), result=RESULT, force=self.force)
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
        folder.seal()
        paths = report.save(folder.path)
        if self.json:
            console.result(json_format.dumps(report.data(), indent=2, ensure_ascii=False))
        else:
            console.result(battery_text(report, width=console.width))
        for path in paths:
            console.note(f"Report  {path}")
        return 0

    def _check(self) -> None:
        if self.levels < 1:
            raise UsageError(f"--levels {self.levels}: at least 1 is needed.")
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed} is negative; use 0 or more.")
        if not 0 <= self.tolerance < 0.25:
            raise UsageError(
                f"--tolerance {self.tolerance} is not 0 or more and below 0.25, where a score counts as fallen."
            )

    def _where(self) -> tuple[World, str]:
        if self.agent in ORGANISMS.names():
            if self.world is not None or self.world_option or self.base is not None:
                raise UsageError(f"Organism '{self.agent}' brings its own world and base objective.")
            organism = ORGANISMS.load(self.agent)
            return organism.world, organism.objective
        if self.world is None:
            raise UsageError(
                f"To test what kind of alignment '{self.agent}' has, name the world in which it was trained with "
                "--world; `mesascope list` shows them."
            )
        world = chosen_world(self.world, self.world_option)
        return world, world.base_objective if self.base is None else self.base

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

    def _folder(self) -> Path:
        if self.out is not None:
            return self.out
        name = Path(self.agent).stem if Path(self.agent).exists() else self.agent
        return Path("runs") / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.')}-{self.seed}-battery"

    def _request(self) -> dict:
        request = {key: value for key, value in asdict(self).items() if key not in NOT_INPUTS}
        request = {key: list(value) if isinstance(value, tuple) else value for key, value in request.items()}
        file = Path(self.agent)
        if file.is_file():
            # Another agent under the same name is another question.
            with file.open("rb") as content:
                request["agent_sha256"] = hashlib.file_digest(content, "sha256").hexdigest()
        return request
