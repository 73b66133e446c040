"""What the remedies share that train on more and better levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.witness_scoring import Stakes
from mesascope.audit.level_set import LevelSet
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.core.rounding import settled
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.organism import Organism
from mesascope.oversight.level_family import LevelFamily, family_of, padded
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee
from mesascope.planning.evaluation import policy_values, returns
from mesascope.worlds.level import Level

SAMPLED: int = 64
"""Levels in which it is seen what an agent is after."""

BETTER: float = 0.05
"""Normalised regret by which another candidate must do better than the base objective for an agent to count as after
it: trained agents differ by more."""


@dataclass(frozen=True)
class LevelRemedy(Remedy):
    """Trains on levels of the family beside those of the recipe.

    **Arguments:**

    - `levels`: different ones, at most; 1 or more.
    - `share`: of the levels of each update that are drawn from them, in (0, 1]; the rest is as in the recipe.
    """

    levels: int = 256
    share: float = 0.5

    def __post_init__(self):
        if self.levels < 1 or not 0 < self.share <= 1:
            raise UsageError(f"levels={self.levels} must be 1 or more, and share={self.share:g} in (0, 1].")

    def inapplicable(self, organism: Organism) -> str | None:
        if family_of(organism).variants:
            return None
        return (
            f"world '{organism.world.name}' has one distribution, whose levels can neither be edited nor rearranged, "
            "so that there are no others to train on"
        )

    def stage(self, trainee: Trainee, updates: int, levels: Sequence[Level], weights: Sequence[float] = ()) -> Stage:
        """Returns a stage that draws from single levels, `self.levels` at most, by weights if any are given."""
        if not levels:
            return Stage(updates)
        # Padded, so that stages share their compiled code.
        chances = np.zeros(self.levels)
        chances[: len(levels)] = weights if len(weights) else 1.0
        pooled = max(1, round(self.share * trainee.optimizer.levels))
        return Stage(updates, pool=padded(levels, self.levels), chances=chances, pooled=pooled)


class Pursuit:
    """Names what an agent is after: the candidate on which it has least regret in a sample of levels.

    An audit weighs accounts of the behaviour against each other and says how sure it is; this directs a search for
    levels, which are what they are whatever directed it.

    **Arguments:**

    - `trainee`: the agent; the sample is added to its account.
    - `family`: of levels.
    - `key`: consumed.
    """

    def __init__(self, trainee: Trainee, family: LevelFamily, *, key: RandomKey):
        world, self.base = trainee.world, trainee.task.objective
        candidates = [one for one in world.objectives if not one.control and not set(one.weights) <= set(world.motion)]
        objectives = compile_objectives(world, [self.base, *(one for one in candidates if one != self.base)])
        sample = [level for _, level in family.draw(SAMPLED, key=stream("sample", key=key)).values()]
        trainee.account.searched += len(sample)
        self._set = LevelSet("sample", world, family.distribution, padded(sample, len(sample)), objectives, 0)
        self._choices = family.choices

    def stakes(self, agent: Agent, *, floor: float) -> Stakes:
        """Returns what to look for in levels: base regret where the agent is able at what it is after.

        The floor is the least capability at another objective than the base objective; for that itself there is none.
        """
        there, levels = self._set, self._set.levels
        values = policy_values(levels, self._choices(agent)(there.world, levels), there.objectives)
        # Where an objective is not tested it explains nothing: as much regret as by chance.
        regrets = np.nan_to_num(there.regrets_of(returns(levels, values)), nan=1.0).mean(axis=1)
        regrets[0] -= BETTER
        best = int(np.argmin(settled(regrets)))
        return Stakes(self.base, there.objectives.specs[best], floor if best else -np.inf)
