"""`mesascope distance`: two rewards side by side, by every distance there is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeLevels, MaybeName, MaybeTarget, Names, Pairs, Seed, option
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.options.world import chosen_world, with_objective
from mesascope.cli.reward_text import chosen_reward
from mesascope.core.quantities import TEXT

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
        import jax

        from mesascope.core.random import root_key
        from mesascope.objectives.distances.catalogue import DISTANCES, compare
        from mesascope.objectives.objective import compile_objectives
        from mesascope.worlds.level_size import check_size

        for kind in self.kind:
            DISTANCES.entry(kind)
        world = with_objective(chosen_world(self.world or DEFAULT, self.world_option), self.objective)
        distribution = world.distributions[-1] if self.distribution is None else self.distribution
        world.check_distribution(distribution)
        pair = compile_objectives(world, [chosen_reward(text, world) for text in (self.reward_a, self.reward_b)])
        distinct = world.distinct_levels(distribution)
        wanted = LEVELS if self.levels is None else self.levels
        count = wanted if distinct is None else min(wanted, distinct)
        with console.progress("Comparing") as progress:
            progress("sampling levels", 0.1)
            check_size(world, distribution, count)
            levels = jax.device_get(world.sample(key=root_key(self.seed), distribution=distribution, count=count))
            progress("distances", 0.3)
            found = compare(levels, pair, kinds=self.kind or None, seed=self.seed)
            outer = self._outer(levels, pair) if self.outer else None
        if self.output.json:
            console.result(json.dumps(_data(self, world.name, distribution, count, found, outer), indent=2))
            return 0
        lines = [f"{self.reward_a} and {self.reward_b}, in {count} {distribution} levels of {world.name}", ""]
        lines.append(f"  {'kind':14} {'distance':24} {'range':8} ignores")
        for one in found:
            entry = dict(DISTANCES.entry(one.kind).details)
            if one.estimate is None:
                value = "undefined"
            elif count == 1:
                value = f"{one.estimate.value:.4f} (one level)"
            else:
                value = f"{one.estimate.value:.3f} [{one.estimate.low:.3f}, {one.estimate.high:.3f}]"
            lines.append(f"  {one.kind:14} {value:24} {entry['range']:8} {entry['ignores']}")
            if one.undefined:
                lines.append(f"  {'':14} without a value in {one.undefined} of {count} levels: {one.reason}")
        lines += [
            "",
            "Intervals: 95 % over levels. STARC is the one that bounds regret; the others are for comparison.",
        ]
        if outer is not None:
            lines += ["", *outer.lines(self.reward_a, self.reward_b)]
        console.result("\n".join(lines))
        return 0

    def _outer(self, levels, pair):
        from mesascope.theory.outer_alignment import outer_alignment

        return outer_alignment(levels, pair, seed=self.seed)


def _data(command: Distance, world: str, distribution: str, count: int, found, outer) -> dict:
    data = {
        "reward_a": command.reward_a,
        "reward_b": command.reward_b,
        "world": world,
        "distribution": distribution,
        "levels": count,
        "seed": command.seed,
        "distances": [
            {
                "kind": one.kind,
                "estimate": None if one.estimate is None else asdict(one.estimate),
                "undefined_levels": one.undefined,
                "reason": one.reason,
            }
            for one in found
        ],
    }
    return data if outer is None else {**data, "outer_alignment": outer.data()}
