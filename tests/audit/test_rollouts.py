from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.agents.agent import Agent
from mesascope.audit.evaluation import evaluate_agent, exact_evaluation
from mesascope.audit.policy import observations
from mesascope.audit.rollouts import roll_out
from mesascope.core.errors import AgentError
from mesascope.core.random import root_key

EPISODES = 64


class Forgetful(Agent):
    """Has a memory, in which it counts its steps, and does not use it: its exact returns are known."""

    name, kind, memoryless = "forgetful", "scripted", False

    def __init__(self, shares: list[float]):
        self.shares = np.array(shares)

    def initial_state(self, batch: int) -> np.ndarray:
        return np.zeros(batch)

    def act(self, observations, state):
        assert len(state) == len(observations)
        return np.broadcast_to(self.shares, (len(observations), len(self.shares))), state + 1


@pytest.fixture(scope="module")
def few(deploy):
    return replace(deploy, levels=deploy.levels[:24])


def test_mean_returns_and_visits_of_rollouts_are_the_exact_ones(few):
    agent = Forgetful([0.3, 0.1, 0.3, 0.1, 0.2])
    seen = observations(few.world, few.levels)
    rolled = roll_out(agent, few.levels, seen, few.objectives, counted_until=few.base, episodes=EPISODES, seed=1)
    exact = exact_evaluation(few, lambda levels: np.broadcast_to(agent.shares, levels.successors.shape[:3]).copy())
    # Cutting episodes off loses at most a thousandth of what is left of a return.
    difference = rolled.returns - exact.agent_returns
    error = difference.std(-1, ddof=1) / np.sqrt(few.levels.count)
    # 16 objectives at five standard errors of 24 levels: a false alarm in fewer than one run of a thousand.
    assert (np.abs(difference.mean(-1)) < 5 * error + 0.002 * np.abs(exact.agent_returns).max(-1)).all()
    assert rolled.visits.sum() == pytest.approx(exact.state_visits.sum(), rel=0.05)
    visited = rolled.visits > 0
    np.testing.assert_allclose(rolled.policy[visited], np.broadcast_to(agent.shares, rolled.policy[visited].shape))


def test_an_agent_with_memory_is_watched_in_episodes_and_the_setting_says_so(few):
    evaluation = evaluate_agent(Forgetful([0.2] * 5), few, key=root_key(3))
    assert not evaluation.exact
    assert np.nanmean(evaluation.regrets[few.base]) == pytest.approx(1, abs=0.2)


def test_an_agent_that_raises_in_mid_episode_is_named(few):
    class Fragile(Forgetful):
        name = "fragile"

        def act(self, observations, state):
            if state[0] > 2:
                raise ValueError("tired")
            return super().act(observations, state)

    with pytest.raises(AgentError, match=r"fragile.*ValueError.*tired"):
        evaluate_agent(Fragile([0.2] * 5), few, key=root_key(3))
