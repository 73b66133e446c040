"""A recovered objective beside the candidates of a world: what it pursues, what it is nearest to, what is open."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.fit.choice_likelihood import fit_choices
from mesascope.audit.objective.recovery.identify.identifiability import Unidentified
from mesascope.audit.objective.recovery.identify.nearest import Nearest, nearest_objectives
from mesascope.audit.objective.recovery.recover import recover
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.worlds.level import Level

LEVELS: int = 24
STATES: int = 16_000
"""As many levels of each distribution are weighed, as long as they have so many states together."""

DRAWS: int = 64

NEGLIGIBLE: float = 0.05
"""Share of the choices' structure that attributes other than motion must explain on top of motion to be read alone."""


@dataclass(frozen=True)
class Identified:
    """An objective recovered from choices in a world, and how it reads there.

    **Arguments:**

    - `objective`: as recovered: weights of the world's attributes.
    - `pursued`: what candidates are compared with: the same without motion, unless nothing else is pursued.
    - `explained_by_motion`: share of the choices' structure that attributes of motion explain alone.
    - `levels`: those that matter.
    - `nearest`: candidates by distance.
    - `open`: what the choices leave open, harmful where it matters in these levels.
    - `seed`: of draws.
    """

    objective: BehavioralObjective
    pursued: BehavioralObjective
    explained_by_motion: float
    levels: Level
    nearest: Nearest
    open: Unidentified
    seed: int

    @property
    def space(self) -> AttributeRewards:
        """The attributes."""
        assert isinstance(self.objective.space, AttributeRewards)
        return self.objective.space

    def regret(self, *, levels: int = 4, rivals: int = 8) -> float:
        """Returns what ambiguity costs: the mean over the first levels of the smallest worst-case regret.

        **Arguments:**

        - `levels`: how many.
        - `rivals`: consistent rewards that are tried.
        """
        costs = [
            self.pursued.disambiguating_regret(self.levels[index], n=rivals, seed=self.seed, game=False).minimax
            for index in range(min(levels, self.levels.count))
        ]
        return float(np.mean(costs))


def weighed_levels(level_set: LevelSet, *, most: int = LEVELS) -> int:
    """Returns how many levels of a level set objectives are recovered from and compared in."""
    return max(1, min(most, level_set.levels.count, STATES // level_set.levels.states))


def identify(choices: ObservedChoices, level_set: LevelSet, *, seed: int = 0) -> Identified:
    """Returns the objective that choices amount to, beside the candidates of a level set.

    Episodes are taken to have no end: if the agent could bring one about, a cost of time would stand for whatever does.

    **Arguments:**

    - `choices`: of the agent.
    - `level_set`: levels that matter: in which candidates are compared and open directions may do harm.
    - `seed`: of draws.

    **Raises:** `UsageError` as `recover` does.
    """
    levels = level_set.levels[: weighed_levels(level_set)]
    space = AttributeRewards(tuple(level_set.world.attributes))
    found = replace(recover(choices, planner="noisy", space=space), objectives=level_set.objectives)
    pursued, alone = without_motion(found, level_set)
    left = found.unidentified_in([levels[index] for index in range(levels.count)])
    return Identified(found, pursued, alone, levels, nearest_candidates(pursued, level_set, seed=seed), left, seed)


def without_motion(found: BehavioralObjective, level_set: LevelSet) -> tuple[BehavioralObjective, float]:
    """Returns an objective without its weights of motion, unless nothing else is pursued, and what motion explains.

    **Arguments:**

    - `found`: weights of the world's attributes, from choices of a noisy planner.
    - `level_set`: of the world.

    **Returns:** the objective, and the share of the choices' structure that attributes of motion explain alone.
    """
    assert found.fit is not None, "the planner is noisy"
    assert isinstance(found.space, AttributeRewards), "candidates weigh attributes"
    moves = np.array([name in level_set.world.motion for name in found.space.names])
    alone = 0.0
    if moves.any():
        alone = fit_choices(found.choices.levels, found.choices.weights, found.space, only=moves).explained
    if found.fit.explained - alone > NEGLIGIBLE and found.mean[~moves].any():
        return found.only(~moves), alone
    return found, alone


def nearest_candidates(pursued: BehavioralObjective, level_set: LevelSet, *, seed: int = 0) -> Nearest:
    """Returns the candidates of a level set by their distance to an objective, in the levels that are weighed.

    **Arguments:**

    - `pursued`: weights of the world's attributes.
    - `level_set`: candidates and levels.
    - `seed`: of draws from the posterior.
    """
    assert isinstance(pursued.space, AttributeRewards), "candidates weigh attributes"
    parameters = np.concatenate([pursued.mean[None], pursued.posterior.samples(DRAWS, seed=seed)])
    levels = level_set.levels[: weighed_levels(level_set)]
    return nearest_objectives(levels, level_set.objectives, pursued.space, parameters)
