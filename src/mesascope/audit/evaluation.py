"""An evaluation: an agent on a level set, with everything that is known about its behaviour there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask, check_agent, check_same_answers
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import choices_in, observations
from mesascope.audit.rollouts import TimedChoices, roll_out
from mesascope.core.random import RandomKey, seed_of
from mesascope.planning.evaluation import policy_values, returns, visits

ASKED_AGAIN: int = 64
"""Levels from which observations are taken that an agent of others is shown again."""

EPISODES: int = 16
"""Roll-outs per level for agents with memory."""

Choose = Callable[..., Float[np.ndarray, "N S A"]]
"""Asks an agent for its first choice in every state of a batch of levels; given a mask `[N, S]` too, only there."""


@dataclass(frozen=True)
class Evaluation:
    """An agent observed on a level set of N levels.

    **Arguments:**

    - `level_set`: the levels and their solutions.
    - `policy`: action probabilities, `[N, S, A]`: exact, or averaged over the visits of roll-outs.
    - `agent_returns`: `[O, N]`, exact or averaged over roll-outs.
    - `state_visits`: expected discounted visits until the base objective's episode ends, `[N, S]`.
    - `exact`: whether the numbers carry no sampling error.
    - `choose`: asks the agent about other levels of the same world.
    - `timed`: for agents with memory, what they chose when.
    """

    level_set: LevelSet
    policy: Float[np.ndarray, "N S A"]
    agent_returns: Float[np.ndarray, "O N"]
    state_visits: Float[np.ndarray, "N S"]
    exact: bool
    choose: Choose
    timed: TimedChoices | None = None

    @cached_property
    def regrets(self) -> Float[np.ndarray, "O N"]:
        """Normalised regret of the agent under each objective in each level; NaN where untested."""
        return self.level_set.regrets_of(self.agent_returns)

    @cached_property
    def weights(self) -> Float[np.ndarray, "N S"]:
        """How much the choice in each state counts: its visits, but each state at most once per level."""
        return np.minimum(self.state_visits, 1.0) * self.level_set.active


def evaluate_agent(agent: Agent, level_set: LevelSet, *, key: RandomKey) -> Evaluation:
    """Observes an agent on a level set: exactly if it has no memory, by roll-outs otherwise.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `level_set`: where.
    - `key`: consumed by roll-outs.

    **Raises:** `AgentError` if the agent raises, returns something that is not a policy, or answers the same
    observation differently when it is asked again.
    """
    world = level_set.world
    choose = partial(choices_in, agent, world)
    check_agent(agent)
    if agent.memoryless:
        evaluation = exact_evaluation(level_set, choose)
        check_repeats(agent, evaluation)
        return evaluation
    first = observations(world, level_set.levels[:ASKED_AGAIN])[
        np.arange(min(ASKED_AGAIN, level_set.levels.count)),
        np.asarray(level_set.levels.initial)[:ASKED_AGAIN].argmax(-1),
    ]
    check_same_answers(agent, first, ask(agent, first, agent.initial_state(len(first)), actions=len(world.actions))[0])
    rollouts = roll_out(
        agent,
        level_set.levels,
        observations(world, level_set.levels),
        level_set.objectives,
        counted_until=level_set.base,
        episodes=EPISODES,
        seed=seed_of(key),
    )
    return Evaluation(
        level_set,
        rollouts.policy,
        rollouts.returns,
        rollouts.visits,
        exact=False,
        choose=choose,
        timed=rollouts.timed,
    )


def check_repeats(agent: Agent, evaluation: Evaluation) -> None:
    """Asks a memoryless agent of others some of the same again; `AgentError` says why its answers differ, if they do.

    **Arguments:**

    - `agent`: of which everything exact supposes that it answers an observation always alike.
    - `evaluation`: in which it was asked.
    """
    if not (agent.foreign and agent.memoryless):
        return
    level_set, some = evaluation.level_set, slice(0, ASKED_AGAIN)
    active = level_set.active[some]
    check_same_answers(
        agent, observations(level_set.world, level_set.levels[some])[active], evaluation.policy[some][active]
    )


def exact_evaluation(level_set: LevelSet, choose: Choose) -> Evaluation:
    """Returns the evaluation of a memoryless policy, all of whose numbers are exact.

    **Arguments:**

    - `level_set`: where.
    - `choose`: the policy.
    """
    policy = choose(level_set.levels)
    gained = returns(level_set.levels, policy_values(level_set.levels, policy, level_set.objectives))
    base_objective = level_set.objectives.select(level_set.objectives.names[level_set.base])
    return Evaluation(
        level_set, policy, gained, visits(level_set.levels, policy, base_objective), exact=True, choose=choose
    )
