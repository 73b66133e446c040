from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.adapters.table import TableAgent
from mesascope.agents.agent import Agent
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import evaluate_agent
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_actions
from tests.audit.search.opened_agents import MAZE, Deaf, Reflex, planner

COUNTS = {"train": 64, "deploy": 192}


@pytest.fixture(scope="session")
def mazes() -> dict[str, LevelSet]:
    objectives = compile_objectives(MAZE)
    return {
        name: sample_level_set(name, MAZE, name, objectives, "goal", count=count, key=root_key(seed))
        for seed, (name, count) in enumerate(COUNTS.items())
    }


@pytest.fixture(scope="session")
def cases(mazes) -> tuple[np.ndarray, np.ndarray]:
    """What is seen in every state of the training levels, and what is best there."""
    level_set = mazes["train"]
    active = level_set.active & ~level_set.fulfilled[level_set.base]
    best = optimal_actions(level_set.optimal_action_values[level_set.base])[active].astype(float)
    return observations(MAZE, level_set.levels)[active], best / best.sum(-1, keepdims=True)


@pytest.fixture(scope="session")
def examine(mazes):
    """Returns a function that makes a context of an agent, in so many levels after the shift."""
    level_sets: dict[int, LevelSet] = {}

    def make(agent: Agent, levels: int = COUNTS["deploy"]) -> AuditContext:
        whole, train = mazes["deploy"], mazes["train"]
        if levels not in level_sets:
            part = LevelSet("deploy", MAZE, "deploy", whole.levels[:levels], whole.objectives, whole.base)
            # Solved already, and to solve another number of levels is to compile anew.
            part.__dict__["optimal_action_values"] = whole.optimal_action_values[:, :levels]
            level_sets[levels] = part
        evaluations = [evaluate_agent(agent, level_set, key=root_key(0)) for level_set in (train, level_sets[levels])]
        return AuditContext(agent, *evaluations, said=train.base, search_key=root_key(0))

    return make


@pytest.fixture(scope="session")
def searching(examine) -> AuditContext:
    """Value iteration of 10 sweeps: far enough for these mazes."""
    return examine(planner("sweeps", 10), 128)


@pytest.fixture(scope="session")
def spreading(examine) -> AuditContext:
    """A search that spreads over the board from where the agent is."""
    return examine(planner("frontier", 8), 128)


@pytest.fixture(scope="session")
def reflex(examine, cases) -> AuditContext:
    return examine(Reflex(*cases), 128)


@pytest.fixture(scope="session")
def deaf(examine) -> AuditContext:
    """Shows all that a planner computes, and chooses without it."""
    return examine(Deaf(planner("sweeps", 10)), 128)


@pytest.fixture(scope="session")
def table(examine, cases) -> AuditContext:
    """What was best in the training levels, by heart; elsewhere the mean of it."""
    return examine(TableAgent("table", *cases, nearest=False), 128)
