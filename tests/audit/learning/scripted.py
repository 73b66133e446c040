"""Learners by script, whose learning is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.learning.context import LearningContext, learning_context
from mesascope.audit.learning.references import ReferenceAgent
from mesascope.planning.learners.bandit_rules import Greedy
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.stream import Stream

BANDIT = Bandits(arms=3, horizon=9)
EPISODES = 200


class Scripted(Agent):
    """Whatever a function of observation and memory answers."""

    kind = "script"

    def __init__(self, answer, *, start=0.0, memoryless: bool = False, name: str = "script"):
        self.name, self.answer, self.start, self.memoryless = name, answer, start, memoryless

    def initial_state(self, batch: int) -> Any:
        return None if self.memoryless else np.full((batch, 1), self.start)

    def act(self, observations, state):
        return self.answer(observations, state)


def even(arms: int = 3, *, memoryless: bool = True) -> Scripted:
    return Scripted(lambda seen, memory: (np.full((len(seen), arms), 1 / arms), memory), memoryless=memoryless)


def learner(stream: Bandits = BANDIT) -> ReferenceAgent:
    return ReferenceAgent(Greedy(), stream)


def context(agent: Agent, stream: Stream = BANDIT, **options: Any) -> LearningContext:
    return learning_context(agent, stream, **{"episodes": EPISODES, "seed": 1} | options)
