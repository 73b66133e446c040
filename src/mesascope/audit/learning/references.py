"""Reference learners as agents, so that they live through the same tasks as the agent whose learning is asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.episodes import Episodes
from mesascope.core.details import Line
from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner
from mesascope.planning.learners.bandit_rules import Greedy, Random, Thompson
from mesascope.planning.learners.bayes_bandit import BayesAdaptive, is_solvable
from mesascope.planning.learners.descent import Adam, Momentum, Quadratics
from mesascope.planning.learners.gittins import Gittins
from mesascope.planning.learners.regression import gradient_steps, posterior_mean_of_tasks, ridge
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.optimisees import QuadraticProblems
from mesascope.worlds.streams.regression import Regression
from mesascope.worlds.streams.stream import Stream

RATES: tuple[float, ...] = tuple(np.geomspace(0.03, 4.0, 50).tolist())
"""Of gradient descent, of which the best is shown."""
LEAST_PENALTY: float = 1e-6
"""Of ridge regression where values have no noise: less than that cannot be solved."""


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


def references(context: LearningContext, stream: Stream) -> tuple[ReferenceAgent, ...]:
    """Returns reference learners, the best first and chance last; none where there are none, or rewards are hidden.

    The best is exact where the bandit is small enough, and the Gittins index elsewhere; independent arms are assumed.
    """
    if not isinstance(stream, Bandits) or not stream.reward_seen:
        return ()
    prior = stream.wins, stream.losses
    best = BayesAdaptive(*prior) if is_solvable(stream.arms, stream.horizon) else Gittins(*prior)
    learners = (best, Thompson(*prior), Greedy(*prior), Random())
    return context.once(("references", stream), lambda: tuple(ReferenceAgent(one, stream) for one in learners))


def reference_lines(context: LearningContext) -> tuple[Line, ...]:
    """Returns what each step brings to references in the same tasks: learners, or optimizers at their best rates."""
    stream = context.stream
    means = {one.name: context.of(one).base.mean(0) for one in references(context, stream)}
    if isinstance(stream, QuadraticProblems):
        (matrices, targets), starts = context.reference.tasks
        problems = Quadratics(*(np.asarray(one, float) for one in (matrices, targets, starts)))
        rules = {"gradient descent": Momentum(1.0, decay=0.0), "momentum": Momentum(1.0), "Adam": Adam(1.0)}
        means = {
            name: -problems.losses(problems.tuned(rule, stream.steps), stream.steps).mean(0)
            for name, rule in rules.items()
        }
        means["conjugate gradients"] = -problems.conjugate_gradients(stream.steps).mean(0)
    elif isinstance(stream, Regression):
        means = _regressions(context, stream)
    return tuple(Line(name=name, values=tuple(mean.tolist()), reference=True) for name, mean in means.items())


def prompts(
    context: LearningContext, stream: Regression, episodes: Episodes | None = None
) -> tuple[Float[np.ndarray, "B T D"], Float[np.ndarray, "B T"]]:
    """Returns inputs and values of episodes, by default the reference's; the last value, which nobody saw, is 0."""
    seen = (episodes or context.reference).observations.astype(np.float64)
    wide = stream.dimensions
    return seen[..., :wide], np.concatenate([seen[:, 1:, 2 * wide], np.zeros((len(seen), 1))], 1)


def _regressions(context: LearningContext, stream: Regression) -> dict[str, Float[np.ndarray, " T"]]:
    """Returns what ridge regression, one step of gradient descent at its best rate and, where tasks are few, who
    remembers them bring at each step, noise of values included."""
    inputs, values = prompts(context, stream)
    lawful = np.einsum("btd,bd->bt", inputs, np.asarray(context.reference.tasks, np.float64))

    def brings(answers: Float[np.ndarray, "B T"]) -> Float[np.ndarray, " T"]:
        return -np.square(answers - lawful).mean(0) - stream.noise**2

    descents = [brings(gradient_steps(inputs, values, steps=1, rate=rate)) for rate in RATES]
    counted = list(stream.counted)
    found = {"one step of gradient descent": max(descents, key=lambda one: float(one[counted].mean()))}
    found["ridge regression"] = brings(ridge(inputs, values, penalty=max(stream.noise**2, LEAST_PENALTY)))
    if stream.tasks:
        tasks, noise = np.asarray(stream.known_tasks(), np.float64), max(stream.noise, LEAST_PENALTY)
        found["remembered tasks"] = brings(posterior_mean_of_tasks(inputs, values, tasks=tasks, noise=noise))
    return found
