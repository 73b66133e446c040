"""Exact minimax over every state of a small game: the reference solution that learned players are held to."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from games.rules import Rules
from mesascope.core.errors import UsageError

LARGEST: int = 2_000_000
"""States of a game that is solved whole."""


@dataclass(frozen=True)
class GameSolution:
    """Every state of a game in which somebody is to move, with its exact value.

    **Arguments:**

    - `states`: reachable and unfinished, by number of moves made, `[N, *state]`.
    - `values`: of each for the player to move, when both play best: 1 won, 0 drawn, -1 lost, `[N]`.
    - `action_values`: of each move, `[N, A]`; minus infinity for one that is not legal.
    - `plies`: moves made before each, `[N]`.
    """

    states: Int[np.ndarray, "N ..."]
    values: Float[np.ndarray, " N"]
    action_values: Float[np.ndarray, "N A"]
    plies: Int[np.ndarray, " N"]

    @property
    def optimal(self) -> Bool[np.ndarray, "N A"]:
        """Which moves keep the value of the state."""
        return self.action_values == self.values[:, None]


def minimax(rules: Rules) -> GameSolution:
    """Solves a game by enumerating it move by move and going back from its ends.

    **Arguments:**

    - `rules`: of a game in which no state occurs twice.

    **Returns:** every reachable unfinished state.

    **Raises:** `UsageError` if there are more than `LARGEST` states, or a game outlasts `rules.longest`.
    """
    moves = np.arange(rules.actions, dtype=np.int32)
    follow = jax.jit(jax.vmap(jax.vmap(rules.step, in_axes=(None, 0)), in_axes=(0, None)))
    judge, allow = jax.jit(jax.vmap(rules.result)), jax.jit(jax.vmap(rules.legal))
    start = np.asarray(rules.initial())
    layers, layer = [], start.reshape(1, -1)
    while True:
        states = layer.reshape(-1, *start.shape)
        over, outcome = (np.asarray(part) for part in _padded(judge, states))
        children, position = None, None
        open_states = states[~over]
        if len(open_states):
            legal = np.asarray(_padded(allow, open_states))
            reached = np.asarray(_padded(lambda some: follow(some, moves), open_states))[legal].reshape(legal.sum(), -1)
            children, inverse = np.unique(reached, axis=0, return_inverse=True)
            # Where the move of each state leads in the next layer; -1 for moves that are not legal.
            position = np.full(legal.shape, -1)
            position[legal] = inverse.ravel()
        layers.append((states, over, outcome, position))
        if children is None:
            break
        layer = children
        if len(layers) > rules.longest:
            raise UsageError(f"A game of {rules.name} goes on after {rules.longest} moves, which its rules rule out.")
        if sum(len(found[0]) for found in layers) + len(layer) > LARGEST:
            raise UsageError(f"{rules.name} has more than {LARGEST:,} states, too many to solve whole.")
    return _back(layers)


def _back(layers: list[tuple]) -> GameSolution:
    """Values from the last layer to the first: what a state is worth to one player it costs the other."""
    solved, below = [], np.zeros(0)
    for ply, (states, over, outcome, position) in reversed(list(enumerate(layers))):
        values = outcome.astype(np.float64)
        if position is not None:
            action_values = np.where(position >= 0, -below[position], -np.inf)
            values[~over] = action_values.max(-1)
            solved.append((states[~over], values[~over], action_values, np.full(len(action_values), ply)))
        below = values
    return GameSolution(*(np.concatenate(parts) for parts in zip(*reversed(solved), strict=True)))


def _padded(function, states: np.ndarray):
    """Calls a compiled function on rows filled up to a power of four, so that few shapes are compiled."""
    size = 1
    while size < len(states):
        size *= 4
    filled = np.concatenate([states, np.repeat(states[:1], size - len(states), axis=0)])
    return jax.tree.map(lambda leaf: np.asarray(leaf)[: len(states)], function(filled))
