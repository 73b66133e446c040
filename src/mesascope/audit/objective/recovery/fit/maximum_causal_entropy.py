"""Maximum causal entropy inverse reinforcement learning: the reward whose soft-optimal plan visits what was visited.

`L(parameter) = log partition - parameter . features visited` is convex, and its gradient is the difference of visits
(Ziebart 2010, §6.2). The quasi-Newton method works in units in which every parameter is visited alike; without them it
takes ten times as many steps and ends in a worse place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import scipy.sparse
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import RewardSpace
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.evaluation import visits
from mesascope.planning.occupancy import Flow, compiled_plan, finite_horizon_plan, flow_of
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.worlds.level import Level

MEMORY: int = 30
"""Steps that the quasi-Newton method remembers."""


@dataclass(frozen=True)
class Visited:
    """What demonstrations amount to in one level.

    **Arguments:**

    - `level`: one (not batched) level; its `initial` is taken as the law of the first state.
    - `visits`: mean discounted number of times that each action was taken in each state per episode, `[S, A]`.
    """

    level: Level
    visits: Float[np.ndarray, "S A"]


@dataclass(frozen=True)
class EntropyFit:
    """A reward fitted to visits.

    **Arguments:**

    - `parameter`: `[D]`; along what demonstrations leave open it stays where it began, at 0.
    - `mismatch`: sum of absolute differences of visits, as a share of all visits.
    - `converged`: whether the mismatch fell below the tolerance.
    - `gradients`: how many were computed.
    - `log_likelihood`: of an episode, up to what the dynamics contribute.
    """

    parameter: Float[np.ndarray, " D"]
    mismatch: float
    converged: bool
    gradients: int
    log_likelihood: float


def fit_visits(
    demonstrated: Sequence[Visited],
    space: RewardSpace,
    *,
    horizon: int | None = None,
    discount: float | None = None,
    prior_scale: float | None = None,
    tolerance: float = 1e-8,
    most: int = 2000,
    watch: Callable[[np.ndarray], bool] | None = None,
) -> EntropyFit:
    """Returns the reward whose soft-optimal plan visits what was demonstrated.

    **Arguments:**

    - `demonstrated`: visits in one or several levels, which count alike.
    - `space`: the rewards considered; its `stops` end episodes.
    - `horizon`: number of steps T; by default without end, which needs a discount below 1.
    - `discount`: by default each level's; may be 1 with a horizon.
    - `prior_scale`: standard deviation of a normal prior on each parameter; by default flat.
    - `tolerance`: of the mismatch, relative, whatever the number of states.
    - `most`: gradients to compute at most.
    - `watch`: called with the parameter after each step; the fit ends when it returns true.

    **Raises:** `UsageError` if nothing was visited, visits are not finite or negative, or an undiscounted plan has no
    horizon.
    """
    problem = _Problem(demonstrated, space, horizon, discount, prior_scale)
    gradients = 0
    unit = problem.unit

    def objective(scaled: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal gradients
        gradients += 1
        loss, gradient, problem.mismatch = problem.evaluate(scaled / unit)
        return loss, gradient / unit

    def after(scaled: np.ndarray) -> None:
        if problem.mismatch < tolerance or (watch is not None and watch(scaled / unit)):
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
    loss, _, mismatch = problem.evaluate(parameter)
    centred = parameter - parameter.mean()
    # Where a constant changes no visits it is left out: of all rewards that do as well, the smallest.
    if len(parameter) > 1 and abs(problem.evaluate(centred)[2] - mismatch) < 1e-12 + 1e-3 * mismatch:
        parameter = centred
    return EntropyFit(parameter, mismatch, bool(mismatch < tolerance), gradients, -loss)


def entropy_information(
    demonstrated: Sequence[Visited],
    space: RewardSpace,
    parameter: Float[np.ndarray, " D"],
    *,
    horizon: int,
    discount: float = 1.0,
) -> Float[np.ndarray, "D D"]:
    """Returns the second derivative of the log partition: the information of one episode about the parameter.

    Exact for deterministic dynamics; where outcomes are random, part of it is their doing and not the agent's.

    **Arguments:** as of `fit_visits`.
    """
    problem = _Problem(demonstrated, space, horizon, discount, None)
    total = np.zeros((len(parameter), len(parameter)))
    for one, flow, features in zip(demonstrated, problem.flows, problem.features, strict=True):
        shape = one.visits.shape
        with jax.enable_x64(True):
            lists = jax.tree.map(jnp.asarray, flow)
            dense = jnp.asarray(features.toarray())

            def visited(value, lists=lists, dense=dense, shape=shape):
                reward = (dense @ value).reshape(shape)
                return dense.T @ compiled_plan(lists, reward, discount, horizon)[1].reshape(-1)

            total += np.asarray(jax.jacfwd(visited)(jnp.asarray(parameter)))
    return (total + total.T) / 2 / len(demonstrated)


class _Problem:
    """The convex dual of matching visits."""

    def __init__(self, demonstrated, space, horizon, discount, prior_scale):
        if not demonstrated:
            raise UsageError("There are no demonstrations to recover an objective from.")
        self.demonstrated, self.horizon, self.prior_scale = demonstrated, horizon, prior_scale
        self.features: list[scipy.sparse.csr_matrix] = []
        self.flows: list[Flow] = []
        self.space = space
        self.mismatch = np.inf
        self.discounts = []
        for one in demonstrated:
            visited = np.asarray(one.visits)
            if visited.shape != (one.level.states, one.level.actions) or not np.isfinite(visited).all():
                raise UsageError(f"Visits of shape {list(visited.shape)} must be finite and fit the level's table.")
            if (visited < 0).any() or not visited.sum() > 0:
                raise UsageError("Visits must not be negative, and some action must have been taken.")
            own = float(one.level.discount) if discount is None else discount
            if horizon is None and not own < 1:
                raise UsageError("Without a horizon values stay finite only for a discount below 1; pass a horizon.")
            self.discounts.append(own)
            self.features.append(scipy.sparse.csr_matrix(space.features(one.level)))
            if horizon is not None:
                self.flows.append(flow_of(one.level, stops=space.stops))
        # Kept, because transposing anew costs as much as planning for a small level.
        self.transposed = [features.T.tocsr() for features in self.features]
        self.shown = [
            transposed @ np.asarray(one.visits, np.float64).reshape(-1)
            for transposed, one in zip(self.transposed, demonstrated, strict=True)
        ]
        spread = sum(
            features.multiply(features).T @ np.asarray(one.visits).reshape(-1)
            for features, one in zip(self.features, demonstrated, strict=True)
        )
        spread = np.asarray(spread)
        # What was never visited has no scale of its own; the rarest of the others is closest to it.
        least = spread[spread > 0].min(initial=1.0)
        self.unit = np.sqrt(np.where(spread > 0, spread, least))

    def evaluate(self, parameter: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Returns loss, gradient and relative mismatch of visits."""
        loss, gradient = 0.0, np.zeros_like(parameter)
        missed = seen = 0.0
        for index, one in enumerate(self.demonstrated):
            features = self.features[index]
            reward = (features @ parameter).reshape(one.visits.shape)
            value, planned = self._plan(index, reward)
            shown = self.shown[index]
            difference = self.transposed[index] @ planned.reshape(-1) - shown
            loss += value - float(shown @ parameter)
            gradient += difference
            missed += float(np.abs(difference).sum())
            seen += float(np.abs(shown).sum())
        count = len(self.demonstrated)
        if self.prior_scale is not None:
            loss += 0.5 * float(parameter @ parameter) / self.prior_scale**2
            gradient = gradient + parameter / self.prior_scale**2
        return loss / count, gradient / count, missed / max(seen, 1e-300)

    def _plan(self, index: int, reward: np.ndarray) -> tuple[float, np.ndarray]:
        one, discount = self.demonstrated[index], self.discounts[index]
        if self.horizon is not None:
            plan = finite_horizon_plan(self.flows[index], reward, horizon=self.horizon, discount=discount)
            return plan.value, plan.visits
        level, objective = with_reward_tables(one.level, reward[None], stops=tuple(self.space.stops))
        level = type(level)(**{**vars(level), "discount": np.full(1, discount)})
        action_value = soft_action_values(level, objective, temperature=1.0)[0]
        policy = boltzmann(action_value, 1.0)
        best = action_value.max(-1, keepdims=True)
        value = (best[..., 0] + np.log(np.exp(action_value - best).sum(-1)))[0]
        acting = np.asarray(one.level.reachable & ~one.level.terminal)
        planned = visits(level, policy, objective)[0][:, None] * policy[0] * acting[:, None]
        return float(np.where(acting, value, 0.0) @ np.asarray(one.level.initial)), planned
