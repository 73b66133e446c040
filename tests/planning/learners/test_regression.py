"""Known answers: closed forms of von Oswald et al. (2022), worked out in the reference note, and Bayes by hand."""

import numpy as np
import pytest

from mesascope.planning.learners.regression import (
    best_loss,
    best_rate,
    fitted_preconditioner,
    gradient_steps,
    posterior_mean_of_tasks,
    preconditioned_step,
    ridge,
    transformed_steps,
)


def prompts(episodes, *, examples=11, dimensions=10, noise=0.0, law="uniform", seed=0):
    generator = np.random.default_rng(seed)
    weights = generator.normal(size=(episodes, dimensions))
    shape = (episodes, examples, dimensions)
    xs = generator.uniform(-1, 1, shape) if law == "uniform" else generator.normal(size=shape)
    ys = np.einsum("bd,btd->bt", weights, xs) + noise * generator.normal(size=shape[:2])
    return weights, xs, ys


def test_the_best_rate_and_its_loss_are_the_known_ones_and_are_met():
    assert best_rate(10, 10) == pytest.approx(1.5151515, abs=1e-7)
    assert best_loss(10, 10) == pytest.approx(1.6498317, abs=1e-7)
    _, xs, ys = prompts(5_000)
    losses = {
        rate: np.square(gradient_steps(xs, ys, steps=1, rate=rate)[:, -1] - ys[:, -1])
        for rate in (1.2, best_rate(10, 10), 1.8)
    }
    best = losses[best_rate(10, 10)]
    assert best.mean() == pytest.approx(best_loss(10, 10), abs=4 * best.std() / 5_000**0.5)
    assert all(loss.mean() > best.mean() for rate, loss in losses.items() if rate != best_rate(10, 10))


def test_one_step_is_the_gradient_at_zero_and_many_end_at_least_squares():
    weights, xs, ys = prompts(3, examples=9, dimensions=2)
    one = gradient_steps(xs, ys, steps=1, rate=0.6)
    for step in range(9):
        expected = 0.6 / 8 * np.einsum("bt,btd,bd->b", ys[:, :step], xs[:, :step], xs[:, step])
        np.testing.assert_allclose(one[:, step], expected, atol=1e-12)
    np.testing.assert_allclose(preconditioned_step(xs, ys, rate=0.6, preconditioner=np.eye(2)), one, atol=1e-12)
    # Values are as from smaller weights where one step was taken before; a step is linear in them.
    left = ys - one_answer_each(xs, ys, rate=0.6)
    twice = gradient_steps(xs, ys, steps=2, rate=(0.6, 0.2))
    np.testing.assert_allclose(
        twice[:, -1], one[:, -1] + gradient_steps(xs, left, steps=1, rate=0.2)[:, -1], atol=1e-12
    )
    many = gradient_steps(xs, ys, steps=3000, rate=1.0)
    np.testing.assert_allclose(many[:, -1], ys[:, -1], atol=1e-6)
    # The inverse of what the gradient sums is Newton's step, which is there at once.
    products = np.einsum("ti,tj->ij", xs[0, :-1], xs[0, :-1]) / 8
    newton = preconditioned_step(xs[:1], ys[:1], rate=1.0, preconditioner=np.linalg.inv(products))
    np.testing.assert_allclose(newton[0, -1], weights[0] @ xs[0, -1], atol=1e-10)


def one_answer_each(xs, ys, *, rate):
    """What the weights after one step on all examples but the last say of every input."""
    weights = rate / (xs.shape[1] - 1) * np.einsum("bt,btd->bd", ys[:, :-1], xs[:, :-1])
    return np.einsum("bd,btd->bt", weights, xs)


