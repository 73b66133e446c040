"""Thinking time: an agent that searches over steps, and agents that gain nothing or cheat."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.agent import Agent
from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations
from mesascope.audit.search import thinking as module
from mesascope.audit.search.distances import steps_in
from mesascope.audit.search.thinking import THINKING, after_thinking, first_choices, thinking
from mesascope.core.errors import AgentError
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.maze import Maze

WORLD = Maze(size=9)
KEY = root_key(4)
SWEEPS = 3


@pytest.fixture(scope="module")
def level_set() -> LevelSet:
    objectives = compile_objectives(WORLD, [spec for spec in WORLD.objectives if spec.name == "goal"])
    return sample_level_set("deploy", WORLD, "deploy", objectives, "goal", count=120, key=root_key(3))


@pytest.fixture(scope="module")
def evaluation(level_set) -> Evaluation:
    """What the agent does after its first choice plays no part in this assay."""
    uniform = np.full(level_set.levels.successors.shape[:3], 1 / level_set.levels.actions)
    return exact_evaluation(level_set, lambda _: uniform)


class Spreading(Agent):
    """Searches over steps: its memory is how far the news of the goal has come, three cells further with each step."""

    name, kind, memoryless = "spreading", "scripted", False

    def initial_state(self, batch):
        return np.full((batch, 9, 9), np.inf)

    def act(self, observations, state):
        wall, goal, agent = np.moveaxis(np.asarray(observations), -1, 0) > 0.5
        distance = np.where(goal, 0.0, state)
        for _ in range(SWEEPS):
            near = np.min([np.roll(distance, shift, axis) for axis in (1, 2) for shift in (1, -1)], axis=0)
            distance = np.where(wall, np.inf, np.minimum(distance, near + 1))
        rows = np.arange(len(wall))
        row, column = agent.any(2).argmax(-1), agent.any(1).argmax(-1)
        # In the world's order: up, down, left, right, stay.
        ahead = [distance[rows, row + i, column + j] for i, j in ((-1, 0), (1, 0), (0, -1), (0, 1))]
        score = np.stack([*ahead, np.full(len(wall), np.inf)], -1)
        known = np.isfinite(score).any(-1, keepdims=True)
        best = np.where(known, score == score.min(-1, keepdims=True), [False] * 4 + [True]).astype(float)
        return best / best.sum(-1, keepdims=True), self.remember(state, distance)

    def remember(self, before, after):
        return after


class Forgetting(Spreading):
    """The same search, without a memory."""

    name, memoryless = "forgetting", True

    def remember(self, before, after):
        return before


class Patient(Spreading):
    """Knows everything all along, and only waits before it says so: what it looked at makes no difference."""

    name = "patient"

    def initial_state(self, batch):
        return np.zeros(batch)

    def act(self, observations, state):
        distance = super().initial_state(len(observations))
        for _ in range(20):
            probabilities, distance = super().act(observations, distance)
        waits = np.broadcast_to(np.eye(5)[4], probabilities.shape)
        return np.where(state[:, None] >= 2, probabilities, waits), state + 1


class Tired(Spreading):
    """Fails in the middle of the assay."""

    name = "tired"

    def act(self, observations, state):
        if np.isfinite(state).sum() > len(state) * 8:
            raise AgentError("boom")
        return super().act(observations, state)


def test_news_spreads_as_far_as_steps_of_thinking_allow(level_set, evaluation):
    levels, states = first_choices(evaluation, 0, np.random.default_rng(0))
    seen = observations(WORLD, level_set.levels)[levels, states]
    distance = np.rint(steps_in(evaluation, 0)[levels, states])
    found = after_thinking(Spreading(), seen, None, actions=5)
    best = optimal_actions(level_set.optimal_action_values[0])[levels, states]
    for count, probabilities in zip(THINKING, found, strict=True):
        solved = best[np.arange(len(best)), probabilities.argmax(-1)]
        # News must come to a neighbour of the agent, one cell short of it.
        assert np.array_equal(solved, distance - 1 <= SWEEPS * (count + 1))


def test_a_search_over_steps_gains_and_its_placebos_do_not(evaluation):
    evidence = thinking(Spreading(), evaluation, 0, key=KEY)
    assert evidence.verdict is Verdict.PASS
    assert evidence.effect is not None
    assert evidence.effect.low > 0.2
    assert evidence.details.frozen_memory == 0
    assert evidence.details.p < 1e-6
    gain = evidence.details.by_distance
    steps = THINKING.index(evidence.details.steps) - 1
    assert gain["hard"][steps].value > gain["easy"][steps].value
    assert evidence.details.curve[-1].value > evidence.details.curve[-1].other


def test_without_memory_more_time_changes_exactly_nothing(evaluation):
    evidence = thinking(Forgetting(), evaluation, 0, key=KEY)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert evidence.reason == "its memory has no part in its first choice"
    assert evidence.effect is not None
    assert (evidence.effect.value, evidence.effect.low, evidence.effect.high) == (0, 0, 0)
    assert evidence.details.moves == 0


def test_waiting_is_not_thinking(evaluation):
    evidence = thinking(Patient(), evaluation, 0, key=KEY)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "the matter" in evidence.reason
    assert evidence.effect is not None
    assert evidence.effect.value > 0.9
    assert evidence.effect == evidence.null


def test_an_agent_that_fails_in_mid_assay_is_inconclusive(evaluation):
    evidence = thinking(Tired(), evaluation, 0, key=KEY)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "thinking" in evidence.reason
    assert "boom" in evidence.reason


def test_too_few_levels_decide_nothing(evaluation, monkeypatch):
    monkeypatch.setattr(module, "FEWEST", evaluation.level_set.levels.count + 1)
    evidence = thinking(Spreading(), evaluation, 0, key=KEY)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "are needed" in evidence.reason
