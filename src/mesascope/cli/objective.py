"""`mesascope objective`: recover an agent's objective, say what stays open, and ask it where that would be settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.options.kinds import MaybeLevels, MaybeName, MaybeTarget, option
from mesascope.core.quantities import Whole

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World

WATCHED: int = 8
"""Training levels in which it is watched unless the user says otherwise."""


@dataclass(frozen=True)
class Objective(AgentVerb):
    """Recovers what an agent is after from its choices, and says what they leave open.

    It is watched in a few training levels first, and then asked in the environments that are expected to settle most:
    fresh levels, moved objects, changed walls. Prints what was found, and writes objective.json and objective.html.
    """

    distribution: MaybeName = None
    """Of the levels that matter; by default the world's last."""
    objective: MaybeTarget = None
    """One more candidate objective: a function of observations, actions and next observations."""
    levels: MaybeLevels = None
    """How many training levels it is watched in before anything is asked; by default 8."""
    edits: Annotated[int, *option(Whole(0, 1024), "INT")] = 8
    """Environments in which it is asked then."""

    name, purpose, title = "objective", "to question", "Questioning"

    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        from mesascope.api.question import question
        from mesascope.api.subject import check_named
        from mesascope.worlds.function_objective import with_candidate

        world = with_candidate(world, self.objective)
        check_named(world, base)
        return partial(
            question,
            world=world,
            base_objective=base,
            train=self.world.train,
            deploy=self.distribution,
            levels=WATCHED if self.levels is None else self.levels,
            edits=self.edits,
            seed=self.seed,
        )
