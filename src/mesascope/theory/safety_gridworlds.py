"""Returns in the worlds of concrete problems: of those who follow the reward, and of those who do what was meant."""

from __future__ import annotations

import numpy as np

from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.concrete.problem import ConcreteProblem


def gridworld_return(
    world: ConcreteProblem, follows: str, judged: str, *, distribution: str = "deploy", place: int = 0
) -> float:
    """Returns what the optimal policy of one objective gets under another; of equally good actions it takes the first.

    **Arguments:**

    - `world`: of concrete problems.
    - `follows`: the objective whose optimal policy acts.
    - `judged`: the objective that counts.
    - `distribution`, `place`: of the map.
    """
    level, objectives = world.map_level(distribution, place).batch(), compile_objectives(world)
    best = optimal_actions(optimal_action_values(level, objectives.select(follows)))[0].argmax(-1)
    return float(returns(level, policy_values(level, np.eye(level.actions)[best], objectives.select(judged)))[0, 0])
