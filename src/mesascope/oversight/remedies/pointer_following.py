"""Pointer-following: levels in which the evidence points to another objective, which is rewarded there.

An agent that was trained where evidence always says the same need not heed it, and one that has the base objective by
itself does not (internal alignment, RFLO §4.4). Where what it is told differs from level to level, only an objective
that points at what is told is rewarded everywhere: corrigible alignment. It takes exploration: the choices of a trained
agent are so sure that the gradient of their value is all but nothing, whatever is rewarded.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.organism import Organism
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.stage import BaseReward, Stage
from mesascope.oversight.trainee import Trainee
from mesascope.worlds.switched_world import SwitchedWorld


@dataclass(frozen=True)
class PointerFollowing(Remedy):
    """Trains on some levels whose pointer is drawn anew, and rewards everywhere what it points to.

    **Arguments:**

    - `share`: of the levels trained on, in (0, 1]; in half of these the evidence points to the swapped objective.
    - `exploration`: worth of a nat of the policy's entropy at the start, which falls with the learning rate; 0 or more.
    - `levels`: that they are drawn from, 1 or more.
    - `distribution`: of these levels, in which the pointer varies: one of the world's. Where cue and threat do not vary
      with it, what is told is heeded in training's context alone.
    """

    share: float = 0.5
    exploration: float = 0.1
    levels: int = 256
    distribution: str = "contexts"

    name = "pointer-following"

    def __post_init__(self):
        if not 0 < self.share <= 1 or self.levels < 1 or self.exploration < 0:
            raise UsageError(
                f"share={self.share} must be in (0, 1], levels={self.levels} 1 or more and exploration="
                f"{self.exploration} 0 or more."
            )

    def inapplicable(self, organism: Organism) -> str | None:
        world = organism.world
        if not isinstance(world, SwitchedWorld) or self.distribution not in world.distributions:
            return (
                f"world '{world.name}' has no levels '{self.distribution}', in which evidence may point to another "
                "objective: cleaning, lamp, door-key and choice have"
            )
        if organism.objective not in (world.base_objective, world.told_objective):
            return (
                f"it is trained on '{organism.objective}', and where the pointer is not swapped the evidence of world "
                f"'{world.name}' points to '{world.base_objective}'"
            )
        return None

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        world, batch = trainee.world, trainee.optimizer.levels
        assert isinstance(world, SwitchedWorld)
        key_usual, key_varied = jax.random.split(key)
        usual = world.sample(key=key_usual, distribution=trainee.organism.distribution, count=self.levels)
        varying = world.sample(key=key_varied, distribution=self.distribution, count=self.levels)
        # The share is one of the whole batch: what of the pool's draws is beyond it is as usual.
        pooled = math.ceil(self.share * batch)
        varied = self.share * batch / pooled
        trainee.account.levels += self.levels
        trainee.optimizer = dataclasses.replace(trainee.optimizer, entropy=self.exploration)
        told = next(spec for spec in world.objectives if spec.name == world.told_objective)
        yield Stage(
            trainee.updates,
            pool=jax.tree.map(lambda *arrays: jnp.concatenate(arrays), usual, varying),
            chances=np.repeat([1 - varied, varied], self.levels),
            pooled=pooled,
            reward=BaseReward(compile_objectives(world, (told,))),
        )


REMEDY = PointerFollowing
