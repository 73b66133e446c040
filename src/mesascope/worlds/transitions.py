"""Levels from bare transition probabilities, and the linear map from values to one-step differences of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from mesascope.core.errors import WorldError
from mesascope.worlds.level import Level

SUM: float = 1e-6
"""Probabilities of a state and action may miss one by this much."""


def level_from_successors(
    successors: Int[np.ndarray, "S A K"],
    probabilities: Float[np.ndarray, "S A K"],
    *,
    discount: float,
    attributes: Float[np.ndarray, "S A K F"] | None = None,
    initial: Float[np.ndarray, " S"] | None = None,
    terminal: Bool[np.ndarray, " S"] | None = None,
) -> Level:
    """Returns a level with nothing to draw or observe, in double precision, all of whose states count as reachable.

    **Arguments:**

    - `successors`, `probabilities`: of each outcome.
    - `discount`: in (0, 1).
    - `attributes`: by default none (`F` = 0), for rewards that are tables.
    - `initial`: law of the first state; by default uniform over the states that are not terminal.
    - `terminal`: by default no state is.

    **Raises:** `WorldError` naming the state and action whose probabilities are not a law, a successor outside the
    states, or a discount outside (0, 1).
    """
    states, _, _ = successors.shape
    probabilities = np.asarray(probabilities, np.float64)
    if not 0 < discount < 1:
        raise WorldError(f"Discount {discount} is not in (0, 1); values without an end of time would not be finite.")
    if successors.min() < 0 or successors.max() >= states:
        raise WorldError(f"A successor is not one of the {states} states.")
    wrong = ~(np.abs(probabilities.sum(-1) - 1) <= SUM) | ~(probabilities >= 0).all(-1)
    if wrong.any():
        state, action = np.argwhere(wrong)[0]
        raise WorldError(
            f"The outcomes of action {action} in state {state} have the probabilities "
            f"{probabilities[state, action].tolist()}: not a law."
        )
    terminal = np.zeros(states, bool) if terminal is None else terminal
    if initial is None:
        initial = ~terminal / max(1, (~terminal).sum())
    return Level(
        successors=successors,
        probabilities=probabilities / probabilities.sum(-1, keepdims=True),
        attributes=np.zeros((*successors.shape, 0)) if attributes is None else np.asarray(attributes, np.float64),
        initial=np.asarray(initial, np.float64),
        terminal=terminal,
        reachable=np.ones(states, bool),
        discount=np.asarray(discount, np.float64),
        layout=None,
    )


def level_from_matrix(
    transitions: ArrayLike,
    rewards: ArrayLike | None = None,
    *,
    discount: float,
    initial: ArrayLike | None = None,
    terminal: ArrayLike | None = None,
) -> Level:
    """Returns the level of a dense transition matrix: for small levels; `level_from_successors` scales.

    **Arguments:**

    - `transitions`: probability of each next state, `P[s, a, s']`, `[S, A, S]`.
    - `rewards`: for acting in a state `[S]`, for each action in it `[S, A]`, or for each transition `[S, A, S]`; it
      becomes the one attribute of the level. By default there is none, for rewards that are tables.
    - `discount`: in (0, 1).
    - `initial`: law of the first state, `[S]`; by default uniform over the states that are not terminal.
    - `terminal`: true where an episode is over, `[S]`; nothing is received for anything in such a state. By default no
      state is.

    **Raises:** `WorldError` for shapes that do not fit, numbers that are not finite, probabilities that are not a law,
    and a reward for acting in a terminal state, which nobody could receive.
    """
    transitions = _numbers("Transitions", transitions)
    if transitions.ndim != 3 or transitions.shape[0] != transitions.shape[2] or not transitions.size:
        raise WorldError(
            f"Transitions of shape {list(transitions.shape)} are not [S, A, S], where P[s, a, s'] is the probability "
            "of s' after action a in state s. If actions come first, as in R or MDPtoolbox, pass P.transpose(1, 0, 2)."
        )
    states, actions, _ = transitions.shape
    over = _mask(terminal, states)
    if initial is not None:
        initial = _numbers("The law of the first state", initial)
        if initial.shape != (states,) or (initial < 0).any() or abs(initial.sum() - 1) > SUM or initial[over].any():
            raise WorldError(
                f"The law of the first state must be {states} probabilities that sum to one over states that are not "
                f"terminal; given are {initial.size} with the sum {initial.sum():.6g}."
            )
    outcomes = max(1, int((transitions != 0).sum(-1).max()))
    # Stable, so that outcomes stay in the order of the states.
    successors = np.argsort(transitions == 0, axis=-1, kind="stable")[..., :outcomes]
    probabilities = np.take_along_axis(transitions, successors, axis=-1)
    attributes = None
    if rewards is not None:
        paid = _transition_rewards(_numbers("Rewards", rewards), states, actions, over)
        attributes = np.take_along_axis(paid, successors, axis=-1)[..., None]
    return level_from_successors(
        successors, probabilities, discount=discount, attributes=attributes, initial=initial, terminal=over
    )


def _numbers(what: str, given: object) -> Float[np.ndarray, "..."]:
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError) as error:
        raise WorldError(f"{what} must be an array of numbers, not a {type(given).__name__} ({error}).") from error
    if not np.isfinite(numbers).all():
        place = np.argwhere(~np.isfinite(numbers))[0].tolist()
        raise WorldError(f"{what} must be finite; the entry {place} is {numbers[tuple(place)]}.")
    return numbers


def _mask(terminal: object, states: int) -> Bool[np.ndarray, " S"]:
    if terminal is None:
        return np.zeros(states, bool)
    given = np.asarray(terminal)
    if given.dtype == bool and given.shape == (states,):
        return given
    raise WorldError(
        f"`terminal` must be true or false for each of the {states} states; given are {given.size} values of type "
        f"{given.dtype}. Terminal states by number: numpy.isin(numpy.arange({states}), [...])."
    )


def _transition_rewards(rewards, states: int, actions: int, terminal) -> Float[np.ndarray, "S A S"]:
    shapes = {(states,): (states, 1, 1), (states, actions): (states, actions, 1), (states, actions, states): None}
    if rewards.shape not in shapes:
        raise WorldError(
            f"Rewards of shape {list(rewards.shape)} are none of [{states}] (for acting in a state), "
            f"[{states}, {actions}] (for each action in it), [{states}, {actions}, {states}] (for each transition)."
        )
    paid = np.broadcast_to(rewards.reshape(shapes[rewards.shape] or rewards.shape), (states, actions, states))
    lost = np.flatnonzero((paid != 0).any((1, 2)) & terminal)
    if len(lost):
        raise WorldError(
            f"State {lost[0]} is terminal and has a reward for acting in it, which nobody could receive. To pay for "
            "arriving there, give rewards of transitions: numpy.broadcast_to(reward, P.shape) pays on arrival."
        )
    return paid


def expected_attributes(level: Level) -> Float[np.ndarray, "*batch S A F"]:
    """Returns what happens on average when an action is taken, in double precision."""
    outcomes = np.asarray(level.probabilities, np.float64)[..., None, :]
    return (outcomes @ np.asarray(level.attributes, np.float64))[..., 0, :]


def onward(
    level: Level, *, stops: Sequence[int] = (), discount: float | None = None
) -> Float[np.ndarray, "*batch S A K"]:
    """Returns what the value of each outcome's next state counts for, in double precision.

    That is its probability times the discount, and nothing where the episode ends on the way or nobody acts.

    **Arguments:**

    - `level`: one level, or a batch.
    - `stops`: attributes, by index, whose occurrence ends the episode: no value follows.
    - `discount`: by default the level's.
    """
    factor = np.asarray(level.discount if discount is None else discount, np.float64)[..., None, None, None]
    acting = (np.asarray(level.reachable) & ~np.asarray(level.terminal))[..., None, None]
    if len(stops):
        acting = acting & ~(np.asarray(level.attributes)[..., list(stops)].sum(-1) > 0)
    return np.where(acting, factor * np.asarray(level.probabilities, np.float64), 0.0)


@dataclass(frozen=True)
class Backup:
    """The matrix `M` of `(M V)(s, a) = V(s) - discount * E V(s')`, over the states in which somebody acts.

    A reward `r` explains a soft-optimal policy at temperature `t` if and only if `r = t log policy + M V` for some `V`
    (Cao, Cohen, Szpruch 2021, theorem 1).

    **Arguments:**

    - `matrix`: `[C * A, C]`; row `c * A + a` belongs to action `a` in the state `states[c]`. Values of terminal and
      unreachable states are 0 and have no column.
    - `states`: the C states with a choice: reachable and not terminal.
    - `actions`: A.
    """

    matrix: scipy.sparse.csr_matrix
    states: Int[np.ndarray, " C"]
    actions: int

    def rows(self, table: Float[np.ndarray, "S A"]) -> Float[np.ndarray, " rows"]:
        """Returns a table over states and actions as a vector over this matrix's rows."""
        return np.asarray(table, np.float64)[self.states].reshape(-1)

    def table(self, rows: Float[np.ndarray, " rows"], states: int) -> Float[np.ndarray, "S A"]:
        """Returns a vector over rows as a table, 0 in states without a choice.

        **Arguments:**

        - `rows`: the vector.
        - `states`: S, how many states the level has.
        """
        table = np.zeros((states, self.actions))
        table[self.states] = np.asarray(rows).reshape(-1, self.actions)
        return table


