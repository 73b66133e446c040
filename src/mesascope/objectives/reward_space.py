"""Reward spaces: which rewards are considered, as linear functions of a parameter that several levels share."""

from __future__ import annotations

import abc
import itertools
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import expected_attributes


class RewardSpace(abc.ABC):
    """The rewards `r(s, a) = sum_d features(level)[s * A + a, d] * parameter[d]`."""

    stops: tuple[int, ...] = ()
    """Attributes, by index, whose occurrence ends the episode."""

    @property
    @abc.abstractmethod
    def names(self) -> tuple[str, ...]:
        """Returns the names of the D parameters."""

    @abc.abstractmethod
    def features(self, level: Level) -> scipy.sparse.csr_matrix:
        """Returns the features of each state and action of one (not batched) level, `[S * A, D]`, state by state."""

    def reward(self, level: Level, parameter: Float[np.ndarray, "... D"]) -> Float[np.ndarray, "... S A"]:
        """Returns the reward of each state and action in one level.

        **Arguments:**

        - `level`: one level.
        - `parameter`: one or several parameters.
        """
        parameter = np.asarray(parameter, np.float64)
        flat = (self.features(level) @ parameter.reshape(-1, parameter.shape[-1]).T).T
        return np.asarray(flat).reshape(*parameter.shape[:-1], level.states, level.actions)


@dataclass(frozen=True)
class TabularRewards(RewardSpace):
    """Any reward of state and action, the same in all levels: they must share what states and actions mean.

    **Arguments:**

    - `states`, `actions`: S and A.
    """

    states: int
    actions: int

    @property
    def names(self) -> tuple[str, ...]:
        pairs = itertools.product(range(self.states), range(self.actions))
        return tuple(f"state {state}, action {action}" for state, action in pairs)

    def features(self, level: Level) -> scipy.sparse.csr_matrix:
        _check_states(level, self.states)
        if level.actions != self.actions:
            raise UsageError(f"A table over {self.actions} actions does not fit a level of {level.actions}.")
        return scipy.sparse.csr_matrix(scipy.sparse.identity(self.states * self.actions))


@dataclass(frozen=True)
class StateRewards(RewardSpace):
    """Any reward for acting in a state, whatever the action.

    **Arguments:**

    - `states`: S.
    """

    states: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"state {state}" for state in range(self.states))

    def features(self, level: Level) -> scipy.sparse.csr_matrix:
        _check_states(level, self.states)
        rows = self.states * level.actions
        entries = (np.ones(rows), (np.arange(rows), np.repeat(np.arange(self.states), level.actions)))
        return scipy.sparse.csr_matrix(entries, shape=(rows, self.states))


@dataclass(frozen=True)
class AttributeRewards(RewardSpace):
    """Weighted sums of named attributes, which keep their meaning in every level of a world.

    **Arguments:**

    - `attributes`: the names of the attributes of the levels, all F of them.
    - `stops`: those, by index, whose occurrence ends the episode.
    """

    attributes: tuple[str, ...]
    stops: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return self.attributes

    def features(self, level: Level) -> scipy.sparse.csr_matrix:
        expected = expected_attributes(level)
        if expected.shape[-1] != len(self.attributes):
            raise UsageError(
                f"The level has {expected.shape[-1]} attributes, the reward space names {len(self.attributes)}."
            )
        return scipy.sparse.csr_matrix(expected.reshape(-1, len(self.attributes)))


def _check_states(level: Level, states: int) -> None:
    if level.states != states:
        raise UsageError(
            f"A table over {states} states does not fit a level of {level.states}; compare levels through attributes."
        )
