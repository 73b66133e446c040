"""`mesascope compare`: two agents, or two saved audits, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import AgentText, MaybeLevels, Seed
from mesascope.cli.options.output import OutputOptions
from mesascope.cli.options.world import DeploymentOptions, WorldOptions
from mesascope.core.errors import UsageError
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.report.data.audit_report import Report
    from mesascope.report.data.comparison_report import ComparisonReport

FILES = ("comparison.json", "comparison.html")


@dataclass(frozen=True)
class Compare:
    """Puts two agents of the same world, or two saved audits, side by side: answers, verdicts, and what changed.

    Two agents are audited in the same levels, so that regret is compared level by level: before and after fine-tuning,
    two checkpoints, sampled and argmax (AGENT AGENT --second-deterministic). Saved audits are paired where both are
    about the same levels (world, options, seed, number). With --out also writes comparison.json and comparison.html.
    """

    first: tyro.conf.Positional[AgentText]
    """A report.json or the folder that holds it; or an agent."""
    second: tyro.conf.Positional[AgentText]
    """Another one of the same sort; differences are second less first."""
    world: WorldOptions = WorldOptions()
    deployment: DeploymentOptions = DeploymentOptions()
    levels: MaybeLevels = None
    """How many levels of each distribution; by default up to 512."""
    seed: Seed = 0
    """Of levels, roll-outs and intervals."""
    second_deterministic: bool = False
    """Take the likeliest action of the second agent always."""
    loading: LoadingOptions = LoadingOptions()
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        saved = [_is_saved(text) for text in (self.first, self.second)]
        if saved[0] != saved[1]:
            report, agent = (self.first, self.second) if saved[0] else (self.second, self.first)
            raise UsageError(
                f"{quoted(report, limit=200)} is a saved report, and {quoted(agent, limit=200)} is none. Compare two "
                "reports, or two agents; `mesascope audit` makes a report of an agent."
            )
        compared = self._of_reports() if saved[0] else self._of_agents()
        folder = self.output.claimed(self, FILES)
        with console.progress("Comparing") as progress:
            comparison = compared(progress=progress)
        self.output.give(comparison, console, folder)
        return 0

    def _of_reports(self) -> Callable[..., ComparisonReport]:
        from mesascope.api.compare import compare

        return partial(compare, _loaded(self.first), _loaded(self.second), names=(self.first, self.second))

    def _of_agents(self) -> Callable[..., ComparisonReport]:
        from mesascope.api.compare import compare
        from mesascope.api.subject import check_named

        world, base = self.world.chosen(self.first, to="to compare")
        check_named(world, base)
        deploy_world, deploy = self.deployment.chosen(world)
        first, second = (self.loading.chosen(text, world, seed=self.seed) for text in (self.first, self.second))
        return partial(
            compare,
            first,
            second,
            world,
            base_objective=base,
            train=self.world.train,
            deploy=deploy,
            deploy_world=deploy_world,
            seed=self.seed,
            levels=self.levels,
            deterministic=(False, self.second_deterministic),
        )


def _is_saved(text: str) -> bool:
    # A name without an ending may be an organism or a module even where a folder is called so.
    path = Path(text)
    return path.suffix == ".json" or (path.is_dir() and (path / "report.json").exists())


def _loaded(text: str) -> Report:
    from mesascope.report.data.audit_report import Report

    path = Path(text)
    return Report.load(path / "report.json" if path.is_dir() else path)