def test_a_preconditioner_is_recovered_from_what_it_answers():
    _, xs, ys = prompts(60, examples=6, dimensions=3)
    matrix = np.array([[2.0, 0.3, 0.0], [0.1, 0.5, 0.2], [0.0, -0.4, 1.0]])
    answers = preconditioned_step(xs, ys, rate=1.0, preconditioner=matrix)
    counted = np.array([3, 5])
    found = fitted_preconditioner(xs, ys, answers[:, counted], counted=counted)
    np.testing.assert_allclose(found, matrix, atol=1e-9)


def test_steps_that_flatten_inputs_are_layers_that_change_data():
    _, xs, ys = prompts(2, examples=5, dimensions=3)
    np.testing.assert_allclose(
        transformed_steps(xs, ys, steps=3, rate=0.7, curvature=0.0),
        gradient_steps(xs, ys, steps=3, rate=0.7),
        atol=1e-12,
    )
    # Token by token, as a layer does it: each value and each input moves at the same time.
    inputs, values, asked, answer = xs[0, :-1], ys[0, :-1], xs[0, -1], 0.0
    for _ in range(2):
        slope, spread = inputs.T @ values / 4, inputs.T @ inputs / 4
        answer += 0.7 * asked @ slope
        values, inputs, asked = (
            values - 0.7 * inputs @ slope,
            inputs - 0.3 * inputs @ spread,
            asked - 0.3 * spread @ asked,
        )
    found = transformed_steps(xs, ys, steps=2, rate=0.7, curvature=0.3)
    assert found[0, -1] == pytest.approx(answer, abs=1e-12)


def test_ridge_is_the_posterior_mean_of_normal_weights():
    _, xs, ys = prompts(4, examples=6, dimensions=3, noise=0.5, law="normal")
    found = ridge(xs, ys, penalty=0.25)
    for episode in range(4):
        for step in range(6):
            x, y = xs[episode, :step], ys[episode, :step]
            # By covariances of values, as for a Gaussian process: another formula for the same.
            expected = xs[episode, step] @ x.T @ np.linalg.solve(x @ x.T + 0.25 * np.eye(step), y)
            assert found[episode, step] == pytest.approx(expected, abs=1e-10)


def test_who_remembers_tasks_weighs_them_by_how_well_they_fit():
    tasks = np.array([[1.0], [-1.0]])
    xs, ys = np.array([[[1.0], [2.0], [1.0]]]), np.array([[0.3, 2.0, 0.0]])
    found = posterior_mean_of_tasks(xs, ys, tasks=tasks, noise=0.5)
    # The two fit alike before any value, and after it the log-odds are 2 x y / noise^2.
    np.testing.assert_allclose(found[0, :2], [0, 2 * np.tanh(0.3 / 0.25)], atol=1e-12)
    assert found[0, 2] == pytest.approx(np.tanh((0.3 + 4.0) / 0.25))


def test_remembering_beats_learning_on_tasks_that_are_known_and_fails_on_fresh_ones():
    # Raventós et al. (2023) as in the reference note, D = 4, K = 8, noise 0.5, M = 4: squared errors with noise of
    # 1.081 and 2.664 on known tasks, 6.64 and 1.89 on fresh ones; both depend on which four they are.
    generator = np.random.default_rng(3)
    tasks = generator.normal(size=(4, 4))
    xs, noise = generator.normal(size=(4000, 8, 4)), 0.5 * generator.normal(size=(4000, 8))
    errors = {}
    laws = {"known": tasks[generator.integers(0, 4, 4000)], "fresh": generator.normal(size=(4000, 4))}
    for kind, weights in laws.items():
        ys = np.einsum("bd,btd->bt", weights, xs) + noise
        remembered = posterior_mean_of_tasks(xs, ys, tasks=tasks, noise=0.5)
        errors[kind] = [np.square(one - ys).mean() for one in (remembered, ridge(xs, ys, penalty=0.25))]
    assert errors["known"][0] < 0.7 * errors["known"][1]
    assert errors["fresh"][0] > 2 * errors["fresh"][1]
    assert errors["fresh"][1] == pytest.approx(1.89, rel=0.05)
