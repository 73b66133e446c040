"""Behaviour: the choices of one agent in one or two settings, as the rows that hypotheses about its aim are scored on.

Levels, not states, are the independent evidence. A state counts with the probability that it is visited at all, a level
as one average decision, and no more than `LEVELS` levels count: networks depart a little from any hypothesis, and what
is only a little wrong would else be ruled out by the sheer number of levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Int

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.counted_levels import distinct_levels, steps_taken
from mesascope.audit.rollouts import certainty_of
from mesascope.planning.evaluation import first_visits

LEVELS: int = 160
"""Levels of all settings together that count as evidence. Measured: three times as many, and answers with probability
.99 were wrong six times as often."""

FEW: int = 8
"""With fewer distinct levels in a setting, hypotheses are fitted on half of its states instead of half of its levels,
and its states are the independent evidence: what the agent does in these very levels is all that is asked."""

SHOWN: float = 0.5
ASKED: float = 8.0
"""Answers that a decision stands for at most, where structure is below `SHOWN` of the most that there can be."""

TREMBLING: float = 0.25
LIKELY: float = 0.01
"""Where levels are few, every state counts alike that is visited with more than this probability if so many slips are
added: what the agent would do off its way is evidence there, too."""

NEGLIGIBLE: float = 1e-4
"""States that are visited with less probability are left out."""

CLIPPED: float = 4.0
"""Disadvantages beyond so many times the usual gap of their state are alike: a rare disaster in reach must not hide
the real choice."""

FARTHEST: float = 100.0
"""Gaps beyond so many usual ones of a setting are alike to whoever chooses softly, too."""

LEAST_SCALE: float = 1e-3
"""The gap of a state counts as at least this share of the usual one in its setting."""

SAME: float = 1e-7
"""Actions whose values differ by less, relative to the largest value (or 1), are equally good."""


@dataclass(frozen=True)
class Behaviour:
    """M choices of an agent: where, how often, and what every candidate objective makes of them.

    **Arguments:**

    - `evaluations`: of the agent, one per setting, with the same candidates.
    - `setting`: number of each choice's evaluation, `[M]`.
    - `unit`: number of each choice's level among the U that count, over all settings, `[M]`.
    - `level`, `state`: of each choice in its evaluation, `[M]`.
    - `since`: the step from which it was made so, for agents with memory; for others the step in which the state is
      met, where that is always the same, else 0, `[M]`.
    - `weight`: probability that the state is visited, `[M]`.
    - `credit`: how many independent decisions a choice counts for per unit of weight, `[M]`.
    - `fold`: 0 or 1: hypotheses are fitted on one fold and scored on the other, `[M]`.
    - `policy`: the agent's probabilities, `[M, A]`.
    - `certainty`: the log-likelihood that they give themselves, `[M]`; of agents with memory before they are averaged.
    """

    evaluations: tuple[Evaluation, ...]
    setting: Int[np.ndarray, " M"]
    unit: Int[np.ndarray, " M"]
    level: Int[np.ndarray, " M"]
    state: Int[np.ndarray, " M"]
    since: Int[np.ndarray, " M"]
    weight: Float[np.ndarray, " M"]
    credit: Float[np.ndarray, " M"]
    fold: Int[np.ndarray, " M"]
    policy: Float[np.ndarray, "M A"]
    certainty: Float[np.ndarray, " M"]

    @property
    def level_set(self) -> LevelSet:
        """Of the last setting: after the shift, if there is one."""
        return self.evaluations[-1].level_set

    @property
    def actions(self) -> int:
        """How many actions there are."""
        return self.policy.shape[1]

    @cached_property
    def counted(self) -> Float[np.ndarray, " M"]:
        """Decisions that each choice counts for."""
        return self.weight * self.credit * self.asked

    @cached_property
    def asked(self) -> float:
        """Answers that a decision stands for.

        An exact policy is known in every state as if the agent had been asked there again and again. Where slips leave
        little structure in it, a decision stands for as many answers as show it, up to `ASKED`.
        """
        plain = self.weight * self.credit
        structured = float(plain @ self.structure) / max(float(plain.sum()), 1e-300)
        return float(np.clip(SHOWN * np.log(self.actions) / max(structured, 1e-12), 1.0, ASKED)) if self.exact else 1.0

    @property
    def exact(self) -> bool:
        """Whether the agent was asked in every state, and not sampled."""
        return all(evaluation.exact for evaluation in self.evaluations)

    def total(self, nats: Float[np.ndarray, " M"]) -> float:
        """Returns the sum over all choices, each for the decisions that it counts for."""
        return float(nats @ self.counted)

    @property
    def few(self) -> bool:
        """Whether levels are too few for any to be held out."""
        return self.units < FEW

    @cached_property
    def units(self) -> int:
        """How many levels count, over all settings."""
        return int(self.unit.max(initial=-1)) + 1

    @cached_property
    def structure(self) -> Float[np.ndarray, " M"]:
        """Divergence of each choice from a uniform one, in nats."""
        return self.certainty + np.log(self.actions)

    def by_unit(self, nats: Float[np.ndarray, "... M"]) -> Float[np.ndarray, "... U"]:
        """Returns sums over the choices of each level, by weight."""
        return (self._of_unit @ (nats * self.weight).reshape(-1, len(self.unit)).T).T.reshape(*nats.shape[:-1], -1)

    @cached_property
    def _of_unit(self) -> scipy.sparse.csr_matrix:
        choices = np.arange(len(self.unit))
        return scipy.sparse.csr_matrix((np.ones(len(choices)), (self.unit, choices)), (self.units, len(choices)))

    def of_states(self, tables: Sequence[Any]) -> np.ndarray:
        """Returns the entries of the choices in tables over levels and states, one per setting, `[M, ...]`."""
        parts = [
            np.asarray(table)[self.level[self.setting == place], self.state[self.setting == place]]
            for place, table in enumerate(tables)
        ]
        return np.concatenate(parts)

    @cached_property
    def moving(self) -> Bool[np.ndarray, "M A"]:
        """Actions that can change the state."""
        tables = []
        for evaluation in self.evaluations:
            levels = evaluation.level_set.levels
            elsewhere = np.asarray(levels.successors) != np.arange(levels.states)[:, None, None]
            tables.append((elsewhere & (np.asarray(levels.probabilities) > 0)).any(-1))
        return self.of_states(tables)

    def scaled(self, values: Float[np.ndarray, "M A"]) -> Float[np.ndarray, "M A"]:
        """Returns how much worse than the best each action is, in usual gaps of its state, in [-4, 0].

        **Arguments:**

        - `values`: of each action in each choice.
        """
        gap, scale = self._gaps(values)
        return -np.minimum(gap / np.where(np.isfinite(scale), scale, 1.0)[:, None], CLIPPED)

    def _gaps(self, values: Float[np.ndarray, "M A"]) -> tuple[Float[np.ndarray, "M A"], Float[np.ndarray, " M"]]:
        """Returns by how much each action is worse than the best, and the usual gap of the state, NaN if none is."""
        gap = values.max(-1, keepdims=True) - values
        gap = np.where(gap > SAME * max(1.0, float(np.abs(values).max(initial=0.0))), gap, 0.0)
        ordered = np.sort(np.where(gap > 0, gap, np.inf), axis=-1)
        number = (gap > 0).sum(-1)
        middle = np.take_along_axis(ordered, np.maximum((number - 1) // 2, 0)[:, None], -1)[:, 0]
        scale = np.where(number > 0, middle, np.nan)
        for place in range(len(self.evaluations)):
            here = self.setting == place
            if np.isfinite(scale[here]).any():
                scale[here] = np.maximum(scale[here], LEAST_SCALE * np.nanmedian(scale[here]))
        return gap, scale

    def soft(self, candidate: int) -> Float[np.ndarray, "M A"]:
        """Returns how much worse than the best each action is for a candidate, in usual gaps of its setting.

        Whoever chooses by exponentiated value goes by one scale everywhere, and not by that of each state.

        **Arguments:**

        - `candidate`: its index.
        """
        gap, scale = self._gaps(self._values(candidate))
        for place in range(len(self.evaluations)):
            here = self.setting == place
            if np.isfinite(scale[here]).any():
                gap[here] /= np.nanmedian(scale[here])
        return -np.minimum(gap, FARTHEST)

    @cached_property
    def advantages(self) -> Float[np.ndarray, "O M A"]:
        """Of each candidate, scaled."""
        return np.stack([self.scaled(self._values(index)) for index in range(len(self.level_set.objectives))])

    def _values(self, candidate: int) -> Float[np.ndarray, "M A"]:
        return self.of_states([one.level_set.optimal_action_values[candidate] for one in self.evaluations])

    @cached_property
    def fulfilled(self) -> Bool[np.ndarray, "O M"]:
        """Where a candidate has just been attained: what follows says nothing about it."""
        tables = [evaluation.level_set.fulfilled for evaluation in self.evaluations]
        return np.stack(
            [self.of_states([table[index] for table in tables]) for index in range(len(self.level_set.objectives))]
        )


def behaviour_of(evaluations: Sequence[Evaluation], *, seed: int = 0) -> Behaviour:
    """Returns an agent's choices in some settings as evidence.

    **Arguments:**

    - `evaluations`: of the agent, before and after the shift.
    - `seed`: of the division into folds.
    """
    random = np.random.default_rng(seed)
    parts, units = [], 0
    for place, evaluation in enumerate(evaluations):
        part = _rows(evaluation, LEVELS // len(evaluations), random)
        parts.append((np.full(len(part[0]), place), part[0] + units, *part[1:]))
        units += int(part[0].max(initial=-1)) + 1
    return Behaviour(tuple(evaluations), *(np.concatenate(column) for column in zip(*parts, strict=True)))


def _rows(evaluation: Evaluation, most: int, random: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Returns what is known of each choice in one setting, in the order of the fields of `Behaviour`."""
    chosen = distinct_levels(evaluation.level_set, most)
    if evaluation.timed is None:
        level_set = evaluation.level_set
        base = level_set.objectives.select(level_set.objectives.names[level_set.base])
        policy = evaluation.policy[chosen]
        if len(chosen) < FEW:
            policy = (1 - TREMBLING) * policy + TREMBLING / policy.shape[-1]
        visited = first_visits(level_set.levels[chosen], policy, base) * level_set.active[chosen]
        if len(chosen) < FEW:
            visited = (visited > LIKELY).astype(float)
        unit, state = np.nonzero(visited > NEGLIGIBLE)
        level, weight = chosen[unit], visited[unit, state]
        steps = steps_taken(level_set, chosen)
        since = np.zeros(len(unit), int) if steps is None else steps[unit, state]
        policy = evaluation.policy[level, state]
        certainty = certainty_of(policy)
    else:
        rows = evaluation.timed
        kept = np.isin(rows.level, chosen) & (rows.weight > NEGLIGIBLE)
        level, state, since = rows.level[kept], rows.state[kept], rows.since[kept]
        weight, policy, certainty = rows.weight[kept], rows.policy[kept], rows.certainty[kept]
        unit = np.searchsorted(chosen, level)
    total = float(weight.sum())
    if len(chosen) >= FEW:
        independent = float(len(chosen))
        fold = (random.permutation(len(chosen)) % 2)[unit]
    else:
        independent = min(total, float(most))
        states, place = np.unique(np.stack([level, state]), axis=1, return_inverse=True)
        fold = (random.permutation(states.shape[1]) % 2)[place.reshape(-1)]
    credit = np.full(len(weight), independent / max(total, 1e-300))
    return unit, level, state, since, weight, credit, fold, policy, certainty
