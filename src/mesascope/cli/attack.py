"""`mesascope attack`: the edit of what an agent sees that costs most, beside random edits of equal size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.options.kinds import MaybeLevels, MaybeName, option
from mesascope.core.quantities import Whole

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World


@dataclass(frozen=True)
class AttackVerb(AgentVerb):
    """Looks for the edit of what an agent sees that costs most of the base objective.

    An edit makes cells of every observation of an episode hold something else that they could be seen to hold. All are
    tried where that is possible, which proves that there is no worse one; else they are searched by differential
    evolution. Beside it stand random edits of equal size, and in which share of states an edit makes it choose badly.
    """

    cells: Annotated[int, *option(Whole(1, 16), "INT")] = 1
    """Edited at once."""
    target: MaybeName = None
    """An action, attribute or objective that it shall take, bring about or serve; by default it shall lose."""
    distribution: MaybeName = None
    """That levels are sampled from; by default the world's first."""
    levels: MaybeLevels = None
    """How many levels are attacked, at most; by default 32."""

    name, purpose, title = "attack", "to attack", "Attacking"

    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        from mesascope.api.attack import attack_report
        from mesascope.proof.attacks.aim import aim_of

        aim_of(world, base, self.target)
        return partial(
            attack_report,
            world=world,
            cells=self.cells,
            target=self.target,
            base_objective=base,
            distribution=self.distribution or self.world.train,
            levels=self.levels,
            seed=self.seed,
        )
