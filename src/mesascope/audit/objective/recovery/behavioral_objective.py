"""A behavioral objective: a set of rewards, the environments and the planner that it was read off, and what is open."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.fit.bayesian import Sampled
from mesascope.audit.objective.recovery.fit.chance import Chance
from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit
from mesascope.audit.objective.recovery.fit.coherence import Coherence
from mesascope.audit.objective.recovery.fit.planners import PlannerRow, planner_table
from mesascope.audit.objective.recovery.fit.posterior import Posterior
from mesascope.audit.objective.recovery.identify.distance import distances, interval
from mesascope.audit.objective.recovery.identify.identifiability import Unidentified, open_directions, unidentified
from mesascope.audit.objective.recovery.identify.sensitivity import Assumption, other_assumptions
from mesascope.audit.objective.recovery.query.ambiguity import Ambiguity, disambiguating_regret
from mesascope.audit.objective.recovery.query.next_environment import Choice, consistent, rank_menu
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.text import quoted
from mesascope.core.verdicts import Estimate
from mesascope.objectives.distances.catalogue import DISTANCES
from mesascope.objectives.invariance import InvarianceClass, source
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace
from mesascope.objectives.reward_tables import spelled_out
from mesascope.worlds.level import Level
from mesascope.worlds.menu import MenuItem

DRAWS: int = 200
FAINT: float = 1e-3
"""Information, per choice and level, that is taken for granted about every weight before anything is seen."""

Again = Callable[[ObservedChoices], "BehavioralObjective"]
"""Recovers by the same method from other choices."""


@dataclass(frozen=True)
class BehavioralObjective:
    """What an agent's behaviour says about its objective (RFLO §1.2): never one reward, always a set.

    **Arguments:**

    - `space`: the rewards considered.
    - `choices`: that it was recovered from.
    - `planner`: `"soft"`, `"noisy"`, `"hard"` or `"entropy"`: how it is taken to choose, given a reward.
    - `posterior`: over the parameter of the space.
    - `coherence`: whether one objective explains all choices.
    - `again`: recovers by the same method from other choices; `None` if the method has no other.
    - `chance`: whether the choices can be told from chance and from a habit; if not, nothing is said to be pursued.
    - `fit`: of the choices, where the planner is noisy.
    - `sampled`: planner and slips, where they were sampled with the weights.
    - `left_open`: orthonormal directions that are open, if the method knows them better than the environments alone
      do, `[U, D]`.
    - `objectives`: those of the world in which the agent was watched, which may then be called by name.
    """

    space: RewardSpace
    choices: ObservedChoices
    planner: str
    posterior: Posterior
    coherence: Coherence
    chance: Chance
    again: Again | None = None
    fit: ChoiceFit | None = None
    sampled: Sampled | None = None
    left_open: Float[np.ndarray, "U D"] | None = None
    objectives: Objectives | None = None

    @property
    def pursues(self) -> bool:
        """Whether it pursues something that can be told from chance and from a habit."""
        return self.chance.told

    @property
    def mean(self) -> Float[np.ndarray, " D"]:
        """The recovered parameter; meaningless along what is `unidentified`."""
        return self.posterior.mean

    def samples(self, n: int, *, key: RandomKey) -> Float[np.ndarray, "n D"]:
        """Returns n draws from the posterior."""
        return self.posterior.samples(n, seed=seed_of(key))

    @cached_property
    def unidentified(self) -> Unidentified:
        """The directions that no environment settles; harmless are those that matter in none of them either."""
        return self.unidentified_in([])

    def unidentified_in(self, levels: Sequence[Level]) -> Unidentified:
        """Returns the directions that no environment settles, split by whether they matter in a class of levels."""
        return unidentified(self.choices.observations, self.space, levels=list(levels), basis=self.left_open)

    def open_directions(self, *, n: int = 32, seed: int = 0) -> Float[np.ndarray, "m D"]:
        """Returns up to n orthonormal directions that are open, drawn at random if there are more."""
        if self.left_open is None:
            return open_directions(self.choices.observations, self.space, n=n, seed=seed)
        if len(self.left_open) <= n:
            return self.left_open
        mixed = np.random.default_rng(seed).normal(size=(n, len(self.left_open))) @ self.left_open
        return np.linalg.qr(mixed.T)[0].T

    @property
    def invariance(self) -> InvarianceClass:
        """What this planner's choices in one level leave open, however many are seen; other levels may settle it."""
        return source("soft" if self.planner == "entropy" else self.planner)

    @cached_property
    def planners(self) -> tuple[PlannerRow, ...]:
        """Other pairs of a planner and a reward that explain the choices, and how well; see `planner_table`.

        **Raises:** `UsageError` if the reward is too large a table to be weighed entry by entry, or the levels differ
        in shape.
        """
        sizes = {one.level.states for one in self.choices}
        if not isinstance(self.space, AttributeRewards) and len(sizes) > 1:
            raise UsageError("Levels of different sizes have no table of rewards in common; weigh attributes instead.")
        levels, space = spelled_out(self.choices.levels, self.space)
        return planner_table(levels, self.choices.weights, space)

    @cached_property
    def sensitivity(self) -> tuple[Assumption, ...]:
        """The objective under other discounts, dynamics and temperatures; see `other_assumptions`.

        **Raises:** `UsageError` if the method of recovery cannot be repeated.
        """
        return other_assumptions(self)

    def consistent(self, *, n: int = 16, seed: int = 0, directions: int = 32) -> Float[np.ndarray, "n D"]:
        """Returns rewards that explain the behaviour about as well, the mean first.

        **Arguments:**

        - `n`: how many.
        - `seed`: of the draws.
        - `directions`: that are open, at most; more than that are sampled.
        """
        drawn = self.mean[None]
        if n > 1:
            drawn = np.concatenate([drawn, self.posterior.samples(n - 1, seed=seed)])
        rows = self.open_directions(n=directions, seed=seed)
        return consistent(self.mean, rows, n=n, seed=seed + 1, around=drawn)

    def distance(self, base: Any, kind: str = "starc", *, draws: int = DRAWS) -> Estimate:
        """Returns the distance to another reward, averaged over the observed levels, with a 90 % interval.

        **Arguments:**

        - `base`: the name of an objective of the world, `Objectives` of one over the levels' attributes, or a parameter
          of the same space, `[D]`.
        - `kind`: of distance; see `DISTANCES`.
        - `draws`: from the posterior; see `interval` for what is made of them.

        **Raises:** `UnknownNameError` for an unknown kind or name; `UsageError` if nothing is pursued that could be at
        a distance, more than one objective is given, a name without a world, something else, or if the distance
        has no value.
        """
        measure, other = DISTANCES.load(kind), self._named(base)
        if isinstance(other, Objectives) and len(other) != 1:
            raise UsageError(f"A distance is to one objective; given are {len(other)}.")
        if not self.pursues:
            raise UsageError(f"There is no distance from an objective where none is: {self.coherence.reason}.")
        parameters = self.mean[None]
        if draws and not self.posterior.exact:
            parameters = np.concatenate([parameters, self.posterior.samples(draws, seed=0)])
        places = [(one.name, one.level) for one in self.choices]
        measured = partial(distances, places, self.space, parameters, kind=kind, measure=measure)
        known = other if isinstance(other, Objectives) else other[None]
        values = measured(known)[:, 0]
        value = low = high = float(values[0])
        if len(values) > 1:
            low, high = interval(value, values[1:], measured(self.mean[None])[1:, 0], kind=kind)
        ends = self._ends(other)
        if len(ends):
            far = distances(places, self.space, ends, known, kind=kind, measure=measure)[:, 0]
            low, high = min(low, float(far.min())), max(high, float(far.max()))
        if low and self._explains(other):
            low = 0.0
        return Estimate(value, low, high, self.choices.distinct, "levels", 0.9)

    def _ends(self, other: Objectives | Float[np.ndarray, " D"]) -> Float[np.ndarray, "n D"]:
        """Rewards that counted choices cannot rule out, as near to another as may be and as far from it."""
        if self.sampled is None:
            return np.zeros((0, len(self.mean)))
        target = np.asarray(other.weights)[0] if isinstance(other, Objectives) else other
        width = len(self.sampled.about[0].problem.unit)
        if len(target) > width or not isinstance(self.space, AttributeRewards):
            return np.zeros((0, len(self.mean)))
        return self.sampled.ends(np.append(target, np.zeros(width - len(target))))[:, : len(self.mean)]

    def _explains(self, other: Objectives | Float[np.ndarray, " D"]) -> bool:
        """Whether counted choices cannot rule out that this very reward is pursued."""
        if self.sampled is None or not isinstance(self.space, AttributeRewards):
            return False
        if isinstance(other, Objectives):
            parameter, stops = np.asarray(other.weights)[0], tuple(np.flatnonzero(np.asarray(other.stops)[0]).tolist())
        else:
            parameter, stops = other, self.space.stops
        return any(
            self.sampled.plausible(
                self.choices.levels, self.choices.weights, AttributeRewards(self.space.attributes, ends), parameter
            )
            for ends in dict.fromkeys((stops, self.space.stops))
        )

    def _named(self, base: object) -> Objectives | Float[np.ndarray, " D"]:
        if isinstance(base, Objectives):
            return base
        if isinstance(base, str):
            if self.objectives is None:
                raise UsageError(
                    f"A distance to {quoted(base)} needs the world that defines it: recover(..., world=world). Or pass "
                    "compile_objectives(world).select(name), or a parameter of the reward space."
                )
            return self.objectives.select(base)
        try:
            parameter = np.asarray(base, np.float64)
        except (TypeError, ValueError):
            parameter = np.array(np.nan)
        if parameter.shape != self.mean.shape or not np.isfinite(parameter).all():
            what = f"numbers of shape {list(parameter.shape)}" if parameter.ndim else f"a {type(base).__name__}"
            raise UsageError(
                f"A distance is to the name of an objective of the world, to Objectives, or to {len(self.mean)} finite "
                f"numbers, one for each of {', '.join(self.space.names[:8])}{', …' if len(self.mean) > 8 else ''}; "
                f"given is {what}."
            )
        return parameter

    def disambiguating_regret(self, level: Level, *, n: int = 16, seed: int = 0, game: bool = True) -> Ambiguity:
        """Returns what it costs in a level that several rewards explain the behaviour.

        **Arguments:**

        - `level`: one (not batched) level that the reward space fits.
        - `n`: rewards that are tried.
        - `seed`: of the draws.
        - `game`: whether to solve the game against any policy at all, too.
        """
        rewards = self.space.reward(level, self.consistent(n=n, seed=seed))
        return disambiguating_regret(level, rewards, stops=tuple(self.space.stops), game=game)

    def next_environment(
        self, menu: Sequence[MenuItem], *, criterion: str = "rank", target: Level | None = None
    ) -> tuple[Choice, ...]:
        """Returns the menu of environments, the one that would settle most first; see `rank_menu`.

        **Arguments:**

        - `menu`: environments on offer.
        - `criterion`: `"rank"`, `"information"` or `"regret"`; the last needs `target`, the level that matters.
        """
        return rank_menu(
            menu,
            self.space,
            self.open_directions(),
            criterion=criterion,
            doubt=self._doubt,
            parameter=self.mean,
            target=target,
        )

    @property
    def _doubt(self) -> Float[np.ndarray, "m D"] | None:
        """Directions as long as the parameter is uncertain along them; `None` where only what is open is uncertain."""
        if self.fit is None:
            return None
        width = len(self.mean)
        known = self.fit.information[:width, :width] / self.fit.decisions * len(self.choices)
        values, vectors = np.linalg.eigh(known + FAINT * np.eye(width))
        return (vectors / np.sqrt(np.maximum(values, FAINT))).T

    def only(self, kept: Bool[np.ndarray, " D"]) -> BehavioralObjective:
        """Returns the objective with the weights of some parameters alone, and of the others 0."""
        posterior = self.posterior
        masked = dataclasses.replace(
            posterior, mean=posterior.mean * kept, draw=lambda random, n: posterior.draw(random, n) * kept
        )
        return dataclasses.replace(self, posterior=masked)

    def __str__(self) -> str:
        """The largest parameters, never without what could not be told apart."""
        order = np.argsort(-np.abs(self.mean), kind="stable")[:5]
        shown = ", ".join(f"{self.space.names[index]} {self.mean[index]:+.3g}" for index in order)
        try:
            left = self.unidentified.sentence()
        except UsageError as error:
            left = str(error)
        return f"{shown} ({self.planner} planner). {left}"
