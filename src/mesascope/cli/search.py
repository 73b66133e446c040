"""`mesascope search`: the first question alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.options.kinds import MaybeLevels, MaybeName
from mesascope.cli.options.world import DeploymentOptions

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World


@dataclass(frozen=True)
class Search(AgentVerb):
    """Asks the first question alone: does it search, are its choices the result, how far does it look ahead?

    Prints the three verdicts with the assays behind them, and writes search.json and search.html. They are those of an
    audit with the same seed: choices are judged by the objective that explains them best, or by --own. The same
    command may replace its own result; one about anything else is only replaced with --force.
    """

    deployment: DeploymentOptions = DeploymentOptions()
    own: MaybeName = None
    """The objective by which its choices are judged; by default what they are attributed to, as in an audit."""
    levels: MaybeLevels = None
    """How many levels of each distribution; by default up to 512."""

    name, purpose, title = "search", "to look for a search in", "Looking for a search in"

    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        from mesascope.api.search import search
        from mesascope.api.subject import check_named

        check_named(world, base, self.own)
        deploy_world, deploy = self.deployment.chosen(world)
        return partial(
            search,
            world=world,
            own=self.own,
            base_objective=base,
            train=self.world.train,
            deploy=deploy,
            deploy_world=deploy_world,
            levels=self.levels,
            seed=self.seed,
        )
