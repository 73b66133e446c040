"""What paper and pencil foretell in a linear regression: after each number of examples, the value of the next input."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Inputs = Float[np.ndarray, "B T D"]
Values = Float[np.ndarray, "B T"]


def gradient_steps(xs: Inputs, ys: Values, *, steps: int, rate: float, examples: int | None = None) -> Values:
    """Returns the answers of gradient descent from weights 0 on `sum (y - w x)^2 / (2 examples)`.

    One step is what a layer of linear self-attention can do (von Oswald et al. 2022, proposition 1).

    **Arguments:**

    - `xs`, `ys`: inputs and their values; each answer rests on what came before it alone.
    - `steps`: of gradient descent, afresh for each answer.
    - `rate`: of learning.
    - `examples`: that the gradient is divided by; by default T - 1, as weights of a network cannot count.
    """
    products, moments = _sums(xs, ys)
    divided = rate / (xs.shape[1] - 1 if examples is None else examples)
    weights = np.zeros_like(moments)
    for _ in range(steps):
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
