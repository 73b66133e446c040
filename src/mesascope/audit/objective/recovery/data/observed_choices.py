"""Observed choices: policy tables on levels of any sizes, exactly known or counted, and how much each choice counts.

As one batch, levels of different sizes are padded with states that nobody enters and outcomes that never come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import jax
import numpy as np
from jaxtyping import Float

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations
from mesascope.audit.objective.recovery.data.distinct import distinct_levels
from mesascope.core.errors import UsageError, WorldError
from mesascope.planning.evaluation import visits
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import SUM

_BY_OUTCOME: tuple[str, ...] = ("successors", "probabilities", "attributes")
_ARRAYS: tuple[str, ...] = (*_BY_OUTCOME, "initial", "terminal", "reachable", "discount")


@dataclass(frozen=True)
class Observation:
    """A level and what the agent does in it.

    **Arguments:**

    - `level`: one (not batched) level.
    - `policy`: action probabilities or observed frequencies, `[S, A]`; only acting states (reachable, not terminal) are
      read.
    - `counts`: how many choices were observed in each state, `[S]`; `None` if the probabilities are exact.
    - `temperature`: of the agent here, above 0, in units of reward; `None` if it is not known.
    - `discount`: that the agent is taken to use; by default the level's.
    - `name`: for people.
    - `weights`: how much the choice in each state counts where probabilities are exact, 0 or more, `[S]`; by default
      as often as the agent is there, each state at most once.
    - `alternate`: of counted choices, how often each action was taken in every other episode, `[S, A]`; where episodes
      are not known, half of all choices are drawn.

    **Raises:** `UsageError` if the table does not fit the level or is not a policy; `WorldError` if the level's
    dynamics are no laws.
    """

    level: Level
    policy: Float[np.ndarray, "S A"]
    counts: Float[np.ndarray, " S"] | None = None
    temperature: float | None = 1.0
    discount: float | None = None
    name: str = "environment"
    weights: Float[np.ndarray, " S"] | None = None
    alternate: Float[np.ndarray, "S A"] | None = None

    def __post_init__(self):
        level = self.level
        if level.batched:
            raise UsageError("An observation is of one level; pass each level of a batch on its own.")
        if self.policy.shape != (level.states, level.actions):
            raise UsageError(
                f"The policy of '{self.name}' has the shape {list(self.policy.shape)}; its level has {level.states} "
                f"states and {level.actions} actions."
            )
        if self.counts is not None:
            counts = np.asarray(self.counts)
            if counts.shape != (level.states,) or not (np.isfinite(counts) & (counts >= 0)).all():
                raise UsageError(
                    f"The counts of '{self.name}' are one number of choices, 0 or more, for each of its {level.states} "
                    f"states; given were {list(counts.shape)} numbers, the smallest {counts.min(initial=np.inf)}."
                )
        acting = np.flatnonzero(np.asarray(level.reachable & ~level.terminal))
        if not len(acting):
            raise UsageError(f"Nobody acts in '{self.name}': every state is terminal or out of reach.")
        watched = acting if self.counts is None else acting[np.asarray(self.counts)[acting] > 0]
        if not len(watched):
            raise UsageError(f"No choice was observed in '{self.name}'; it says nothing.")
        rows = np.asarray(self.policy)[watched]
        wrong = ~(np.isfinite(rows).all(-1) & (rows >= 0).all(-1) & (np.abs(rows.sum(-1) - 1) <= 1e-4))
        if wrong.any():
            state = int(watched[wrong.argmax()])
            raise UsageError(
                f"The choices of '{self.name}' in state {state} are {np.asarray(self.policy)[state].tolist()}: no "
                "probabilities that sum to one."
            )
        laws = np.asarray(level.probabilities, np.float64)[acting]
        if (laws < 0).any() or not (np.abs(laws.sum(-1) - 1) <= 10 * SUM).all():
            bad = acting[int((np.abs(laws.sum(-1) - 1) > 10 * SUM).any(-1).argmax())]
            raise WorldError(f"The dynamics of '{self.name}' are inconsistent: outcomes of state {bad} are no law.")
        if self.temperature is not None and not 0 < self.temperature < np.inf:
            raise UsageError(f"Temperature {self.temperature} of '{self.name}' is not above 0; pass None if unknown.")

    @property
    def assumed_discount(self) -> float:
        """The discount that the agent is taken to use."""
        return float(self.level.discount) if self.discount is None else self.discount


@dataclass(frozen=True)
class ObservedChoices:
    """The choices of one agent in N levels, which may differ in states and outcomes, but not in actions and attributes.

    Levels are kept one by one; `levels`, `policy` and `weights` are all of them as one batch.

    **Arguments:**

    - `observations`: at least one.

    **Raises:** `UsageError` if there are none.
    """

    observations: tuple[Observation, ...]

    def __post_init__(self):
        if not self.observations:
            raise UsageError("There is nothing to recover an objective from: no environment was observed.")

    @classmethod
    def of_tables(
        cls, levels: Level, policy: Float[np.ndarray, "N S A"], *, weights: np.ndarray | None = None, **options
    ) -> ObservedChoices:
        """Returns the choices of policy tables.

        **Arguments:**

        - `levels`: a batch of N levels.
        - `policy`: of each.
        - `weights`: of the choice in each state, `[N, S]`.
        - `options`: those of `Observation` that are the same for all levels.

        **Raises:** `UsageError` if tables and levels do not fit.
        """
        levels = jax.device_get(levels.batch())
        if policy.shape != levels.successors.shape[:3]:
            raise UsageError(
                f"Policy tables of shape {list(policy.shape)} do not fit levels of shape "
                f"{list(levels.successors.shape[:3])}."
            )
        rows = [None] * levels.count if weights is None else weights
        return cls(
            tuple(
                Observation(levels[index], policy[index], name=f"level {index}", weights=rows[index], **options)
                for index in range(levels.count)
            )
        )

    @classmethod
    def of_evaluation(cls, evaluation: Evaluation, *, count: int) -> ObservedChoices:
        """Returns the choices of an evaluation in its first levels, each weighed as the evaluation weighs it."""
        some = slice(0, count)
        return cls.of_tables(
            evaluation.level_set.levels[some], evaluation.policy[some], weights=evaluation.weights[some]
        )

    @classmethod
    def of_demonstrations(cls, demonstrations: Demonstrations, **options) -> ObservedChoices:
        """Returns how often each action was taken where demonstrations went; levels without any are left out."""
        counts, alternate = demonstrations.counts(), demonstrations.alternate()
        totals = counts.sum(-1)
        policy = frequencies(counts)
        return cls(
            tuple(
                Observation(
                    demonstrations.levels[index],
                    policy[index],
                    totals[index],
                    name=f"level {index}",
                    alternate=alternate[index],
                    **options,
                )
                for index in np.flatnonzero(totals.sum(-1) > 0)
            )
        )

    def __len__(self) -> int:
        return len(self.observations)

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.observations)

    def __add__(self, others: Iterable[Observation]) -> ObservedChoices:
        """Returns the choices of both."""
        return ObservedChoices((*self.observations, *others))

    def replaced(self, change: Callable[[Observation], Observation]) -> ObservedChoices:
        """Returns the choices with a change in every observation."""
        return ObservedChoices(tuple(change(one) for one in self.observations))

    def with_discount(self, discount: float) -> ObservedChoices:
        """Returns the choices of an agent that is taken to use another discount."""
        return self.replaced(lambda one: replace(one, discount=discount))

    @property
    def counted(self) -> bool:
        """Whether any choice is known as counts only."""
        return any(one.counts is not None for one in self.observations)

    @cached_property
    def levels(self) -> Level:
        """All levels as one batch, with the discounts that the agent is taken to use."""
        return stacked(
            [
                one.level if one.discount is None else replace(one.level, discount=np.asarray(one.discount))
                for one in self.observations
            ]
        )

    @cached_property
    def policy(self) -> Float[np.ndarray, "N S A"]:
        """The policy tables of the batch."""
        states, actions = self.levels.states, self.levels.actions
        return np.stack([with_states(one.policy, states, fill=1 / actions) for one in self.observations])

    @cached_property
    def weights(self) -> Float[np.ndarray, "N S A"]:
        """How much each choice of the batch counts: as often as it was seen, or is expected to be made."""
        levels = self.levels
        known = [one.weights if one.counts is None else one.counts for one in self.observations]
        if all(one is None for one in known):
            here = self._visited
        else:
            rows = [self._visited[index] if one is None else one for index, one in enumerate(known)]
            here = np.stack([with_states(row, levels.states, fill=0.0) for row in rows])
        return here[..., None] * self.policy

    @cached_property
    def halves(self) -> tuple[Float[np.ndarray, "N S A"], Float[np.ndarray, "N S A"]]:
        """Counted choices in two halves, of the batch; what is exact is in neither."""
        random, first, whole = np.random.default_rng(0), [], []
        for one in self.observations:
            own = np.zeros((one.level.states, one.level.actions))
            if one.counts is not None:
                own = np.round(one.counts[:, None] * one.policy)
            drawn = random.binomial(own.astype(np.int64), 0.5) if one.alternate is None else one.alternate
            first.append(with_states(drawn, self.levels.states, fill=0.0))
            whole.append(with_states(own, self.levels.states, fill=0.0))
        return np.stack(first).astype(np.float64), np.stack(whole) - np.stack(first)

    @cached_property
    def distinct(self) -> int:
        """How many different levels there are: the same one observed again is no further evidence about others."""
        return len(distinct_levels(self.levels)[0])

    @cached_property
    def _visited(self) -> Float[np.ndarray, "N S"]:
        acting = np.asarray(self.levels.reachable & ~self.levels.terminal)
        return np.minimum(visits(self.levels, self.policy), 1.0) * acting


def frequencies(counts: Float[np.ndarray, "... A"]) -> Float[np.ndarray, "... A"]:
    """Returns counts of actions as shares, even ones where nothing was counted."""
    totals = counts.sum(-1, keepdims=True)
    return np.divide(counts, totals, out=np.full_like(counts, 1 / counts.shape[-1]), where=totals > 0)


def stacked(levels: Sequence[Level]) -> Level:
    """Returns single levels as one batch, without layouts; those with fewer states or outcomes are padded.

    **Arguments:**

    - `levels`: with equal numbers of actions and attributes.
    """
    states = max(level.states for level in levels)
    outcomes = max(level.successors.shape[-1] for level in levels)
    parts = [_padded(level, states, outcomes) for level in levels]
    return Level(**{name: np.stack([part[name] for part in parts]) for name in _ARRAYS}, layout=None)


def with_states(table: np.ndarray, states: int, *, fill: float) -> np.ndarray:
    """Returns a table over states with entries for padding states at the end.

    **Arguments:**

    - `table`: of any shape, states first.
    - `states`: how many it shall have, at least as many as it has.
    - `fill`: what stands in padding states.
    """
    table = np.asarray(table)
    return np.pad(table, ((0, states - len(table)), *((0, 0),) * (table.ndim - 1)), constant_values=fill)


def _padded(level: Level, states: int, outcomes: int) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(getattr(level, name)) for name in _ARRAYS}
    missing = (0, outcomes - level.successors.shape[-1])
    for name in _BY_OUTCOME:
        array = arrays[name]
        array = np.pad(array, ((0, 0), (0, 0), missing, *((0, 0),) * (array.ndim - 3)))
        arrays[name] = with_states(array, states, fill=0)
    # Whoever is in a padding state stays there, so that it is a level like any other.
    arrays["successors"][level.states :] = np.arange(level.states, states)[:, None, None]
    arrays["probabilities"][level.states :, :, 0] = 1.0
    for name, fill in (("initial", 0), ("terminal", True), ("reachable", False)):
        arrays[name] = with_states(arrays[name], states, fill=fill)
    return arrays
