"""Universal planning: with exact weights its inner optimizer solves a linear problem; training goes through it."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planners.universal_planning import UniversalPlanningSpec

from mesascope.agents.network_agent import NetworkAgent
from mesascope.core.errors import UnknownNameError, UsageError

DRIFT = np.array([[1.0, 0.0, 0.8, 0.0], [0.0, 1.0, 0.0, 0.8], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
PUSH = np.array([[0.5, 0.0], [0.0, 0.5], [0.8, 0.0], [0.0, 0.8]])


def built(spec, shape=(4,), actions=2):
    return spec.build(shape, actions, key=jax.random.key(0))


def test_weights_of_a_double_integrator_make_it_plan_exactly():
    """Identity encoder, true linear dynamics: descent converges to (G'G + rho I)^-1 G'(goal - A^T start)."""
    horizon, penalty = 3, 0.5
    reach = np.hstack([np.linalg.matrix_power(DRIFT, horizon - 1 - step) @ PUSH for step in range(horizon)])
    regular = reach.T @ reach + penalty * np.eye(2 * horizon)
    spectrum = np.linalg.eigvalsh(regular)
    spec = UniversalPlanningSpec(
        encoder=(),
        latent=4,
        dynamics=(),
        horizon=horizon,
        steps=64,
        # The fixed rate that is fastest on a quadratic.
        rate=float(2 / (spectrum[0] + spectrum[-1])),
        threshold=1e6,
        penalty=penalty,
        controls="continuous",
    )
    change = np.vstack([(DRIFT - np.eye(4)).T, PUSH.T])
    network = eqx.tree_at(
        lambda n: (n.encoder.layers[0].weight, n.dynamics.layers[0].weight),
        built(spec),
        (jnp.eye(4), jnp.asarray(change, jnp.float32)),
    )
    start, goal = np.random.default_rng(0).normal(size=(2, 4))
    missing = goal - np.linalg.matrix_power(DRIFT, horizon) @ start
    expected = np.linalg.solve(regular, reach.T @ missing).reshape(horizon, 2)
    found = eqx.filter_jit(network.plan)(jnp.asarray(start, jnp.float32), jnp.asarray(goal, jnp.float32))
    errors = np.abs(found.plans - expected).max((1, 2))
    assert errors[0] > 0.1
    assert errors[-1] < 1e-4
    assert found.losses.shape == (65,)
    assert found.losses[-1] < found.losses[0]


@pytest.mark.parametrize("controls", ["discrete", "continuous"])
def test_training_goes_through_the_inner_loop(controls):
    """The gradient of the outer loss along random directions of the weights, against finite differences."""
    spec = UniversalPlanningSpec(
        encoder=(5,), latent=3, dynamics=(5,), horizon=2, steps=2, threshold=0.5, controls=controls
    )
    with jax.enable_x64(True):
        network = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), built(spec))
        observation, goal = jnp.asarray(np.random.default_rng(1).normal(size=(2, 4)))
        expert = jnp.asarray(np.random.default_rng(2).normal(size=(2, 2)))

        @eqx.filter_jit
        def outer(network):
            return ((network.plan(observation, goal).plans[-1] - expert) ** 2).mean()

        gradient = eqx.filter_jit(eqx.filter_grad(outer))(network)
        assert float(jnp.abs(gradient.dynamics.layers[0].weight).max()) > 1e-4
        for seed in range(3):
            random = np.random.default_rng(seed)
            direction = jax.tree.map(lambda leaf, random=random: jnp.asarray(random.normal(size=leaf.shape)), network)

            def moved(by, direction=direction):
                return outer(jax.tree.map(lambda leaf, along: leaf + by * along, network, direction))

            numeric = float(moved(1e-5) - moved(-1e-5)) / 2e-5
            products = jax.tree.map(lambda g, along: (g * along).sum(), gradient, direction)
            exact = float(sum(jax.tree.leaves(products)))
            assert abs(exact - numeric) < 1e-6 * max(1, abs(exact))
            assert abs(exact) > 1e-4


def test_descent_is_visible_and_what_is_put_in_its_place_is_acted_on():
    spec = UniversalPlanningSpec(encoder=(5,), latent=3, dynamics=(5,), horizon=3, steps=2, rate=0.05)
    network = built(spec)
    agent = NetworkAgent("planner", network, spec, (4,), 2)
    observations = np.random.default_rng(3).normal(size=(6, 4)).astype(np.float32)
    seen = agent.step(observations, None)
    assert agent.sites() == ("encoded", "goal", "plan-0", "loss-0", "plan-1", "loss-1", "loss-2", "plan-2")
    found = seen.activations
    assert found["plan-2"].shape == (6, 3, 2)
    # A small step of true descent lowers the loss of every observation.
    assert (found["loss-1"] < found["loss-0"]).all()
    assert (found["loss-2"] < found["loss-1"]).all()
    softmax = np.exp(found["plan-2"][:, 0]) / np.exp(found["plan-2"][:, 0]).sum(-1, keepdims=True)
    assert np.allclose(seen.probabilities, softmax, atol=1e-6)
    elsewhere = np.random.default_rng(4).normal(size=(6, 3, 2)).astype(np.float32)
    patched = agent.step(observations, None, {"plan-1": elsewhere}).activations
    slope = jax.jit(jax.vmap(jax.grad(network.distance, argnums=2)))(found["encoded"], found["goal"], elsewhere)
    assert np.allclose(patched["plan-2"], elsewhere - 0.05 * slope, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: UniversalPlanningSpec(steps=65), UsageError, "steps=65 is not a whole number between 0 and 64"),
        (lambda: UniversalPlanningSpec(steps=True), UsageError, "steps=True"),
        (lambda: UniversalPlanningSpec(horizon=0), UsageError, "horizon=0"),
        (lambda: UniversalPlanningSpec(rate=0.0), UsageError, r"rate=0\.0 is not a decimal number above 0"),
        (lambda: UniversalPlanningSpec(penalty=-1.0), UsageError, "at least 0"),
        (lambda: UniversalPlanningSpec(controls="discreet"), UnknownNameError, "Did you mean 'discrete'"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_no_steps_of_descent_act_on_the_plan_it_would_begin_with():
    network = built(UniversalPlanningSpec(encoder=(5,), latent=3, dynamics=(5,), horizon=3, steps=0))
    assert network(jnp.ones(4), None)[0].tolist() == [0, 0]
