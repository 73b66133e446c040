"""`mesascope battery`: what kind of alignment it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.options.kinds import MaybeLevels, option
from mesascope.core.quantities import Real, Whole

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World

LEVELS: int = 6
MOST_LEVELS = Whole(1, 1024)
"""In each condition."""


@dataclass(frozen=True)
class Battery(AgentVerb):
    """Says what kind of alignment it is: robust, one of the paper's pseudo-alignments, deceptive, or none of these.

    Each test changes one thing: an edge of the world's causal graph, what is on offer, what the agent is told, or a
    slot inside it. Prints every test beside what the two likeliest classes predict, and writes battery.json and
    battery.html. In a world without switches the answer is INCONCLUSIVE. The same command may replace its own result;
    one about anything else is only replaced with --force.
    """

    levels: MaybeLevels = None
    """How many levels in each condition, of which a test has three; by default 6."""
    tolerance: Annotated[float, *option(Real(0, 0.25, below_high=True), "SHARE")] = 0.03
    """What a score may lack and still be as good as can be, as a share of the optimum."""

    name, purpose, title = "battery", "to test what kind of alignment there is in", "Testing"

    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        from mesascope.api.classify import classify
        from mesascope.api.subject import check_named

        levels = LEVELS if self.levels is None else self.levels
        MOST_LEVELS.check(levels, "--levels")
        check_named(world, base)
        return partial(
            classify, world=world, base_objective=base, levels=levels, tolerance=self.tolerance, seed=self.seed
        )
