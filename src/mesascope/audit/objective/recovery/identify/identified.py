"""A recovered objective beside the candidates of a world: what it pursues, what it is nearest to, what is open."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.identify.identifiability import Unidentified
from mesascope.audit.objective.recovery.recover import recover
from mesascope.objectives.canonical import rewards_here, value_adjusted
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.objectives.reward_tables import weighted_attributes
from mesascope.worlds.level import Level

LEVELS: int = 24
STATES: int = 16_000
"""As many levels of each distribution are weighed, as long as they have so many states together."""

DRAWS: int = 64

NEGLIGIBLE: float = 0.05
"""Share of the choices' structure that attributes other than motion must explain on top of motion to be read alone."""


@dataclass(frozen=True)
class Nearest:
    """The candidates by their distance to a recovered objective.

    **Arguments:**

    - `names`, `distances`: STARC distances, averaged over levels, nearest first.
    - `share`: of the posterior's draws to which the first is nearest.
    """

    names: tuple[str, ...]
    distances: tuple[float, ...]
    share: float


@dataclass(frozen=True)
class Identified:
    """An objective recovered from choices in a world, and how it reads there.

    **Arguments:**

    - `objective`: as recovered: weights of the world's attributes.
    - `pursued`: what candidates are compared with: the same without motion, unless nothing else is pursued.
    - `explained_by_motion`: share of the choices' structure that attributes of motion explain alone.
    - `level_set`: levels that matter.
    - `nearest`: candidates by distance.
    - `open`: what the choices leave open, harmful where it matters in these levels.
    - `seed`: of draws.
    """

    objective: BehavioralObjective
    pursued: BehavioralObjective
    explained_by_motion: float
    level_set: LevelSet
    nearest: Nearest
    open: Unidentified
    seed: int

    @property
    def space(self) -> AttributeRewards:
        """The attributes."""
        assert isinstance(self.objective.space, AttributeRewards)
        return self.objective.space

    @property
    def fit(self) -> ChoiceFit:
        """The fit to the choices."""
        assert self.objective.fit is not None
        return self.objective.fit

    @property
    def levels(self) -> Level:
        """Those of the level set that are weighed."""
        return _weighed(self.level_set)

    def regret(self, *, levels: int = 4, rivals: int = 8) -> float:
        """Returns what ambiguity costs: the mean over the first levels of the smallest worst-case regret.

        **Arguments:**

        - `levels`: how many.
        - `rivals`: consistent rewards that are tried.
        """
        some = self.levels[:levels]
        costs = [
            self.pursued.disambiguating_regret(some[index], n=rivals, seed=self.seed, game=False).minimax
            for index in range(some.count)
        ]
        return float(np.mean(costs))


def weighed_levels(level_set: LevelSet, *, most: int = LEVELS) -> int:
    """Returns how many levels of a level set objectives are recovered from and compared in."""
    return max(1, min(most, level_set.levels.count, STATES // level_set.levels.states))


def _weighed(level_set: LevelSet) -> Level:
    return level_set.levels[: weighed_levels(level_set)]


def identify(choices: ObservedChoices, level_set: LevelSet, *, seed: int = 0) -> Identified:
    """Returns the objective that choices amount to, beside the candidates of a level set.

    Episodes are taken to have no end: if the agent could bring one about, a cost of time would stand for whatever does.

    **Arguments:**

    - `choices`: of the agent.
    - `level_set`: levels that matter: in which candidates are compared and open directions may do harm.
    - `seed`: of draws.

    **Raises:** `UsageError` as `recover` does.
    """
    space = AttributeRewards(tuple(level_set.world.attributes))
    found = replace(recover(choices, planner="noisy", space=space), objectives=level_set.objectives)
    pursued, alone = without_motion(found, level_set)
    levels = _weighed(level_set)
    left = found.unidentified_in([levels[index] for index in range(levels.count)])
    return Identified(found, pursued, alone, level_set, nearest_candidates(pursued, level_set, seed=seed), left, seed)


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
    distances = starc_distances(_weighed(level_set), level_set.objectives, pursued.space, parameters)
    order = np.argsort(distances[0], kind="stable")
    return Nearest(
        tuple(level_set.objectives.names[place] for place in order),
        tuple(float(distances[0, place]) for place in order),
        float((distances[1:].argmin(1) == order[0]).mean()),
    )


def starc_distances(
    levels: Level,
    objectives: Objectives,
    space: AttributeRewards,
    parameters: Float[np.ndarray, "n D"],
) -> Float[np.ndarray, "n O"]:
    """Returns STARC distances between parameters of a space and candidates, averaged over levels.

    Candidates keep their own ends of episodes. Canonical forms are linear, so those of the attributes are worked out
    once a level, and every parameter is a sum of them.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: O candidates.
    - `space`: of the parameters.
    - `parameters`: n of them.
    """
    single = weighted_attributes(space, np.eye(len(space.names)))
    total = np.zeros((len(parameters), len(objectives)))
    for index in range(levels.count):
        level = levels[index]
        known = _unit(np.stack([value_adjusted(one).ravel() for one in rewards_here(level, objectives)]))
        basis = np.stack([value_adjusted(one).ravel() for one in rewards_here(level, single)])
        drawn = _unit(parameters @ basis)
        total += np.sqrt(np.maximum((drawn**2).sum(1)[:, None] + (known**2).sum(1) - 2 * drawn @ known.T, 0.0))
    return total / levels.count


def _unit(rows: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(size > 1e-9, rows / np.where(size > 0, size, 1.0), 0.0)
