"""A recovered objective beside the candidates of a world: what it pursues, what it is nearest to, what is open."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.identify.identifiability import Unidentified
from mesascope.audit.objective.recovery.recover import recovered
from mesascope.core.rounding import above, settled
from mesascope.objectives.distances.starc import starc_between, starc_distances
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.objectives.reward_tables import weighted_attributes
from mesascope.worlds.level import Level

LEVELS: int = 24
STATES: int = 16_000
"""As many levels of each distribution are weighed, as long as they have so many states together."""

DRAWS: int = 64

NEGLIGIBLE: float = 0.05
"""Share of the choices' structure that attributes other than motion must explain on top of motion to be read alone."""


MARGIN: float = 0.1
"""What an agent must bring of a candidate for it to be named: 0 is what chance brings, 1 the optimum. Agents that
pursue something with 80 % slips bring .29 and more of it, random ones .00 (scripted agents of three worlds); what an
agent brings of one thing by the way of another is not known to stay below."""

ALIKE: float = 0.02
"""Candidates no farther apart than this are one answer with all their names: they order nearly all policies alike."""


@dataclass(frozen=True)
class Nearest:
    """The candidates that may be named, by their distance to a recovered objective.

    **Arguments:**

    - `names`, `distances`: STARC distances, averaged over levels, nearest first; none where nothing may be named.
    - `share`: of the posterior's draws to which the first, or one that is alike, is nearest.
    - `alike`: further candidates that no level tells from the first.
    """

    names: tuple[str, ...] = ()
    distances: tuple[float, ...] = ()
    share: float = 0.0
    alike: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """The name of the first; empty where nothing may be named."""
        return self.names[0] if self.names else ""

    @property
    def answer(self) -> str:
        """The first with all that is alike, for a person; that nothing is named, if so."""
        return " or ".join(f"'{name}'" for name in (*self.names[:1], *self.alike)) or "none of the candidates"


@dataclass(frozen=True)
class Identified:
    """An objective recovered from choices in a world, and how it reads there.

    **Arguments:**

    - `objective`: as recovered: weights of the world's attributes.
    - `pursued`: what candidates are compared with: the same without motion, unless nothing else is pursued.
    - `explained_by_motion`: share of the choices' structure that attributes of motion explain alone.
    - `after`: the agent in the levels that matter.
    - `nearest`: candidates by distance.
    - `open`: what the choices leave open, harmful where it matters in these levels.
    - `seed`: of draws.
    """

    objective: BehavioralObjective
    pursued: BehavioralObjective
    explained_by_motion: float
    after: Evaluation
    nearest: Nearest
    open: Unidentified
    seed: int

    @property
    def level_set(self) -> LevelSet:
        """The levels that matter."""
        return self.after.level_set

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


def identify(choices: ObservedChoices, after: Evaluation, *, seed: int = 0) -> Identified:
    """Returns the objective that choices amount to, beside the candidates of a level set.

    Episodes are taken to have no end: if the agent could bring one about, a cost of time would stand for whatever does.

    **Arguments:**

    - `choices`: of the agent.
    - `after`: the agent in the levels that matter: in which candidates are compared and open directions may do harm.
    - `seed`: of draws.

    **Raises:** `UsageError` as `recover` does.
    """
    level_set = after.level_set
    space = AttributeRewards(tuple(level_set.world.attributes))
    found = replace(recovered(choices, space, planner="noisy"), objectives=level_set.objectives)
    pursued, alone = without_motion(found, level_set)
    levels = _weighed(level_set)
    left = found.unidentified_in([levels[index] for index in range(levels.count)])
    nearest = nearest_candidates(pursued, after, seed=seed) if found.pursues else Nearest()
    return Identified(found, pursued, alone, after, nearest, left, seed)


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


def nearest_candidates(pursued: BehavioralObjective, after: Evaluation, *, seed: int = 0) -> Nearest:
    """Returns the candidates that may be named by their distance to an objective, in the levels that are weighed.

    Not named are candidates that demand nothing in any of these levels, those of which the agent brings no more than
    chance does, and those of motion unless nothing else is pursued. The null reward is near to nothing.

    **Arguments:**

    - `pursued`: weights of the world's attributes.
    - `after`: the agent in the levels that matter.
    - `seed`: of draws from the posterior.
    """
    assert isinstance(pursued.space, AttributeRewards), "candidates weigh attributes"
    level_set, levels = after.level_set, _weighed(after.level_set)
    objectives = level_set.objectives
    nothing = np.zeros((1, len(pursued.mean)))
    demands = starc_distances(levels, objectives, pursued.space, nothing)[0]
    own = weighted_attributes(pursued.space, pursued.mean[None])
    if not starc_distances(levels, own, pursued.space, nothing)[0, 0]:
        return Nearest()
    regret = np.array([row[np.isfinite(row)].mean() if np.isfinite(row).any() else 1.0 for row in after.regrets])
    moving = [_moves(pursued.mean != 0, level_set), *(_moves(row != 0, level_set) for row in objectives.weights)]
    kept = [
        place
        for place in range(len(objectives))
        if demands[place] and above(1 - regret[place], MARGIN) and (moving[0] or not moving[place + 1])
    ]
    if not kept:
        return Nearest()
    parameters = np.concatenate([pursued.mean[None], pursued.posterior.samples(DRAWS, seed=seed)])
    measured = starc_distances(levels, objectives, pursued.space, parameters)[:, kept]
    order = np.argsort(settled(measured[0]), kind="stable")
    names = [objectives.names[kept[place]] for place in order]
    alike = order[starc_between(levels, objectives.select(*names))[0] <= ALIKE]
    return Nearest(
        tuple(names),
        tuple(float(measured[0, place]) for place in order),
        float(np.isin(measured[1:].argmin(1), alike).mean()),
        tuple(objectives.names[kept[place]] for place in alike[1:]),
    )


def _moves(weighed: np.ndarray, level_set: LevelSet) -> bool:
    """Whether all that is weighed is motion."""
    names = np.array(level_set.world.attributes)
    return bool(np.isin(names[np.asarray(weighed, bool)], level_set.world.motion).all())
