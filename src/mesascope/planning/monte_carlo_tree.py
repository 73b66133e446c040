"""Monte Carlo tree search of a single agent that knows its world and looks for one goal.

It is the Gumbel variant (Danihelka et al. 2022) as implemented by mctx, without noise, with no preference among actions
and with nothing known about states but which of them is the goal: what it finds, it finds by looking.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.errors import MissingExtraError
from mesascope.core.random import root_key

MOST_SIMULATIONS: int = 1024


def mctx_library() -> Any:
    """Returns mctx, which is imported when it is first needed.

    **Raises:** `MissingExtraError` without the extra `search`.
    """
    # Untyped: its records are dataclasses of chex, which type checkers do not see through.
    try:
        import mctx
    except ImportError as error:
        raise MissingExtraError("Tree search", "search", error.name or "mctx") from error
    return mctx


def simulated_values(
    successors: Int[Array, "S A"],
    goal: Float[Array, " S"],
    here: Int[Array, ""],
    *,
    discount: float | Float[Array, ""],
    simulations: int,
    depth: int,
) -> Float[Array, " A"]:
    """Returns what simulated plans that begin with each action brought on average; 0 for an action not tried.

    Entering the goal pays 1 and ends a plan; nothing else pays. Pure, to be called inside `jit` and `vmap`.

    **Arguments:**

    - `successors`: the state that each action leads to.
    - `goal`: 1 where the goal is, else 0.
    - `here`: the state to plan from.
    - `discount`: in (0, 1).
    - `simulations`: 1 to `MOST_SIMULATIONS`; each one looks at one more state.
    - `depth`: steps that a plan may have at most.

    **Raises:** `MissingExtraError` without mctx.
    """
    mctx = mctx_library()
    actions = successors.shape[-1]

    def step(_, key: Any, action: Int[Array, "1"], place: Int[Array, "1"]):
        following = successors[place, action]
        entered = goal[following]
        output = mctx.RecurrentFnOutput(
            reward=entered,
            discount=discount * (1 - entered),
            prior_logits=jnp.zeros((1, actions)),
            value=jnp.zeros(1),
        )
        return output, following

    root = mctx.RootFnOutput(prior_logits=jnp.zeros((1, actions)), value=jnp.zeros(1), embedding=here[None])
    # Without noise the key decides nothing.
    found = mctx.gumbel_muzero_policy((), root_key(0), root, step, simulations, max_depth=depth, gumbel_scale=0.0)
    return found.search_tree.summary().qvalues[0]
