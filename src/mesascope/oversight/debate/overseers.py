"""Labellers who see few facts about two segments, chosen by chance, by an adviser, or by two sides in a debate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.rounding import DIGITS
from mesascope.objectives.objective import Objectives
from mesascope.oversight.debate.game import FIRST, SECOND, drawn, show
from mesascope.oversight.debate.judge import UPDATES, Facts, Judge, facts_of, judge_of
from mesascope.oversight.rewards.labeller import Labeller
from mesascope.oversight.rewards.segments import Pairs
from mesascope.worlds.grid_world import GridWorld
from mesascope.worlds.world import World

PROTOCOLS: tuple[str, ...] = ("alone", "adviser", "consultancy", "debate")
SHOWN: int = 6
"""Facts that a judge sees, of the 99 that there are about two segments of 25 steps in a grid of 9x9."""
TOGETHER: int = 64
"""Pairs that are heard in one call, always as many, so that any number of pairs is heard by the same program."""


@final
@dataclass(frozen=True)
class Hearing(Labeller):
    """A judge who sees few facts about two segments, and those who choose which (Irving et al. 2018).

    Whoever shows a fact knows everything, can show only what is true, and shows what moves the judge most at once.

    **Arguments:**

    - `protocol`: who chooses the facts. `alone`: chance. `adviser`: somebody who argues for the better segment.
      `consultancy`: somebody who argues for a segment that a coin assigned. `debate`: one who argues for the first
      segment and one who argues for the second, in turns.
    - `shown`: how many facts the judge sees, an even number from 2 to 16.
    - `updates`: that the judge is trained for, 1 or more.
    - `seed`: of the judge, who is trained when first asked about a world and base objective.
    """

    protocol: str = "debate"
    shown: int = SHOWN
    updates: int = UPDATES
    seed: int = 0

    def __post_init__(self):
        if self.protocol not in PROTOCOLS:
            raise UnknownNameError("protocol of a hearing", self.protocol, PROTOCOLS)
        if self.shown % 2 or not 2 <= self.shown <= 16 or self.updates < 1:
            raise UsageError(
                f"shown={self.shown}, updates={self.updates}: a judge is trained for 1 update or more, and sees an "
                "even number of facts, 2 to 16, half of each side."
            )

    def label(self, world: World, objectives: Objectives, pairs: Pairs, *, key: RandomKey) -> Float[np.ndarray, " N"]:
        if not isinstance(world, GridWorld):
            raise UsageError(
                f"World '{world.name}' is no grid world, so there are no cells to show a judge; such are corner, "
                "doors, keys and maze. Labellers that need no cells: perfect, boltzmann, amplified."
            )
        facts = facts_of(world, pairs)
        judge = judge_of(world, objectives.specs[0], pairs.first.steps, self.shown, self.updates, self.seed)
        key_coins, key_facts = jax.random.split(key)
        count = pairs.levels.count
        coin = np.where(np.random.default_rng(seed_of(key_coins)).random(count) < 0.5, FIRST, SECOND)
        better = np.sign(pairs.differences(objectives).round(DIGITS))
        # Who opens a debate is a coin's choice, too, because the last word counts for something.
        turns = {
            "alone": np.zeros((count, 1)),
            "adviser": np.where(better == 0, coin, better)[:, None],
            "consultancy": coin[:, None],
            "debate": coin[:, None] * np.resize([FIRST, SECOND], self.shown),
        }[self.protocol]
        turns = np.broadcast_to(turns, (count, self.shown)).astype(np.float32)
        margins = []
        for place, key_block in enumerate(jax.random.split(key_facts, -(-count // TOGETHER))):
            rows = np.minimum(np.arange(place * TOGETHER, (place + 1) * TOGETHER), count - 1)
            margins.append(
                _margins(judge, facts[rows], jnp.asarray(turns[rows]), self.protocol == "alone", key=key_block)
            )
        margin = np.concatenate(margins)[:count].astype(np.float64).round(DIGITS)
        return (np.sign(margin) + 1) / 2


@eqx.filter_jit
def _margins(
    judge: Judge, facts: Facts, turns: Float[Array, "N moves"], by_chance: bool, *, key: RandomKey
) -> Float[Array, " N"]:
    """What the judge says of each pair after facts were shown."""
    there = facts.weights > 0
    if by_chance:
        which = drawn(there.astype(jnp.float32), turns.shape[1], key=key)
        added = jax.vmap(judge.added)(facts[jnp.arange(len(which))[:, None], which])
        return jax.vmap(judge.margin)(added.sum(1))
    start = jnp.zeros(3 * judge.what.shape[1])

    def hear(pair) -> Float[Array, ""]:
        facts, there, turns = pair
        return judge.margin(show(judge.margin, judge.added(facts), there, start, turns))

    return jax.lax.map(hear, (facts, there, turns))


ALONE, ADVISER, CONSULTANCY, DEBATE = (Hearing(protocol) for protocol in PROTOCOLS)
