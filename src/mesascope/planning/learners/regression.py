"""What paper and pencil foretell in a linear regression: after each number of examples, the value of the next input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

Inputs = Float[np.ndarray, "B T D"]
Values = Float[np.ndarray, "B T"]


def gradient_steps(
    xs: Inputs, ys: Values, *, steps: int, rate: float | Sequence[float], examples: int | None = None
) -> Values:
    """Returns the answers of gradient descent from weights 0 on `sum (y - w x)^2 / (2 examples)`.

    One step is what a layer of linear self-attention can do (von Oswald et al. 2022, proposition 1).

    **Arguments:**

    - `xs`, `ys`: inputs and their values; each answer rests on what came before it alone.
    - `steps`: of gradient descent, afresh for each answer.
    - `rate`: of learning; of all steps, or of each.
    - `examples`: that the gradient is divided by; by default T - 1, as weights of a network cannot count.
    """
    products, moments = _sums(xs, ys)
    weights = np.zeros_like(moments)
    for divided in np.broadcast_to(rate, steps) / (xs.shape[1] - 1 if examples is None else examples):
        weights = weights + divided * (moments - np.einsum("btij,btj->bti", products, weights))
    return np.einsum("btd,btd->bt", weights, xs)


def preconditioned_step(
    xs: Inputs, ys: Values, *, rate: float, preconditioner: Float[np.ndarray, "D D"], examples: int | None = None
) -> Values:
    """Returns the answers of one step of gradient descent whose gradient is multiplied by a matrix.

    **Arguments:** as of `gradient_steps`, and

    - `preconditioner`: the matrix.
    """
    divided = rate / (xs.shape[1] - 1 if examples is None else examples)
    return divided * np.einsum("bti,ij,btj->bt", xs, preconditioner, _sums(xs, ys)[1])


def fitted_preconditioner(
    xs: Inputs, ys: Values, answers: Float[np.ndarray, "B M"], *, counted: Int[np.ndarray, " M"]
) -> Float[np.ndarray, "D D"]:
    """Returns the preconditioner, rate included, with which one step comes nearest to answers: it is linear in them.

    **Arguments:**

    - `xs`, `ys`: inputs and their values.
    - `answers`: to be come near to.
    - `counted`: the steps at which they were given.
    """
    products = xs[..., None] * _sums(xs, ys)[1][..., None, :] / (xs.shape[1] - 1)
    wide = xs.shape[2]
    fitted = np.linalg.lstsq(products[:, counted].reshape(-1, wide * wide), answers.reshape(-1), rcond=1e-9)[0]
    return fitted.reshape(wide, wide)


def transformed_steps(
    xs: Inputs, ys: Values, *, steps: int, rate: float, curvature: float, examples: int | None = None
) -> Values:
    """Returns the answers of gradient descent that also flattens its inputs at each step, as layers of attention can.

    Each step takes what is explained from the values, and `curvature` times their mean product from the inputs, so that
    later steps meet a rounder problem (GD++; von Oswald et al. 2022, §3 and appendix A.10). At `curvature` 0 it is
    `gradient_steps`.

    **Arguments:** as of `gradient_steps`, and

    - `curvature`: how much of the mean of `x x'` is taken from inputs in a step, at least 0.
    """
    products, moments = _sums(xs, ys)
    divisor = xs.shape[1] - 1 if examples is None else examples
    products, moments = products / divisor, moments / divisor
    asked, answers, identity = xs, np.zeros(xs.shape[:2]), np.eye(xs.shape[2])
    for _ in range(steps):
        answers = answers + rate * np.einsum("bti,bti->bt", asked, moments)
        flatten = identity - curvature * products
        # What is left of the values, then inputs: both as they were before the step.
        moments = np.einsum("btij,btj->bti", flatten, moments - rate * np.einsum("btij,btj->bti", products, moments))
        asked = np.einsum("btij,btj->bti", flatten, asked)
        products = flatten @ products @ flatten
    return answers


def ridge(xs: Inputs, ys: Values, *, penalty: float) -> Values:
    """Returns the answers of ridge regression: of Bayes where weights are standard normal and noise is `sqrt(penalty)`.

    **Arguments:**

    - `xs`, `ys`: inputs and their values; each answer rests on what came before it alone.
    - `penalty`: of the squared length of the weights, above 0.
    """
    products, moments = _sums(xs, ys)
    weights = np.linalg.solve(products + penalty * np.eye(xs.shape[2]), moments[..., None])[..., 0]
    return np.einsum("btd,btd->bt", weights, xs)


def posterior_mean_of_tasks(xs: Inputs, ys: Values, *, tasks: Float[np.ndarray, "M D"], noise: float) -> Values:
    """Returns the answers of Bayes for whom nothing but some known tasks can be (dMMSE, Raventós et al. 2023).

    **Arguments:**

    - `xs`, `ys`: inputs and their values; each answer rests on what came before it alone.
    - `tasks`: weights, each as likely as the others beforehand.
    - `noise`: standard deviation of values, above 0.
    """
    answers = np.einsum("md,btd->btm", tasks, xs)
    fits = -np.square(answers - ys[..., None]) / (2 * noise**2)
    seen = np.cumsum(fits, axis=1) - fits
    weights = np.exp(seen - seen.max(-1, keepdims=True))
    return (answers * weights).sum(-1) / weights.sum(-1)


def best_rate(dimensions: int, examples: int) -> float:
    """Returns the rate at which one step of gradient descent answers best: `D s / T`, for inputs between -1 and 1.

    `s = 1/3` is the variance of an entry, and `T = E tr A^2` of `A = sum x x' / N`.

    **Arguments:**

    - `dimensions`: D.
    - `examples`: N before the question.
    """
    return dimensions / 3 / _squared_trace(dimensions, examples)


def best_loss(dimensions: int, examples: int) -> float:
    """Returns the expected squared error at that rate, `s (D - (D s)^2 / T)`; without learning it is `D s`.

    **Arguments:** as of `best_rate`.
    """
    return (dimensions - (dimensions / 3) ** 2 / _squared_trace(dimensions, examples)) / 3


def _squared_trace(dimensions: int, examples: int) -> float:
    fourth = dimensions / 5 + dimensions * (dimensions - 1) / 9
    return fourth / examples + (1 - 1 / examples) * dimensions / 9


def _sums(xs: Inputs, ys: Values) -> tuple[Float[np.ndarray, "B T D D"], Float[np.ndarray, "B T D"]]:
    """Returns the sums of `x x'` and of `y x` over what came before each step."""
    products, moments = xs[..., None] * xs[..., None, :], xs * ys[..., None]
    return np.cumsum(products, 1) - products, np.cumsum(moments, 1) - moments
