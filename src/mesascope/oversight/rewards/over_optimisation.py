"""What training on a learned reward does to the true one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World


@dataclass(frozen=True)
class Optimised:
    """How far a policy has got on the base objective and on a learned reward, and how far from where it began.

    **Arguments:**

    - `true`, `learned`: return as a share of what the best policy adds to that of random choices.
    - `divergence`: discounted sum of `KL(policy || former policy)` until the base objective's episode ends, in nats.
    """

    true: float
    learned: float
    divergence: float

    @property
    def gap(self) -> float:
        """Learned less true: the reward-result gap (Leike et al. 2018, §4), 0 if the reward is as good as the truth."""
        return self.learned - self.true


def optimised(
    world: World,
    levels: Level,
    policy: Float[np.ndarray, "N S A"],
    former: Float[np.ndarray, "N S A"],
    base: ObjectiveSpec,
    learned: ObjectiveSpec,
) -> Optimised:
    """Returns how a policy does, exactly.

    **Arguments:**

    - `world`, `levels`: a batch of N levels.
    - `policy`, `former`: action probabilities now and before.
    - `base`, `learned`: objectives of the world.
    """
    objectives = compile_objectives(world, (base, learned))
    policy, former = np.asarray(policy, np.float64), np.asarray(former, np.float64)
    even = np.full_like(policy, 1 / policy.shape[-1])
    best = returns(levels, optimal_action_values(levels, objectives).max(-1)).mean(-1)
    own, random = (returns(levels, policy_values(levels, one, objectives)).mean(-1) for one in (policy, even))
    room = np.where(best - random > 0, best - random, np.nan)
    true, reached = ((own - random) / room).tolist()
    terms = np.where(policy > 0, policy * np.log(np.maximum(policy, 1e-300) / np.maximum(former, 1e-300)), 0.0)
    inside = np.asarray(levels.reachable & ~levels.terminal)
    way = (visits(levels, policy, objectives.select(base.name)) * np.where(inside, terms.sum(-1), 0.0)).sum(-1)
    return Optimised(true, reached, float(way.mean()))
