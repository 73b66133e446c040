"""A Gaussian posterior over reward parameters: a mean, how sure, and draws from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Posterior:
    """What is believed about the parameter of a reward space.

    **Arguments:**

    - `mean`: `[D]`.
    - `draw`: returns n draws, `[n, D]`, from a numpy generator. Draws need not come from a matrix of D x D: for large
      tables each is the solution of the same equations with other noise.
    - `residual`: weighted sum of squares that the mean leaves; chi-square distributed if the model is right.
    - `degrees_of_freedom`: of the residual.
    - `exact`: whether the equations carry no noise, so that only what is unidentified is open.
    """

    mean: Float[np.ndarray, " D"]
    draw: Callable[[np.random.Generator, int], Float[np.ndarray, "n D"]]
    residual: float
    degrees_of_freedom: int
    exact: bool

    def samples(self, n: int, *, seed: int = 0) -> Float[np.ndarray, "n D"]:
        """Returns n draws; the same for the same seed."""
        return self.draw(np.random.default_rng(seed), n)


def gaussian(
    mean: Float[np.ndarray, " D"],
    covariance: Float[np.ndarray, "D D"],
    *,
    residual: float = float("nan"),
    degrees_of_freedom: int = 0,
    exact: bool = False,
) -> Posterior:
    """Returns the posterior of a given mean and covariance.

    **Arguments:**

    - `mean`, `covariance`: the covariance may be singular.
    - `residual`, `degrees_of_freedom`, `exact`: as of `Posterior`.

    **Raises:** `ValueError` if a number is not finite.
    """
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError("the mean or covariance of a posterior is not finite")
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0.0))

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return mean + random.normal(size=(n, len(mean))) @ root.T

    return Posterior(mean, draw, residual, degrees_of_freedom, exact)
