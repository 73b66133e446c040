"""The levels that a world can show: what the remedies choose from that train on more and better levels.

All of them choose from the same family, so that they differ in the choice alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import jax
import numpy as np
from jaxtyping import Bool, Int

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.level_edits import Variant, changed, identity, pieces, stacked, variants_of
from mesascope.audit.alignment.witness_hunt import EDITS
from mesascope.audit.alignment.witness_scoring import ChooseIn, Stakes, Worth, worths
from mesascope.audit.policy import choices_in
from mesascope.core.random import RandomKey, root_key, seed_of, stream
from mesascope.organisms.organism import Organism
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

BATCH: int = 32
"""Levels drawn, edited and scored at once: always as many, so that nothing is compiled anew."""

EDITED: float = 0.5
"""Share of the levels of other distributions that are edited; those of the training distribution all are."""

ROOMY: float = 0.8
"""An edited level has at least this share of the reachable states that sampled ones usually have. Regret counts each
first state of a level alike, so that a search without this ends in cupboards, which teach little."""

Member = tuple[Variant, Level]
"""A single level, and the variant that it is of."""


@dataclass(frozen=True)
class LevelFamily:
    """The levels of a recipe's world under every distribution and condition that it declares, and random edits of them.

    Nothing says which of them will be met after training. Levels of the training distribution itself belong to the
    family when they have been edited. All are seen as the recipe's world shows them: what an agent sees follows from a
    level, not from the options it was drawn with.

    **Arguments:**

    - `world`, `distribution`: of the recipe.
    - `variants`: ways to draw a level.
    """

    world: World
    distribution: str
    variants: tuple[Variant, ...]

    def draw(self, count: int, *, key: RandomKey) -> dict[str, Member]:
        """Returns different levels by what they are, alike from each variant; fewer where the family has no more.

        **Arguments:**

        - `count`: 1 or more.
        - `key`: consumed.
        """
        random = np.random.default_rng(seed_of(stream("choices", key=key)))
        found: dict[str, Member] = {}
        turn, before = 0, -1
        while len(found) < count and len(found) > before:
            before, fresh = len(found), {}
            for place, variant in enumerate(self.variants):
                here = jax.random.fold_in(jax.random.fold_in(key, turn), place)
                levels, counts = _sampled(variant, stream("levels", key=here)), _counts(random)
                if not self.trains_on(variant):
                    counts = np.where(random.random(BATCH) < EDITED, counts, 0)
                fresh |= self._edited(variant, levels, counts, key=stream("edits", key=here))
            names = [name for name in fresh if name not in found]
            found |= {names[place]: fresh[names[place]] for place in random.permutation(len(names)).tolist()}
            turn += 1
        return dict(list(found.items())[:count])

    def bred(self, parents: Sequence[Member], *, key: RandomKey) -> dict[str, Member]:
        """Returns levels after some random edits each, by what they are; what cannot be edited has no children."""
        random = np.random.default_rng(seed_of(stream("choices", key=key)))
        found: dict[str, Member] = {}
        for place, variant in enumerate(self.variants):
            mine = [level for other, level in parents if other == variant and variant.changeable]
            for first in range(0, len(mine), BATCH):
                here = jax.random.fold_in(jax.random.fold_in(key, place), first)
                found |= self._edited(variant, padded(mine[first : first + BATCH], BATCH), _counts(random), key=here)
        return found

    def _edited(self, variant: Variant, levels: Level, counts: Int[np.ndarray, " N"], *, key) -> dict[str, Member]:
        fine = np.ones(levels.count, bool)
        if variant.changeable:
            levels = changed(variant.world, levels, counts, key=key)
            fine = (counts == 0) | self.whole(variant, levels)
        return {name_of(variant, levels[row]): (variant, levels[row]) for row in np.flatnonzero(fine).tolist()}

    def whole(self, variant: Variant, levels: Level) -> Bool[np.ndarray, " N"]:
        """Returns which edited levels fall apart no more than sampled ones, and are `ROOMY`."""
        states, parts = self._usual
        large = np.asarray(levels.reachable).sum(-1) >= ROOMY * states
        return large & (pieces(variant.world, levels) <= parts)

    @cached_property
    def _usual(self) -> tuple[float, int]:
        """How many states sampled levels usually have, and into how many parts they fall at most."""
        samples = [(one, _sampled(one, stream("samples", key=root_key(0)))) for one in self.variants]
        states = np.concatenate([np.asarray(levels.reachable).sum(-1) for _, levels in samples])
        return float(np.median(states)), max(int(pieces(one.world, levels).max()) for one, levels in samples)

    def trains_on(self, variant: Variant) -> bool:
        """Returns whether the recipe draws its training levels so."""
        return (variant.world, variant.distribution) == (self.world, self.distribution)

    def choices(self, agent: Agent) -> ChooseIn:
        """Returns the question to an agent, which sees every level as the recipe's world shows it."""
        return lambda world, levels: choices_in(agent, self.world, levels)

    def worths(self, agent: Agent, levels: Sequence[Level], stakes: Stakes) -> list[Worth]:
        """Returns what each of any number of single levels is worth."""
        found, here = [], Variant("", self.world, self.distribution)
        for first in range(0, len(levels), BATCH):
            some = levels[first : first + BATCH]
            found += worths(self.choices(agent), here, padded(some, BATCH), stakes)[: len(some)]
        return found


def family_of(organism: Organism) -> LevelFamily:
    """Returns the levels that a recipe's world can show and its network can be trained on."""
    world, trained = organism.world, organism.distribution
    variants = [*variants_of(world), *(Variant(name, world, name) for name in world.distributions[:-1])]
    shape = _shape(Variant("", world, trained))
    family = LevelFamily(world, trained, ())
    fine = [one for one in variants if _shape(one) == shape and (one.changeable or not family.trains_on(one))]
    return LevelFamily(world, trained, tuple(fine))


def name_of(variant: Variant, level: Level) -> str:
    """Returns a text that two levels share if they are the same one, in whatever way they were drawn."""
    return identity(replace(variant, name=""), level)


def padded(levels: Sequence[Level], capacity: int) -> Level:
    """Returns single levels, one or more, as a batch of a fixed size, the last one repeated."""
    return stacked([*levels, *[levels[-1]] * (capacity - len(levels))])


def _sampled(variant: Variant, key: RandomKey) -> Level:
    return jax.device_get(variant.world.sample(key=key, distribution=variant.distribution, count=BATCH))


def _counts(random: np.random.Generator) -> Int[np.ndarray, " N"]:
    return 1 + random.choice(len(EDITS), p=EDITS, size=BATCH)


def _shape(variant: Variant) -> object:
    draw = lambda key: variant.world.sample(key=key, distribution=variant.distribution, count=1)  # noqa: E731
    return jax.tree.map(lambda array: (array.shape, array.dtype), jax.eval_shape(draw, jax.random.key(0)))
