"""Regret of reference policies: what an agent's regret is read beside."""

from __future__ import annotations

import numpy as np

from mesascope.agents.agent import Agent, Untrained
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.policy import observations, policy_table
from mesascope.core.random import RandomKey, stream
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_actions


def reference_regrets(evaluation: Evaluation, agent: Agent, own: int | None, *, key: RandomKey) -> dict[str, float]:
    """Returns the mean normalised base regret of reference policies in one evaluation.

    **Arguments:**

    - `evaluation`: the levels.
    - `agent`: whose untrained network is one of them, if it can be had.
    - `own`: index of the objective that the agent pursues; its optimal policy is the scripted proxy.
    - `key`: of untrained weights; consumed.
    """
    level_set = evaluation.level_set
    objective = level_set.objectives.select(level_set.objectives.names[level_set.base])
    tested = level_set.tested[level_set.base]
    regrets = {"optimal": 0.0, "uniform": 1.0}

    def regret(policy: np.ndarray) -> float:
        gained = returns(level_set.levels, policy_values(level_set.levels, policy, objective))[0]
        room = level_set.optimal_returns[level_set.base] - level_set.uniform_returns[level_set.base]
        lost = (level_set.optimal_returns[level_set.base] - gained)[tested] / room[tested]
        return float(lost.mean()) if tested.any() else float("nan")

    if own is not None and own != level_set.base:
        best = optimal_actions(level_set.optimal_action_values[own]).astype(float)
        regrets[f"scripted {level_set.objectives.names[own]}"] = regret(best / best.sum(-1, keepdims=True))
    if isinstance(agent, Untrained) and agent.memoryless:
        fresh = agent.untrained(key=stream("untrained", key=key))
        seen = observations(level_set.world, level_set.levels)
        regrets["untrained"] = regret(policy_table(fresh, seen, level_set.active, actions=level_set.levels.actions))
    return {name: value for name, value in regrets.items() if np.isfinite(value)}
