"""A level: one finite decision problem, with everything an objective could care about."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

AnyArray = Array | np.ndarray
"""Levels are JAX arrays where they are sampled and trained on, numpy arrays where they are solved exactly."""


class Level(eqx.Module):
    """A finite decision problem; a batch of levels is a Level whose arrays share one leading axis.

    States that cannot be reached are marked in `reachable` and never averaged over. Nothing here rewards anything:
    which transitions are worth something, and which of them end an episode, is for an objective to say. Only states in
    `terminal` end it for everybody.

    **Arguments:**

    - `successors`: next state of each state, action and outcome, `[S, A, K]`.
    - `probabilities`: of each outcome, `[S, A, K]`; they sum to one over `K`. Unused outcomes have probability 0.
    - `attributes`: what happens in each transition, `[S, A, K, F]`, in the order of the world's `attributes`.
    - `initial`: law of the first state, `[S]`; sums to one over reachable, non-terminal states.
    - `terminal`: states in which nothing can happen any more, `[S]`.
    - `reachable`: states that some policy can visit, `[S]`.
    - `discount`: in (0, 1).
    - `layout`: what the world needs to observe, draw and format the level; opaque to everybody else.
    """

    successors: Int[AnyArray, "*batch S A K"]
    probabilities: Float[AnyArray, "*batch S A K"]
    attributes: Float[AnyArray, "*batch S A K F"]
    initial: Float[AnyArray, "*batch S"]
    terminal: Bool[AnyArray, "*batch S"]
    reachable: Bool[AnyArray, "*batch S"]
    discount: Float[AnyArray, "*batch"]
    layout: Any

    @property
    def batched(self) -> bool:
        """Whether the arrays have a leading axis of levels."""
        return self.initial.ndim == 2

    @property
    def count(self) -> int:
        """The number of levels: 1 if not batched."""
        return self.initial.shape[0] if self.batched else 1

    @property
    def states(self) -> int:
        """The number of states, reachable or not."""
        return self.initial.shape[-1]

    @property
    def actions(self) -> int:
        """The number of actions."""
        return self.successors.shape[-2]

    def __getitem__(self, index) -> Level:
        """Returns one level (whole number) or some levels (slice or index array) of a batch."""
        if not self.batched:
            raise TypeError("this Level is a single level; only a batch of levels can be indexed")
        return jax.tree.map(lambda array: array[index], self)

    def batch(self) -> Level:
        """Returns this level as a batch; a batch is returned as it is."""
        return self if self.batched else jax.tree.map(lambda array: array[None], self)


def reachable_states(
    successors: Int[Array, "S A K"],
    probabilities: Float[Array, "S A K"],
    initial: Float[Array, " S"],
    terminal: Bool[Array, " S"],
) -> Bool[Array, " S"]:
    """Returns the states that some policy visits with positive probability, first states included.

    Nothing follows a terminal state. May be called inside `jit` and `vmap`.

    **Arguments:** the fields of one level, as in `Level`.

    **Returns:** `[S]`.
    """
    possible = (probabilities > 0) & ~terminal[:, None, None]

    def spread(carry):
        seen, _ = carry
        grown = seen.at[successors].max(seen[:, None, None] & possible)
        return grown, (grown != seen).any()

    seen, _ = jax.lax.while_loop(lambda carry: carry[1], spread, (initial > 0, jnp.array(True)))
    return seen
