"""Segments: stretches of trajectories in levels, of which an overseer says which one is better."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.precision import as_double
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import Objectives
from mesascope.training.policy_gradient import logits_in_every_state
from mesascope.worlds.level import AnyArray, Level
from mesascope.worlds.world import World


class Segments(eqx.Module):
    """One segment in each of N levels.

    **Arguments:**

    - `states`: in which each step begins, `[N, T]`.
    - `actions`: that are taken there, `[N, T]`.
    - `outcomes`: which of the possible outcomes they have, as of `Level.successors`, `[N, T]`.
    - `lengths`: how many steps of each count, 0 to T, `[N]`; what stands behind them means nothing.
    """

    states: Int[AnyArray, "N T"]
    actions: Int[AnyArray, "N T"]
    outcomes: Int[AnyArray, "N T"]
    lengths: Int[AnyArray, " N"]

    @property
    def steps(self) -> int:
        """The length of the longest that there is room for."""
        return self.states.shape[1]

    def __getitem__(self, rows: Any) -> Segments:
        return jax.tree.map(lambda array: array[rows], self)

    def attributes(self, levels: Level) -> Float[np.ndarray, "N T F"]:
        """Returns what happens in each step, in the order of the world's attributes: nothing behind the end."""
        row = np.arange(len(self.lengths))[:, None]
        happens = np.asarray(levels.attributes)[row, self.states, self.actions, self.outcomes].astype(np.float64)
        over = np.asarray(levels.terminal)[row, self.states] | (np.arange(self.steps) >= self.lengths[:, None])
        return np.where(over[..., None], 0.0, happens)

    def weights(self, levels: Level) -> Float[np.ndarray, "N T"]:
        """Returns the discount of each step."""
        return np.asarray(levels.discount, np.float64)[:, None] ** np.arange(self.steps)

    def counts(self, levels: Level) -> Float[np.ndarray, "N F"]:
        """Returns the discounted number of times that each attribute happens, times one minus the discount, so that
        what happens always counts 1."""
        share = self.weights(levels) * (1 - np.asarray(levels.discount, np.float64))[:, None]
        return (self.attributes(levels) * share[..., None]).sum(1)

    def gains(self, levels: Level, objectives: Objectives) -> Float[np.ndarray, "N T"]:
        """Returns what each step adds to the return under one objective, whose episode may end before the segment.

        **Arguments:**

        - `levels`: N.
        - `objectives`: a batch of one.
        """
        happens = self.attributes(levels)
        over = np.cumsum(happens @ as_double(objectives.stops)[0] > 0, axis=1)
        # The step that ends an episode is still a part of it.
        alive = np.concatenate([np.zeros_like(over[:, :1]), over[:, :-1]], axis=1) == 0
        return happens @ as_double(objectives.weights)[0] * alive * self.weights(levels)


class Pairs(eqx.Module):
    """N pairs of segments.

    **Arguments:**

    - `levels`: a batch of N, in each of which both segments of a pair lie.
    - `first`, `second`: segments.
    """

    levels: Level
    first: Segments
    second: Segments

    def __getitem__(self, rows: Any) -> Pairs:
        return jax.tree.map(lambda array: array[rows], self)

    def differences(self, objectives: Objectives) -> Float[np.ndarray, " N"]:
        """Returns the return of the first segment less that of the second, under one objective."""
        return (self.first.gains(self.levels, objectives) - self.second.gains(self.levels, objectives)).sum(1)

    def counts(self) -> Float[np.ndarray, "N F"]:
        """Returns the discounted counts of the first segment less those of the second."""
        return self.first.counts(self.levels) - self.second.counts(self.levels)


@eqx.filter_jit
def policy_of(network: Any, world: World, levels: Level) -> Float[Array, "N S A"]:
    """Returns the action probabilities of a memoryless network in every state of a batch of levels."""
    return jax.nn.softmax(logits_in_every_state(network, levels, world))


def walked(
    levels: Level,
    policy: Float[AnyArray, "N S A"],
    *,
    steps: int,
    key: RandomKey,
    starts: Int[AnyArray, " N"] | None = None,
) -> Segments:
    """Returns a segment in each of N levels, as numpy arrays.

    **Arguments:**

    - `levels`: a batch of N; each other N is compiled anew.
    - `policy`: action probabilities in each state.
    - `steps`: of each segment.
    - `key`: consumed.
    - `starts`: first states; by default drawn.
    """
    key_starts, key_steps = jax.random.split(key)
    levels = jax.tree.map(jnp.asarray, levels)
    if starts is None:
        starts = jax.random.categorical(key_starts, jnp.log(levels.initial))
    return jax.device_get(_walked(levels, jnp.asarray(policy), jnp.asarray(starts), steps, key_steps))


@eqx.filter_jit
def _walked(levels: Level, policy, starts, steps: int, key) -> Segments:
    row = jnp.arange(len(starts))

    def one(state, key):
        key_action, key_outcome = jax.random.split(key)
        action = jax.random.categorical(key_action, jnp.log(policy[row, state]))
        outcome = jax.random.categorical(key_outcome, jnp.log(levels.probabilities[row, state, action]))
        after = jnp.where(levels.terminal[row, state], state, levels.successors[row, state, action, outcome])
        return after, (state, action, outcome)

    _, parts = jax.lax.scan(one, starts, jax.random.split(key, steps))
    return Segments(*(part.T for part in parts), lengths=jnp.full(len(starts), steps))
