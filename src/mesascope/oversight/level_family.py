"""The levels that a world can show: what the remedies choose from that train on more and better levels.

All of them choose from the same family, so that they differ in the choice alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.hunted import Catch
from mesascope.audit.alignment.level_edits import Variant, changed, identity, pieces, stacked, variants_of
from mesascope.audit.alignment.witness_hunt import EDITS, SMALLEST
from mesascope.audit.alignment.witness_scoring import ChooseIn, Stakes, Worth, worths
from mesascope.audit.policy import choices_in
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, root_key, seed_of, stream
from mesascope.organisms.organism import Organism
from mesascope.oversight.trainee import Trainee
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

BATCH: int = 32
"""Levels drawn, edited and scored at once: always as many, so that nothing is compiled anew."""

EDITED: float = 0.5
"""Share of the levels of other distributions that are edited; those of the training distribution all are."""


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

    def draw(self, count: int, *, key: RandomKey) -> list[Member]:
        """Returns different levels, alike from each variant; fewer only where the family has no more.

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
                levels = _sampled(variant, key=stream("levels", key=here))
                counts = 1 + random.choice(len(EDITS), p=EDITS, size=BATCH)
                if not self._trained_on(variant):
                    counts = np.where(random.random(BATCH) < EDITED, counts, 0)
                fresh |= self._edited(variant, levels, counts, key=stream("edits", key=here))
            names = [name for name in fresh if name not in found]
            found |= {names[place]: fresh[names[place]] for place in random.permutation(len(names)).tolist()}
            turn += 1
        return list(found.values())[:count]

    def identity(self, member: Member) -> str:
        """Returns a text that two levels share if they are the same one."""
        return identity(*member)

    def bred(self, parents: Sequence[Member], *, key: RandomKey) -> list[Member]:
        """Returns levels after some random edits each, those that belong to the family and differ from each other.

        **Arguments:**

        - `parents`: of variants whose levels can be edited; others have no children.
        - `key`: consumed.
        """
        random = np.random.default_rng(seed_of(stream("choices", key=key)))
        found: dict[str, Member] = {}
        for place, variant in enumerate(self.variants):
            mine = [level for other, level in parents if other == variant and variant.changeable]
            for first in range(0, len(mine), BATCH):
                some = mine[first : first + BATCH]
                counts = 1 + random.choice(len(EDITS), p=EDITS, size=BATCH)
                here = jax.random.fold_in(jax.random.fold_in(key, place), first)
                found |= self._edited(variant, padded(some, BATCH), counts, key=here)
        return list(found.values())

    def _edited(
        self, variant: Variant, levels: Level, counts: Int[np.ndarray, " N"], *, key: RandomKey
    ) -> dict[str, Member]:
        """Returns the levels of a batch that belong to the family once they have been edited, by what they are."""
        fine = np.ones(levels.count, bool)
        if variant.changeable:
            levels = changed(variant.world, levels, counts, key=key)
            # As in a hunt: what falls apart, or is hardly there, tells nobody anything.
            fine = pieces(variant.world, levels) <= self._most_pieces
            fine &= np.asarray(levels.reachable).sum(-1) >= SMALLEST * self._sizes.min()
        return {identity(variant, levels[row]): (variant, levels[row]) for row in np.flatnonzero(fine).tolist()}

    @cached_property
    def _sampled(self) -> list[tuple[Variant, Level]]:
        """A batch of each variant, as the worlds draw them, to know what the family's own levels are like."""
        return [(one, _sampled(one, key=stream("sampled", key=root_key(0)))) for one in self.variants]

    @cached_property
    def _most_pieces(self) -> int:
        """Into how many parts a level of the family may fall."""
        return max(int(pieces(variant.world, levels).max()) for variant, levels in self._sampled)

    @cached_property
    def _sizes(self) -> Int[np.ndarray, " sampled"]:
        """How many reachable states sampled levels have."""
        return np.concatenate([np.asarray(levels.reachable).sum(-1) for _, levels in self._sampled])

    def _trained_on(self, variant: Variant) -> bool:
        return (variant.world, variant.distribution) == (self.world, self.distribution)

    def usual(self, count: int, *, key: RandomKey) -> list[Level]:
        """Returns levels of the training distribution as the recipe draws them.

        **Arguments:**

        - `count`: 1 or more.
        - `key`: consumed.
        """
        levels = jax.device_get(self.world.sample(key=key, distribution=self.distribution, count=count))
        return [levels[row] for row in range(count)]

    def roomy(self, variant: Variant, levels: Level) -> Bool[np.ndarray, " N"]:
        """Returns which levels have as many reachable states as sampled ones usually have: the regret of a level counts
        each of its first states alike, so that a search without this ends in cupboards, which teach little."""
        return np.asarray(levels.reachable).sum(-1) >= np.median(self._sizes)

    def outside(self, catch: Catch) -> bool:
        """Returns whether a level that a hunt came by is not simply one of the training distribution."""
        return catch.edits > 0 or not self._trained_on(catch.variant)

    def choices(self, agent: Agent) -> ChooseIn:
        """Returns the question to an agent, which sees every level as the recipe's world shows it."""
        return lambda world, levels: choices_in(agent, self.world, levels)

    def worths(self, agent: Agent, levels: Sequence[Level], stakes: Stakes) -> list[Worth]:
        """Returns what each level is worth.

        **Arguments:**

        - `agent`: memoryless.
        - `levels`: single ones, any number.
        - `stakes`: what counts.
        """
        found, here = [], Variant("", self.world, self.distribution)
        for first in range(0, len(levels), BATCH):
            some = levels[first : first + BATCH]
            batch = padded(some, BATCH)
            found += worths(self.choices(agent), here, batch, stakes)[: len(some)]
        return found


