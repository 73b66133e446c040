"""Planning by gradient descent: a sequence of actions is improved by the gradient of where it is imagined to lead.

The inner loop of universal planning networks (Srinivas et al. 2018). It is differentiable itself, so that
what it descends on can be learned from the plans that it should reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Dynamics = Callable[[Float[Array, " Z"], Float[Array, " A"]], Float[Array, " Z"]]
"""The state after an action."""


class Descent(NamedTuple):
    """Every step of a descent, the plan that it began with first.

    **Arguments:**

    - `plans`: after 0, 1, … steps, `[steps + 1, T, A]`.
    - `losses`: of these plans, `[steps + 1]`.
    """

    plans: Float[Array, "K T A"]
    losses: Float[Array, " K"]


def imagine(dynamics: Dynamics, start: Float[Array, " Z"], plan: Float[Array, "T A"]) -> Float[Array, " Z"]:
    """Returns the last state of a plan.

    **Arguments:**

    - `dynamics`: the model.
    - `start`: state that the plan begins in.
    - `plan`: one action for each step.
    """
    return jax.lax.scan(lambda state, action: (dynamics(state, action), None), start, plan)[0]


def huber(difference: Float[Array, " Z"], threshold: float) -> Float[Array, ""]:
    """Returns Huber's loss of a difference, summed: half its square up to a threshold, linear beyond.

    **Arguments:**

    - `difference`: of two states.
    - `threshold`: above 0 and finite.
    """
    size = jnp.abs(difference)
    near = jnp.minimum(size, threshold)
    return (near * (size - near / 2)).sum()


def descend(
    loss: Callable[[Float[Array, "T A"]], Float[Array, ""]],
    plan: Float[Array, "T A"],
    *,
    steps: int,
    rate: float | Float[Array, ""],
    watch: Callable[[str, Any], Any] | None = None,
) -> Descent:
    """Improves a plan by gradient descent, `a <- a - rate * grad loss(a)`.

    **Arguments:**

    - `loss`: of a plan.
    - `plan`: to begin with.
    - `steps`: of descent.
    - `rate`: of a step.
    - `watch`: is shown each plan and its loss (`plan-0`, `loss-0`, …) and returns what to go on with; the steps are
      then written out rather than scanned, which compiles longer and computes the same.
    """
    if watch is None:

        def step(plan: Array, _: None):
            found, gradient = jax.value_and_grad(loss)(plan)
            return plan - rate * gradient, (plan, found)

        last, (plans, losses) = jax.lax.scan(step, plan, None, length=steps)
        return Descent(jnp.concatenate([plans, last[None]]), jnp.append(losses, loss(last)))
    seen_plans, seen_losses = [], []
    for index in range(steps):
        plan = watch(f"plan-{index}", plan)
        found, gradient = jax.value_and_grad(loss)(plan)
        seen_plans.append(plan)
        seen_losses.append(watch(f"loss-{index}", found))
        plan = plan - rate * gradient
    # The loss of the last plan is only reported; what is watched last is what is acted on.
    seen_losses.append(watch(f"loss-{steps}", loss(plan)))
    seen_plans.append(watch(f"plan-{steps}", plan))
    return Descent(jnp.stack(seen_plans), jnp.stack(seen_losses))