def backup(level: Level, *, stops: Sequence[int] = (), discount: float | None = None) -> Backup:
    """Returns the backup matrix of one (not batched) level, as sparse as its successor lists.

    **Arguments:**

    - `level`: one level.
    - `stops`: attributes, by index, whose occurrence ends the episode: no value follows.
    - `discount`: by default the level's; in [0, 1).

    **Raises:** `WorldError` if the discount is outside [0, 1).
    """
    discount = float(level.discount) if discount is None else discount
    if not 0 <= discount < 1:
        raise WorldError(f"Discount {discount} is not in [0, 1); use a finite horizon for undiscounted choices.")
    acting = np.asarray(level.reachable) & ~np.asarray(level.terminal)
    weight = np.where(acting[level.successors], onward(level, stops=stops, discount=discount), 0.0)
    matrix = value_differences(np.asarray(level.successors), weight, acting)
    return Backup(matrix, np.flatnonzero(acting), level.actions)


def value_differences(
    successors: Int[np.ndarray, "S A K"], weight: Float[np.ndarray, "S A K"], acting: Bool[np.ndarray, " S"]
) -> scipy.sparse.csr_matrix:
    """Returns the matrix of a `Backup`.

    **Arguments:**

    - `successors`: next states.
    - `weight`: probability of each times what it counts for; 0 where nobody acts in it.
    - `acting`: the C states with a choice.
    """
    states, actions = np.flatnonzero(acting), successors.shape[1]
    column = np.full(len(acting), -1, np.int64)
    column[states] = np.arange(len(states))
    weight = weight[states]
    rows = len(states) * actions
    row = np.broadcast_to(np.arange(rows).reshape(len(states), actions, 1), weight.shape)
    used = weight > 0
    own = (np.ones(rows), (np.arange(rows), np.repeat(np.arange(len(states)), actions)))
    leaving = (weight[used], (row[used], column[successors[states][used]]))
    shape = (rows, len(states))
    return scipy.sparse.csr_matrix(own, shape=shape) - scipy.sparse.csr_matrix(leaving, shape=shape)