def family_of(organism: Organism) -> LevelFamily:
    """Returns the levels that a recipe's world can show.

    **Arguments:**

    - `organism`: the recipe.
    """
    world, distribution = organism.world, organism.distribution
    shape = _shape(Variant("", world, distribution))
    variants = list(variants_of(world))
    variants += [Variant(name, world, name) for name in world.distributions[:-1]]
    variants = [one for one in variants if one.changeable or (one.world, one.distribution) != (world, distribution)]
    return LevelFamily(world, distribution, tuple(one for one in variants if _shape(one) == shape))


def no_family(organism: Organism) -> str | None:
    """Returns why no levels of a recipe's world can be chosen; `None` if they can."""
    if family_of(organism).variants:
        return None
    return (
        f"world '{organism.world.name}' has one distribution, and its levels can neither be edited nor rearranged, so "
        "there are no others to train on"
    )


def padded(levels: Sequence[Level], capacity: int) -> Level:
    """Returns single levels as a batch of a fixed size, the last one repeated.

    **Arguments:**

    - `levels`: one or more, no more than the capacity.
    - `capacity`: levels of the batch.
    """
    return stacked([*levels, *[levels[-1]] * (capacity - len(levels))])


def chances_of(weights: Iterable[float], capacity: int) -> Float[np.ndarray, " capacity"]:
    """Returns chances that fall on the levels of a padded pool in proportion to weights, and none on what pads it.

    **Arguments:**

    - `weights`: of each level, 0 or more; if all are 0, all are alike.
    - `capacity`: levels of the pool.
    """
    given = np.asarray(list(weights), float)
    chances = np.zeros(capacity)
    chances[: len(given)] = given if given.sum() > 0 else 1.0
    return chances


def _sampled(variant: Variant, *, key: RandomKey) -> Level:
    return jax.device_get(variant.world.sample(key=key, distribution=variant.distribution, count=BATCH))


def _shape(variant: Variant):
    level = jax.eval_shape(
        lambda key: variant.world.sample(key=key, distribution=variant.distribution, count=1), jax.random.key(0)
    )
    return jax.tree.map(lambda array: (array.shape, array.dtype), level)


def check_levels(levels: int, share: float) -> None:
    """Raises `UsageError` unless there are levels to train on, and each update draws some of them."""
    if levels < 1 or not 0 < share <= 1:
        raise UsageError(f"levels={levels} must be 1 or more, and share={share:g} in (0, 1].")


def pooled_of(trainee: Trainee, share: float) -> int:
    """Returns how many levels of each update a share of them is, at least 1."""
    return max(1, round(share * trainee.optimizer.levels))
