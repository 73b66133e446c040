"""The gradient is that of the exact value, and following it improves the policy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UsageError
from mesascope.objectives.objective import compile_objectives, continuations, rewards
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.training import policy_gradient
from mesascope.training.base_optimizer import Task
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.training.policy_gradient import surrogate, values_and_visits
from mesascope.training.run import train
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level

WORLD = Corner(size=5, corner_size=2)
OBJECTIVES = compile_objectives(WORLD).select("cheese")
LEVELS, STATES, ACTIONS = 3, 9, 5


def random_levels(*, stochastic: bool) -> Level:
    """Levels of the corner world, or the same with moves that slip to a second successor half of the time."""
    draw = jax.jit(lambda key: WORLD.sample(key=key, distribution="train", count=LEVELS))
    level = draw(jax.random.key(3))
    if not stochastic:
        return level
    level = jax.tree.map(np.asarray, level)
    slipped = np.roll(level.successors, 1, axis=-2)
    slipped_attributes = np.roll(level.attributes, 1, axis=-3)
    return Level(
        successors=np.concatenate([level.successors, slipped], -1),
        probabilities=np.concatenate(
            [np.float32(0.7) * level.probabilities, np.float32(0.3) * level.probabilities], -1
        ),
        attributes=np.concatenate([level.attributes, slipped_attributes], -2),
        initial=level.initial,
        terminal=level.terminal,
        reachable=level.reachable,
        discount=level.discount,
        layout=level.layout,
    )


def double(level: Level) -> Level:
    return jax.tree.map(
        lambda leaf: jnp.asarray(np.asarray(leaf), jnp.float64 if jnp.issubdtype(leaf.dtype, jnp.floating) else None),
        level,
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def value_by_planning(logits: np.ndarray, level: Level, entropy: float) -> float:
    """The mean value as `planning` solves it: an implementation that shares no code with training."""
    policy = softmax(logits)
    value = float(returns(level, policy_values(level, policy, OBJECTIVES)).mean())
    if entropy:
        # Visits until the cheese is reached: states from which the episode goes on.
        stopped = np.asarray(continuations(OBJECTIVES, level)[..., 0])
        step = np.zeros((LEVELS, STATES, STATES))
        chosen = policy[..., None] * np.asarray(level.probabilities, np.float64) * stopped
        for n in range(LEVELS):
            for s in range(STATES):
                np.add.at(step[n, s], np.asarray(level.successors)[n, s].ravel(), chosen[n, s].ravel())
        count = np.linalg.solve(np.eye(STATES) - step.swapaxes(1, 2), np.asarray(level.initial)[..., None])[..., 0]
        value += entropy * float((count * -(policy * np.log(policy)).sum(-1)).sum(-1).mean())
    return value


@pytest.mark.parametrize("solver", ["factorisation", "iteration"])
@pytest.mark.parametrize(("stochastic", "entropy"), [(False, 0.0), (True, 0.1)])
def test_gradient_is_that_of_the_exact_value(monkeypatch, solver, stochastic, entropy):
    if solver == "iteration":
        monkeypatch.setattr(policy_gradient, "DENSE_STATES", 0)
        monkeypatch.setattr(policy_gradient, "TOLERANCE", 1e-12)
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(LEVELS, STATES, ACTIONS))
    level = random_levels(stochastic=stochastic)
    with jax.enable_x64(True):
        level = double(level)

        @jax.jit
        def with_gradient(logits, level):
            reward, continuation = rewards(OBJECTIVES, level)[..., 0], continuations(OBJECTIVES, level)[..., 0]
            return jax.value_and_grad(surrogate, has_aux=True)(logits, level, reward, continuation, entropy)

        (_, value), gradient = with_gradient(jnp.asarray(logits), level)
        assert float(value) == pytest.approx(value_by_planning(logits, level, 0.0), rel=1e-7)
        for direction in generator.normal(size=(4, *logits.shape)):
            step = 1e-5
            above = value_by_planning(logits + step * direction, level, entropy)
            below = value_by_planning(logits - step * direction, level, entropy)
            slope = float((np.asarray(gradient) * direction).sum())
            assert slope == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8)


def test_single_precision_values_agree_with_planning():
    level = random_levels(stochastic=True)
    policy = softmax(np.random.default_rng(1).normal(size=(LEVELS, STATES, ACTIONS)))
    reward, continuation = rewards(OBJECTIVES, level)[..., 0], continuations(OBJECTIVES, level)[..., 0]
    action_values, count = values_and_visits(level, jnp.asarray(policy, jnp.float32), reward, continuation)
    assert action_values.dtype == count.dtype == jnp.float32
    expected = policy_values(level, policy, OBJECTIVES)[0]
    reachable = np.asarray(level.reachable)
    np.testing.assert_allclose((policy * np.asarray(action_values)).sum(-1)[reachable], expected[reachable], atol=1e-5)
    # Never ending the episode is what `planning.visits` counts; with the goal as an end there are fewer visits.
    endless = jnp.full_like(continuation, 0.95)
    _, count_endless = values_and_visits(level, jnp.asarray(policy, jnp.float32), reward, endless)
    np.testing.assert_allclose(np.asarray(count_endless), visits(level, policy), rtol=1e-4, atol=1e-6)
    assert (np.asarray(count) <= np.asarray(count_endless) + 1e-6).all()


def test_training_improves_the_policy():
    # A run that does not learn improves its return between the first and last 10 updates with probability 1/2; ten
    # seeds that all do so by chance: false-alarm rate 1/1024.
    task = Task(WORLD, WORLD.objectives[0], MLPSpec((32,)))
    trained = train(ExactGradient(updates=120, levels=4, learning_rate=1e-2), task, seeds=tuple(range(10)))
    first, last = trained.curve["return"][:10].mean(0), trained.curve["return"][-10:].mean(0)
    assert stats.binomtest(int((last > first).sum()), 10, alternative="greater").pvalue < 0.001
    assert (last > 1.25 * first).all()


@pytest.mark.parametrize(
    "setting",
    [{"updates": 0}, {"levels": 0}, {"learning_rate": 0.0}, {"entropy": -1.0}, {"warm_up": 1.0}, {"clip": 0.0}],
)
def test_refuses_settings_that_make_no_sense(setting):
    with pytest.raises(UsageError, match=next(iter(setting))):
        ExactGradient(**setting)


def test_learning_rate_rises_and_falls_to_nothing():
    optimizer = ExactGradient(updates=100, warm_up=0.1)
    shares = np.array([float(optimizer.schedule(jnp.int32(index))) for index in range(100)])
    assert shares[0] == pytest.approx(0.1, rel=1e-3)
    assert shares[:10].argmax() == 9
    assert (np.diff(shares[10:]) < 0).all()
    assert shares[-1] < 0.01
