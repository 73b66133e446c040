"""`mesascope witness`: the worst level in which an agent is still able, shrunk to what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.options.kinds import MaybeName, Share, option
from mesascope.core.quantities import Whole

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World


@dataclass(frozen=True)
class WitnessVerb(AgentVerb):
    """Searches for the level in which an agent gives away most of the base objective while it is able at its own.

    Levels are sampled and edited, the worst shrunk to the walls and objects that it takes, and evaluated once more from
    its text. Prints the level before and after; with --out also writes witness.json, witness.html and witness.svg.
    """

    own: MaybeName = None
    """The objective at which it must be able; by default what its choices are attributed to, as in an audit."""
    distribution: MaybeName = None
    """That levels are sampled from; by default the world's last."""
    floor: Share = 0.6
    """Least capability at its own objective in a level that counts: 1 is optimal, 0 is chance."""
    measure: Literal["absolute", "normalised"] = "absolute"
    """Of what is given away: the value lost, in units of the objective, or normalised regret."""
    budget: Annotated[int, *option(Whole(1, 2**20), "INT")] = 4096
    """Levels to evaluate."""

    name, purpose, title = "witness", "to look for a witness against", "Looking for the worst level of"
    endings = ("json", "html", "svg")
    written_unasked = False

    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        from mesascope.api.subject import check_named
        from mesascope.api.witness import witness

        check_named(world, base, self.own)
        return partial(
            witness,
            world=world,
            own=self.own,
            base_objective=base,
            distribution=self.distribution,
            floor=self.floor,
            measure=self.measure,
            budget=self.budget,
            seed=self.seed,
        )
