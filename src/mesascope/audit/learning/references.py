"""Reference learners as agents, so that they live through the same tasks as the agent whose learning is asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.episodes import Episodes
from mesascope.planning.learners.bandit_history import BanditHistory, extended
from mesascope.planning.learners.bandit_learner import BanditLearner
from mesascope.planning.learners.bandit_rules import Greedy, Random, Thompson
from mesascope.planning.learners.bayes_bandit import BayesAdaptive, is_solvable
from mesascope.planning.learners.descent import Adam, DescentRule, Momentum, Quadratics
from mesascope.planning.learners.gittins import Gittins
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.optimisees import Optimisee, QuadraticProblems
from mesascope.worlds.streams.regression import Regression
from mesascope.worlds.streams.stream import Stream

RATES: tuple[float, ...] = tuple(np.geomspace(0.03, 4.0, 50).tolist())
"""Of gradient descent, of which the best is shown."""
LEAST_NOISE: float = 1e-3
"""Of a ridge regression: without any, its weights would not be determined by few examples."""


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

    def initial_state(self, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        counts = np.zeros((batch, 1, self.stream.arms), int)
        return counts, counts, counts + 1

    def act(self, observations: Float[np.ndarray, "B D"], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        arms = self.stream.arms
        pulled = observations[:, None, :arms] > 0.5
        paid = observations[:, arms] / self.stream.reward_seen > 0.5
        won = paid[:, None, None]
        successes, failures, order = state[0] + (pulled & won), state[1] + (pulled & ~won), state[2]
        order = extended(order, pulled, won)
        last = np.where(pulled.any(-1), pulled.argmax(-1), -1)
        known = BanditHistory(successes, failures, last, paid[:, None].astype(float), self.stream.horizon, order)
        return self.learner.probabilities(known)[:, 0], (successes, failures, order)


class ReferenceOptimizer(Agent):
    """A rule that turns gradients into updates, in a stream of optimization.

    **Arguments:**

    - `name`: for people.
    - `rule`: with its rate.
    - `stream`: the problems.
    """

    kind = "reference optimizer"
    memoryless = False

    def __init__(self, name: str, rule: DescentRule, stream: Optimisee):
        self.name, self.rule, self.stream = name, rule, stream

    def initial_state(self, batch: int) -> tuple[np.ndarray, ...]:
        return self.rule.begin(np.zeros((batch, self.stream.outputs)))

    def act(self, observations: Float[np.ndarray, "B D"], state: Any) -> tuple[Float[np.ndarray, "B P"], Any]:
        return self.rule.update(observations[:, : self.stream.outputs].astype(np.float64), state)


class ReferenceRegression(Agent):
    """Ridge regression on what was shown in an episode.

    **Arguments:**

    - `stream`: the regressions.
    - `penalty`: of the squared length of the weights.
    """

    kind = "reference learner"
    memoryless = False

    def __init__(self, name: str, stream: Regression, penalty: float):
        self.name, self.stream, self.penalty = name, stream, penalty

    def initial_state(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        wide = self.stream.dimensions
        return np.zeros((batch, wide, wide)), np.zeros((batch, wide))

    def act(self, observations: Float[np.ndarray, "B D"], state: Any) -> tuple[Float[np.ndarray, "B 1"], Any]:
        new, last, value = np.split(observations.astype(np.float64), [self.stream.dimensions, -1], 1)
        products, moments = state[0] + last[:, :, None] * last[:, None], state[1] + last * value
        weights = np.linalg.solve(products + self.penalty * np.eye(len(new[0])), moments[..., None])[..., 0]
        return (weights * new).sum(1, keepdims=True), (products, moments)


Reference = ReferenceAgent | ReferenceOptimizer | ReferenceRegression


def references(context: LearningContext, stream: Stream) -> tuple[Reference, ...]:
    """Returns reference learners, the best first and chance last; none where there are none, or rewards are hidden.

    The best is exact where the bandit is small enough, and the Gittins index elsewhere; independent arms are assumed.
    Optimizers have the rates that are best for these very problems, and chance is to stay where one began.
    """
    if isinstance(stream, QuadraticProblems):
        return context.once(("references", stream), lambda: _optimizers(context, stream))
    if isinstance(stream, Regression):
        penalties = {"ridge regression": max(stream.noise, LEAST_NOISE) ** 2, "without learning": 1e12}
        agents = (ReferenceRegression(name, stream, one) for name, one in penalties.items())
        return context.once(("references", stream), lambda: tuple(agents))
    if not isinstance(stream, Bandits) or not stream.reward_seen:
        return ()
    prior = stream.wins, stream.losses
    best = BayesAdaptive(*prior) if is_solvable(stream.arms, stream.horizon) else Gittins(*prior)
    learners = (best, Thompson(*prior), Greedy(*prior), Random())
    return context.once(("references", stream), lambda: tuple(ReferenceAgent(one, stream) for one in learners))


def quadratics(context: LearningContext, stream: QuadraticProblems) -> Quadratics:
    """Returns the problems that an agent was given there."""
    (matrices, targets), starts = context.of(context.agent, stream).tasks
    return Quadratics(*(np.asarray(one, float) for one in (matrices, targets, starts)))


def _optimizers(context: LearningContext, stream: QuadraticProblems) -> tuple[ReferenceOptimizer, ...]:
    problems = quadratics(context, stream)
    rules = {
        "gradient descent": Momentum(1.0, decay=0.0),
        "momentum": Momentum(1.0),
        "Nesterov": Momentum(1.0, nesterov=True),
        "Adam": Adam(1.0),
    }
    tuned = {name: problems.tuned(rule, stream.steps) for name, rule in rules.items()}
    order = sorted(tuned, key=lambda name: round(float(problems.losses(tuned[name], stream.steps).mean()), 9))
    return (*(ReferenceOptimizer(name, tuned[name], stream) for name in order), standing_still(context, stream))


def standing_still(context: LearningContext, stream: Optimisee) -> ReferenceOptimizer:
    """Returns who stays where optimization began."""
    made = ReferenceOptimizer("no update", Momentum(0.0, decay=0.0), stream)
    return context.once(("standing still", stream), lambda: made)


def prompts(
    context: LearningContext, stream: Regression, episodes: Episodes | None = None
) -> tuple[Float[np.ndarray, "B T D"], Float[np.ndarray, "B T"]]:
    """Returns inputs and values of episodes, by default the reference's; the last value, which nobody saw, is 0."""
    seen = (episodes or context.reference).observations.astype(np.float64)
    wide = stream.dimensions
    return seen[..., :wide], np.concatenate([seen[:, 1:, 2 * wide], np.zeros((len(seen), 1))], 1)
