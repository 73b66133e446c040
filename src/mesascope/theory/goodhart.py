"""Goodhart's law in closed form: what is gained in truth when a proxy of it is optimized (Manheim & Garrabrant 2018).

Everything is a quadrature or a formula; nothing is sampled. Values and noises have mean 0 and the value is standard
normal, unless said otherwise.
"""

from __future__ import annotations

import numpy as np
import scipy.integrate
import scipy.special
from jaxtyping import Float
from scipy import stats

from mesascope.core.errors import UnknownNameError, UsageError

NOISES: tuple[str, ...] = ("normal", "student-3", "cauchy")
POINTS, NODES = 401, 400
"""Of each quadrature over the value, and over the best proxy."""


def regressional(n: Float[np.ndarray, " n"] | list[int], *, noise: str = "normal", scale: float = 1.0):
    """Returns the expected value of the best of n by a proxy that is the value plus noise.

    `E[V | best proxy of n]`. With normal noise it is the expected largest of n, shrunk by regression to the mean; with
    heavy tails the best proxies are mostly noise, and more selection gains less (catastrophic Goodhart).

    **Arguments:**

    - `n`: numbers of candidates, each 1 or more.
    - `noise`: `"normal"`, `"student-3"` (three degrees of freedom) or `"cauchy"`.
    - `scale`: of the noise; 1 is the value's own (for Student's t and Cauchy, of the standard form).

    **Returns:** one expectation a number.

    **Raises:** `UnknownNameError` for another noise, `UsageError` for a number below 1 or a scale not above 0.
    """
    if noise not in NOISES:
        raise UnknownNameError("noise", noise, NOISES)
    counts = np.asarray(n, np.float64)
    if (counts < 1).any() or not scale > 0:
        raise UsageError(f"Goodhart's curve needs numbers of 1 or more and a scale above 0, not {n} and {scale}.")
    if noise == "normal":
        shrink = 1.0 / np.sqrt(1.0 + scale**2)
        return np.array([expected_maximum(count) * shrink for count in counts])
    law = stats.t(3, scale=scale) if noise == "student-3" else stats.cauchy(scale=scale)
    return _selected(counts, law)


def expected_maximum(n: float) -> float:
    """Returns the expected largest of n standard normal numbers, by quadrature."""
    value, _ = scipy.integrate.quad(
        lambda x: x * n * np.exp(stats.norm.logpdf(x) + (n - 1) * stats.norm.logcdf(x)), -12, 40, limit=400
    )
    return float(value)


def selection_divergence(n: int) -> float:
    """Returns the divergence of the best of n from one sample, in nats, by quadrature over the share that is worse.

    **Arguments:**

    - `n`: 1 or more samples, no two of which are equally good.
    """
    # As an exponential of a logarithm, which is finite at 0.
    return float(scipy.integrate.quad(lambda u: _surprise(np.log(n) + (n - 1) * np.log(max(u, 1e-300))), 0, 1)[0])


def _surprise(log_ratio: float) -> float:
    return float(np.exp(log_ratio) * log_ratio)


def best_of(
    n: int,
    proxy: Float[np.ndarray, "*batch N"] | tuple[float, ...],
    truth: Float[np.ndarray, "*batch N"] | tuple[float, ...],
):
    """Returns the mean truth of the best of n by a proxy, over all choices of n among N samples.

    Ranked by the proxy, a sample with i below it is the best of `C(i, n - 1)` of the `C(N, n)` choices.

    **Arguments:**

    - `n`: 1 to N.
    - `proxy`, `truth`: of each sample; the truth may be the proxy itself.

    **Returns:** `[*batch]`.
    """
    below = np.arange(np.shape(proxy)[-1])
    chance = scipy.special.comb(below, n - 1) / scipy.special.comb(len(below), n)
    return np.take_along_axis(np.asarray(truth), np.argsort(proxy, axis=-1, kind="stable"), -1) @ chance


def _selected(counts: np.ndarray, law) -> np.ndarray:
    """Expected value of the best of n by value plus noise of any law, for all numbers on one grid of proxies."""
    value, weight = np.polynomial.legendre.leggauss(POINTS)
    value, weight = 8.0 * value, 8.0 * weight
    density = stats.norm.pdf(value) * weight
    # Upper tails, because probabilities close to 1 have no digits left.
    grid = np.concatenate([np.linspace(-30.0, 12.0, 800), np.geomspace(12.1, 1e9, 1200)])
    tail = np.log(law.sf(grid[:, None] - value) @ density)
    # The best of n is taken at its quantiles; equal steps in probability find them however far its tails reach.
    share, step = np.polynomial.legendre.leggauss(NODES)
    share, step = 0.5 * (share + 1.0), 0.5 * step
    found = []
    for count in counts:
        wanted = np.log(-np.expm1(np.log(share) / count))
        proxies = np.interp(-wanted, -tail, grid)
        joint = law.pdf(proxies[:, None] - value) * density
        found.append(float(step @ ((joint @ value) / np.maximum(joint.sum(1), 1e-300))))
    return np.array(found)
