"""Which states can be visited: for worlds that have no shorter way to know it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


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
