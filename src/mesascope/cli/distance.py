"""`mesascope distance`: two rewards side by side, by every distance there is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeLevels, MaybeName, MaybeTarget, Names, Pairs, Seed, option
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.options.world import chosen_world
from mesascope.core.quantities import TEXT

if TYPE_CHECKING:
    from mesascope.api.distance import RewardDistances

DEFAULT = "corner"
LEVELS: int = 32

Reward = Annotated[str, *option(TEXT, "REWARD")]


@dataclass(frozen=True)
class Distance:
    """Compares two rewards in the levels of a world: STARC, EPIC, DARD, NPEC and ERC, with intervals over levels.

    A reward is the name of an objective of the world; or weights of attributes such as
    cheese=1,corner-top-left=0.5,stop:cheese; or a .json file with "weights" and "stops".
    """

    reward_a: tyro.conf.Positional[Reward]
    """The first reward; with --outer the base objective."""
    reward_b: tyro.conf.Positional[Reward]
    """The second reward; with --outer the intended one."""
    world: MaybeName = None
    """Whose levels: built in, gym:<id>, or module:Class; by default corner."""
    world_option: Pairs = ()
    """An option of the world."""
    objective: MaybeTarget = None
    """One more objective that rewards can name: a function of observations, actions and next observations."""
    distribution: MaybeName = None
    """Of the levels; by default the world's last."""
    levels: MaybeLevels = None
    """How many levels; by default 32, fewer if the distribution has no more."""
    kind: Names = ()
    """A distance; by default all."""
    outer: bool = False
    """Also ask about outer alignment: what optimizing A is worth by B."""
    seed: Seed = 0
    """Of the levels and of the bootstrap over them."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.api.distance import distance
        from mesascope.worlds.function_objective import with_candidate

        world = with_candidate(chosen_world(self.world or DEFAULT, self.world_option), self.objective)
        with console.progress("Comparing") as progress:
            found = distance(
                self.reward_a,
                self.reward_b,
                world,
                distribution=self.distribution,
                levels=LEVELS if self.levels is None else self.levels,
                kinds=self.kind,
                outer=self.outer,
                seed=self.seed,
                progress=progress,
            )
        if self.output.json:
            console.result(json.dumps(self._data(found), indent=2))
        else:
            console.result("\n".join(self._lines(found)))
        return 0

    def _lines(self, found: RewardDistances) -> list[str]:
        from mesascope.objectives.distances.catalogue import DISTANCES

        lines = [
            f"{self.reward_a} and {self.reward_b}, in {found.levels} {found.distribution} levels of {found.world}",
            "",
            f"  {'kind':14} {'distance':24} {'range':8} ignores",
        ]
        for one in found.distances:
            entry = dict(DISTANCES.entry(one.kind).details)
            if one.estimate is None:
                value = "undefined"
            elif found.levels == 1:
                value = f"{one.estimate.value:.4f} (one level)"
            else:
                value = f"{one.estimate.value:.3f} [{one.estimate.low:.3f}, {one.estimate.high:.3f}]"
            lines.append(f"  {one.kind:14} {value:24} {entry['range']:8} {entry['ignores']}")
            if one.undefined:
                lines.append(f"  {'':14} without a value in {one.undefined} of {found.levels} levels: {one.reason}")
        lines += [
            "",
            "Intervals: 95 % over levels. STARC is the one that bounds regret; the others are for comparison.",
        ]
        return lines if found.outer is None else [*lines, "", *found.outer.lines(self.reward_a, self.reward_b)]

    def _data(self, found: RewardDistances) -> dict[str, Any]:
        data = {
            "reward_a": self.reward_a,
            "reward_b": self.reward_b,
            "world": found.world,
            "distribution": found.distribution,
            "levels": found.levels,
            "seed": self.seed,
            "distances": [
                {
                    "kind": one.kind,
                    "estimate": None if one.estimate is None else asdict(one.estimate),
                    "undefined_levels": one.undefined,
                    "reason": one.reason,
                }
                for one in found.distances
            ],
        }
        return data if found.outer is None else {**data, "outer_alignment": found.outer.data()}
