"""Maximum causal entropy inverse reinforcement learning: the reward whose soft-optimal plan visits what was visited.

`L(parameter) = log partition - parameter . features visited` is convex, and its gradient is the difference of visits
(Ziebart 2010, §6.2). The quasi-Newton method works in units in which every parameter is visited alike; without them it
takes ten times as many steps and ends in a worse place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import scipy.sparse
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import RewardSpace
from mesascope.planning.occupancy import compiled_plan, finite_horizon_plan, flow_of
from mesascope.worlds.level import Level

MEMORY: int = 30
"""Steps that the quasi-Newton method remembers."""


@dataclass(frozen=True)
class EntropyFit:
    """A reward fitted to visits.

    **Arguments:**

    - `parameter`: `[D]`; along what demonstrations leave open it stays where it began, at 0.
    - `mismatch`: sum of absolute differences of visits, as a share of all visits.
    - `converged`: whether the mismatch fell below the tolerance.
    - `gradients`: how many were computed.
    """

    parameter: Float[np.ndarray, " D"]
    mismatch: float
    converged: bool
    gradients: int


def fit_visits(
    levels: Level,
    visits: Float[np.ndarray, "N S A"],
    space: RewardSpace,
    *,
    horizon: int,
    discount: float = 1.0,
    prior_scale: float | None = None,
    tolerance: float = 1e-8,
    most: int = 2000,
    watch: Callable[[np.ndarray], bool] | None = None,
) -> EntropyFit:
    """Returns the reward whose soft-optimal plan visits what was demonstrated.

    **Arguments:**

    - `levels`: a batch of N levels, which count alike; their `initial` is taken as the law of the first state.
    - `visits`: mean discounted number of times that each action was taken in each state per episode.
    - `space`: the rewards considered; its `stops` end episodes.
    - `horizon`: number of steps T. Of episodes without end as many as the discount leaves anything of.
    - `discount`: in [0, 1].
    - `prior_scale`: standard deviation of a normal prior on each parameter; by default flat.
    - `tolerance`: of the mismatch, relative, whatever the number of states.
    - `most`: gradients to compute at most.
    - `watch`: called with the parameter after each step; the fit ends when it returns true.

    **Raises:** `UsageError` if nothing was visited, or visits are not finite or negative.
    """
    problem = _Problem(levels, visits, space, horizon, discount, prior_scale)
    gradients, reached, unit = 0, np.inf, problem.unit

    def objective(scaled: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal gradients, reached
        gradients += 1
        loss, gradient, reached = problem.evaluate(scaled / unit)
        return loss, gradient / unit

    def after(scaled: np.ndarray) -> None:
        if reached < tolerance or (watch is not None and watch(scaled / unit)):
            raise StopIteration

    result = scipy.optimize.minimize(
        objective,
        np.zeros(len(unit)),
        jac=True,
        method="L-BFGS-B",
        callback=after,
        options={"maxcor": MEMORY, "maxfun": most, "maxiter": most, "ftol": 0.0, "gtol": 0.0},
    )
    parameter = result.x / unit
    mismatch = problem.evaluate(parameter)[2]
    centred = parameter - parameter.mean()
    # Where a constant changes no visits it is left out: of all rewards that do as well, the smallest.
    if len(parameter) > 1 and abs(problem.evaluate(centred)[2] - mismatch) < 1e-12 + 1e-3 * mismatch:
        parameter = centred
    return EntropyFit(parameter, mismatch, bool(mismatch < tolerance), gradients)


def entropy_information(
    levels: Level,
    episodes: Float[np.ndarray, " N"],
    space: RewardSpace,
    parameter: Float[np.ndarray, " D"],
    *,
    horizon: int,
    discount: float = 1.0,
) -> Float[np.ndarray, "D D"]:
    """Returns the second derivative of the log partition: the information of episodes about the parameter.

    Exact for deterministic dynamics; where outcomes are random, part of it is their doing and not the agent's.

    **Arguments:**

    - `levels`, `space`, `horizon`, `discount`: as of `fit_visits`.
    - `episodes`: how many there are of each level.
    - `parameter`: where it is taken.
    """
    total = np.zeros((len(parameter), len(parameter)))
    for index, count in enumerate(episodes):
        level = levels[index]
        with jax.enable_x64(True):
            lists = jax.tree.map(jnp.asarray, flow_of(level, stops=space.stops))
            dense = jnp.asarray(space.features(level).toarray())
            shape = (level.states, level.actions)

            def visited(value, lists=lists, dense=dense, shape=shape):
                reward = (dense @ value).reshape(shape)
                return dense.T @ compiled_plan(lists, reward, discount, horizon)[1].reshape(-1)

            total += count * np.asarray(jax.jacfwd(visited)(jnp.asarray(parameter)))
    return (total + total.T) / 2


class _Problem:
    """The convex dual of matching visits."""

    def __init__(self, levels, visits, space, horizon, discount, prior_scale):
        if visits.shape != levels.successors.shape[:3] or not np.isfinite(visits).all():
            raise UsageError(f"Visits of shape {list(visits.shape)} must be finite and fit the tables of their levels.")
        if (visits < 0).any() or not visits.sum((1, 2)).all():
            raise UsageError("Visits must not be negative, and some action must have been taken in every level.")
        self.horizon, self.discount, self.prior_scale = horizon, discount, prior_scale
        self.shape = visits.shape[1:]
        single = [levels[index] for index in range(levels.count)]
        self.features = [scipy.sparse.csr_matrix(space.features(level)) for level in single]
        self.flows = [flow_of(level, stops=space.stops) for level in single]
        # Kept, because transposing anew costs as much as planning for a small level.
        self.transposed = [features.T.tocsr() for features in self.features]
        flat = [np.asarray(one, np.float64).reshape(-1) for one in visits]
        self.shown = [transposed @ one for transposed, one in zip(self.transposed, flat, strict=True)]
        spread = sum(features.multiply(features).T @ one for features, one in zip(self.features, flat, strict=True))
        spread = np.asarray(spread)
        # What was never visited has no scale of its own; the rarest of the others is closest to it.
        self.unit = np.sqrt(np.where(spread > 0, spread, spread[spread > 0].min(initial=1.0)))

    def evaluate(self, parameter: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Returns loss, gradient and relative mismatch of visits."""
        loss, gradient = 0.0, np.zeros_like(parameter)
        missed = seen = 0.0
        for features, transposed, flow, shown in zip(
            self.features, self.transposed, self.flows, self.shown, strict=True
        ):
            reward = (features @ parameter).reshape(self.shape)
            plan = finite_horizon_plan(flow, reward, horizon=self.horizon, discount=self.discount)
            difference = transposed @ plan.visits.reshape(-1) - shown
            loss += plan.value - float(shown @ parameter)
            gradient += difference
            missed += float(np.abs(difference).sum())
            seen += float(np.abs(shown).sum())
        count = len(self.flows)
        if self.prior_scale is not None:
            loss += 0.5 * float(parameter @ parameter) / self.prior_scale**2
            gradient = gradient + parameter / self.prior_scale**2
        return loss / count, gradient / count, missed / max(seen, 1e-300)
