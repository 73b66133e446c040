"""Descent on plans against the closed form of a linear system, and its derivative against finite differences."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from planners.gradient_descent import descend, huber, imagine

from mesascope.core.precision import in_double_precision

DRIFT = np.array([[1.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.5], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
PUSH = np.array([[0.125, 0.0], [0.0, 0.125], [0.5, 0.0], [0.0, 0.5]])
HORIZON, PENALTY = 6, 0.05


def closed_form(start, goal):
    """`(G'G + rho I)^-1 G'(goal - A^T start)`, for a plan that is `[T * 2]` in order of time."""
    reach = np.hstack([np.linalg.matrix_power(DRIFT, HORIZON - 1 - step) @ PUSH for step in range(HORIZON)])
    missing = goal - np.linalg.matrix_power(DRIFT, HORIZON) @ start
    regular = reach.T @ reach + PENALTY * np.eye(reach.shape[1])
    return np.linalg.solve(regular, reach.T @ missing).reshape(HORIZON, 2), np.linalg.eigvalsh(regular).max()


def plan_loss(start, goal):
    def loss(plan):
        reached = imagine(lambda state, action: DRIFT @ state + PUSH @ action, start, plan)
        return huber(reached - goal, 1e6) + PENALTY / 2 * (plan**2).sum()

    return loss


def test_descent_reaches_the_closed_form_of_a_double_integrator():
    start, goal = np.random.default_rng(0).normal(size=(2, 4))
    expected, steepest = closed_form(start, goal)
    run = in_double_precision(
        jax.jit(lambda a, b: descend(plan_loss(a, b), jnp.zeros((HORIZON, 2)), steps=2000, rate=1 / steepest))
    )
    found = run(start, goal)
    errors = np.abs(found.plans - expected).max((1, 2))
    assert errors[0] > 0.1
    assert errors[-1] < 1e-10
    # With the rate 1 / steepest, descent on a quadratic never climbs.
    assert (np.diff(found.losses) <= 1e-12).all()
    assert found.losses[-1] < found.losses[0] - 0.1


def test_watched_steps_compute_the_same_and_can_be_replaced():
    start, goal = (jnp.asarray(row, jnp.float32) for row in np.random.default_rng(1).normal(size=(2, 4)))
    loss, plan, settings = plan_loss(start, goal), jnp.ones((HORIZON, 2)), {"steps": 3, "rate": 0.1}
    alone = descend(loss, plan, **settings)
    seen = {}

    def watch(site, value):
        seen[site] = value
        return jnp.zeros_like(value) if site == "plan-2" else value

    replaced = descend(loss, plan, watch=watch, **settings)
    assert list(seen) == ["plan-0", "loss-0", "plan-1", "loss-1", "plan-2", "loss-2", "loss-3", "plan-3"]
    watched = descend(loss, plan, watch=lambda _, value: value, **settings)
    for one, other in zip(alone, watched, strict=True):
        assert np.allclose(one, other, atol=1e-5)
    assert np.allclose(replaced.plans[1], alone.plans[1], atol=1e-5)
    assert np.allclose(replaced.plans[3], -0.1 * jax.grad(loss)(jnp.zeros((HORIZON, 2))), atol=1e-5)


def test_the_loop_is_differentiable_itself():
    """Second order: the derivative of a plan with respect to the model that it was descended on."""
    random = np.random.default_rng(2)
    start, goal, expert = random.normal(size=4), random.normal(size=4), random.normal(size=(HORIZON, 2))

    def outer(push):
        def loss(plan):
            reached = imagine(lambda state, action: jnp.tanh(DRIFT @ state + push @ action), jnp.asarray(start), plan)
            return huber(reached - goal, 0.3)

        found = descend(loss, jnp.zeros((HORIZON, 2)), steps=5, rate=0.3)
        return ((found.plans[-1] - expert) ** 2).mean()

    gradient = in_double_precision(jax.jit(jax.grad(outer)))(PUSH)
    value = in_double_precision(jax.jit(outer))
    for index in np.ndindex(*PUSH.shape):
        step = np.zeros_like(PUSH)
        step[index] = 1e-5
        numeric = (value(PUSH + step) - value(PUSH - step)) / 2e-5
        assert abs(gradient[index] - numeric) < 1e-7 + 1e-6 * abs(numeric)
    assert np.abs(gradient).max() > 1e-3


def test_huber_is_a_half_square_near_and_a_line_far():
    difference = jnp.array([0.5, -0.5, 3.0, -3.0, 0.0])
    assert np.allclose(huber(difference, 1.0), 0.125 + 0.125 + 2.5 + 2.5)
    assert np.allclose(huber(difference, 100.0), 0.5 * (0.25 + 0.25 + 9 + 9))
    assert jax.grad(lambda x: huber(x, 1.0))(difference).tolist() == [0.5, -0.5, 1.0, -1.0, 0.0]
