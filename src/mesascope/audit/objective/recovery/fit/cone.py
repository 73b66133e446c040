"""The cone of rewards under which a deterministic policy is optimal (Ng & Russell 2000, theorem 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.core.errors import UsageError
from mesascope.core.linear_solve import solve
from mesascope.objectives.reward_space import RewardSpace
from mesascope.worlds.transitions import onward

LARGEST: int = 20_000_000
"""Constraints times parameters; beyond it the cone of a table does not fit into memory."""


@dataclass(frozen=True)
class Cone:
    """All parameters under which the observed choices are optimal: `constraints @ parameter >= 0`.

    **Arguments:**

    - `constraints`: how much better the chosen action is than another, per unit of each parameter, `[C, D]`, rows of
      length 1. Rows that are 0 everywhere are left out: actions that are alike whatever the reward.
    - `names`: of the parameters.
    """

    constraints: Float[np.ndarray, "C D"]
    names: tuple[str, ...]

    def holds(self, parameter: Float[np.ndarray, " D"], *, tolerance: float = 1e-9) -> bool:
        """Returns whether the choices are optimal under a parameter; always true of 0."""
        return bool((self.constraints @ parameter >= -tolerance).all())

    def most_decided(self, *, sparsity: float = 0.0) -> tuple[Float[np.ndarray, " D"], float] | None:
        """Returns the parameter within [-1, 1] that makes the choices best by the largest margin, and the margin.

        The linear program of Ng & Russell 2000, §3.2, with one margin for all choices; the reward 0 explains everything
        and is never an answer.

        **Arguments:**

        - `sparsity`: price of the sum of absolute parameters, in units of the margin.

        **Returns:** `None` if no reward makes all choices strictly better than the others.
        """
        count, width = self.constraints.shape
        # Parameters as differences of two that are not negative, then the margin.
        cost = np.concatenate([np.full(2 * width, sparsity), [-1.0]])
        rows = np.concatenate([-self.constraints, self.constraints, np.ones((count, 1))], axis=1)
        bounds = [(0.0, 1.0)] * (2 * width) + [(None, None)]
        result = scipy.optimize.linprog(cost, A_ub=rows, b_ub=np.zeros(count), bounds=bounds, method="highs")
        if not result.success or result.x[-1] <= 1e-9:
            return None
        return result.x[:width] - result.x[width : 2 * width], float(result.x[-1])

    def samples(self, n: int, *, seed: int = 0, between: int = 20) -> Float[np.ndarray, "n D"]:
        """Returns n parameters spread over the cone within [-1, 1], by hit and run.

        **Arguments:**

        - `n`: how many.
        - `seed`: of the walk.
        - `between`: steps from one to the next.

        **Raises:** `UsageError` if the cone has no inside to walk in.
        """
        start = self.most_decided()
        if start is None:
            raise UsageError(
                "No reward makes these choices strictly better than all others: there is no cone to draw from."
            )
        random = np.random.default_rng(seed)
        # From well inside: halfway to 0 every box constraint is slack, too.
        point, found = start[0] * 0.5, []
        for step in range(n * between):
            direction = random.normal(size=len(point))
            direction /= np.linalg.norm(direction)
            slope, room = self.constraints @ direction, self.constraints @ point
            limits = np.concatenate([-room / np.where(slope == 0, np.nan, slope), (1 - point) / direction])
            signs = np.concatenate([slope, -direction])
            limits = np.concatenate([limits, (-1 - point) / direction])
            signs = np.concatenate([signs, direction])
            low = np.nanmax(np.where(signs > 0, limits, -np.inf))
            high = np.nanmin(np.where(signs < 0, limits, np.inf))
            if high > low:
                point = point + random.uniform(low, high) * direction
            if step % between == between - 1:
                found.append(point)
        return np.array(found)


def cone(observations: Sequence[Observation], space: RewardSpace, *, decided: float = 0.5) -> Cone:
    """Returns the rewards under which the agent's likeliest actions are optimal in all environments.

    **Arguments:**

    - `observations`: an agent that hardly hesitates.
    - `space`: the rewards considered.
    - `decided`: states in which the likeliest action has a smaller probability than this are left out.

    **Raises:** `UsageError` if it never decides, nothing follows from its decisions, or the table is too large.
    """
    rows = []
    for observation in observations:
        level = observation.level
        acting = np.asarray(level.reachable & ~level.terminal)
        width = len(space.names)
        if level.states * level.actions * width > LARGEST:
            raise UsageError(
                f"A cone over {width:,} parameters and {level.states:,} states is too large; use attributes, or soften "
                'the model with planner="noisy".'
            )
        features = space.features(level).toarray().reshape(level.states, level.actions, width)
        following = onward(level, stops=space.stops, discount=observation.discount)
        best = observation.policy.argmax(-1)
        chosen = np.eye(level.actions)[best]
        own = np.where(acting[:, None], np.einsum("sa,sad->sd", chosen, features), 0.0)
        successors = np.asarray(level.successors)
        taken = np.where(acting[:, None], chosen, 0.0)[..., None] * following
        values = solve(successors[None], taken[None], own[None])[0]
        gains = features + (following[..., None] * values[successors]).sum(2)
        certain = acting & (observation.policy.max(-1) >= decided)
        if observation.counts is not None:
            certain &= observation.counts > 0
        better = np.take_along_axis(gains, best[:, None, None], 1) - gains
        rows.append(better[certain].reshape(-1, width))
    constraints = np.concatenate(rows)
    size = np.linalg.norm(constraints, axis=1, keepdims=True)
    kept = size[:, 0] > 1e-10
    if not kept.any():
        raise UsageError(
            "The agent decides nothing: it hesitates everywhere, or whatever it does makes no difference to any reward."
        )
    return Cone(np.unique((constraints / np.where(size > 0, size, 1.0))[kept].round(12), axis=0), space.names)
