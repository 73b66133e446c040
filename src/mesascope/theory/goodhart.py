"""Goodhart's law in closed form: what is gained in truth when a proxy of it is optimized (Manheim & Garrabrant 2018).

Everything is a quadrature or a formula; nothing is sampled. Values and noises have mean 0 and the value is standard
normal, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.integrate
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


@dataclass(frozen=True)
class Curve:
    """What optimizing a proxy does to the truth.

    **Arguments:**

    - `pressure`: how hard the proxy is optimized.
    - `proxy`, `truth`: expected values of both at each pressure.
    """

    pressure: Float[np.ndarray, " n"]
    proxy: Float[np.ndarray, " n"]
    truth: Float[np.ndarray, " n"]

    @property
    def turning_point(self) -> float:
        """The pressure from which more of it does harm."""
        return float(self.pressure[int(self.truth.argmax())])


def extremal(pressure: Float[np.ndarray, " n"], *, threshold: float, slope: float = 1.0, beyond: float = -1.0) -> Curve:
    """Returns the curve of a relation that holds up to a threshold and changes beyond it.

    Truth follows the proxy with one slope up to the threshold and another past it: what was learned on ordinary values
    is not true of extreme ones.

    **Arguments:**

    - `pressure`: values that the proxy is driven to, 0 or more.
    - `threshold`: where the relation changes.
    - `slope`, `beyond`: of truth against proxy, before and after.
    """
    pressure = np.asarray(pressure, np.float64)
    truth = slope * np.minimum(pressure, threshold) + beyond * np.maximum(pressure - threshold, 0.0)
    return Curve(pressure, pressure, truth)


def causal(pressure: Float[np.ndarray, " n"], *, correlation: float) -> tuple[Curve, Curve]:
    """Returns the curves of selecting on a proxy and of setting it, where a common cause makes both go together.

    Selected values of the proxy come with `correlation * proxy` of the truth; values that are set come with none,
    because no edge leads from the proxy to the truth.

    **Arguments:**

    - `pressure`: values of the proxy.
    - `correlation`: between proxy and truth, in [-1, 1].

    **Returns:** the curve of selection, and that of intervention.

    **Raises:** `UsageError` for a correlation outside [-1, 1].
    """
    if not -1 <= correlation <= 1:
        raise UsageError(f"Correlation {correlation} is not in [-1, 1].")
    pressure = np.asarray(pressure, np.float64)
    return (
        Curve(pressure, pressure, correlation * pressure),
        Curve(pressure, pressure, np.zeros_like(pressure)),
    )


def adversarial(n: Float[np.ndarray, " n"] | list[int], *, share: float, gain: float) -> Curve:
    """Returns the curve of selecting the best of n by a proxy that some candidates raise without any value.

    A share of the candidates adds `gain` to its proxy; their values are like the others'. The proxy is otherwise the
    value itself, so that without them selection would be perfect.

    **Arguments:**

    - `n`: numbers of candidates.
    - `share`: of candidates that raise their proxy, in [0, 1].
    - `gain`: by how much.

    **Raises:** `UsageError` for a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise UsageError(f"Share {share} is not in [0, 1].")
    counts = np.asarray(n, np.float64)

    def expectation(count: float, of: Callable[[np.ndarray], np.ndarray]) -> float:
        x = np.linspace(-10.0, 14.0 + gain, 8001)
        honest, raised = (1 - share) * stats.norm.pdf(x), share * stats.norm.pdf(x - gain)
        below = (1 - share) * stats.norm.cdf(x) + share * stats.norm.cdf(x - gain)
        best = count * np.exp((count - 1) * np.log(np.maximum(below, 1e-300)))
        return float(np.trapezoid(best * (honest * of(x) + raised * of(x - gain)), x))

    proxies = np.array([expectation(count, lambda x: x) for count in counts])
    truth = proxies.copy()
    # The proxy of a raised candidate is its value and the gain: only the values are added up for the truth.
    lifted = np.array([_lifted(count, share, gain) for count in counts])
    return Curve(counts, truth + gain * lifted, truth)


def _lifted(count: float, share: float, gain: float) -> float:
    """The probability that the best of n is one that raised its proxy."""
    x = np.linspace(-10.0, 14.0 + gain, 8001)
    below = (1 - share) * stats.norm.cdf(x) + share * stats.norm.cdf(x - gain)
    best = count * np.exp((count - 1) * np.log(np.maximum(below, 1e-300)))
    return float(np.trapezoid(best * share * stats.norm.pdf(x - gain), x))
