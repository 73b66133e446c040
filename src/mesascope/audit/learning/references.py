"""Reference learners as agents, so that they live through the same tasks as the agent whose learning is asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.audit.learning.context import LearningContext
from mesascope.core.details import Line
from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner
from mesascope.planning.learners.bandit_rules import Greedy, Random, Thompson
from mesascope.planning.learners.bayes_bandit import BayesAdaptive, is_solvable
from mesascope.planning.learners.gittins import Gittins
from mesascope.worlds.streams.bandits import Bandits


class ReferenceAgent(Agent):
    """A reference learner that reads a bandit's observations.

    **Arguments:**

    - `learner`: the rule.
    - `stream`: the bandit; its rewards have to be seen.
    """

    kind = "reference learner"
    memoryless = False

    def __init__(self, learner: BanditLearner, stream: Bandits):
        self.name, self.learner, self.stream = learner.family, learner, stream

    def initial_state(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        counts = np.zeros((batch, 1, self.stream.arms), int)
        return counts, counts

    def act(self, observations: Float[np.ndarray, "B D"], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        arms = self.stream.arms
        pulled = observations[:, None, :arms] > 0.5
        paid = observations[:, arms] / self.stream.reward_seen > 0.5
        successes, failures = state[0] + (pulled & paid[:, None, None]), state[1] + (pulled & ~paid[:, None, None])
        last = np.where(pulled.any(-1), pulled.argmax(-1), -1)
        known = BanditHistory(successes, failures, last, paid[:, None].astype(float), self.stream.horizon)
        return self.learner.probabilities(known)[:, 0], (successes, failures)


def references(stream: object) -> tuple[ReferenceAgent, ...]:
    """Returns reference learners of a stream, the best of them first; none where there are none, or rewards are hidden.

    The best is exact where the bandit is small enough, and the Gittins index elsewhere; independent arms are assumed.
    """
    if not isinstance(stream, Bandits) or not stream.reward_seen:
        return ()
    prior = stream.wins, stream.losses
    best = BayesAdaptive(*prior) if is_solvable(stream.arms, stream.horizon) else Gittins(*prior)
    return tuple(ReferenceAgent(one, stream) for one in (best, Thompson(*prior), Greedy(*prior), Random()))


def reference_lines(context: LearningContext) -> tuple[Line, ...]:
    """Returns what each step brings to reference learners in the same tasks."""
    return tuple(
        Line(name=one.name, values=tuple(context.of(one).base.mean(0).tolist()), reference=True)
        for one in references(context.stream)
    )
