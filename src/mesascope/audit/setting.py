"""A setting: an agent in a batch of levels, with everything that is exactly known about it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.agent import Agent
from mesascope.audit.policy import observations, policy_table
from mesascope.audit.rollouts import roll_out
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

EPISODES: int = 16
"""Roll-outs per level for agents with memory."""

NO_CHOICE: float = 1e-9
"""A level in which the best and the uniform policy differ by less than this does not test an objective."""


@dataclass(frozen=True)
class Setting:
    """An agent observed in a batch of levels.

    **Arguments:**

    - `name`: `"train"` or `"deploy"`.
    - `world`, `distribution`, `levels`: where.
    - `objectives`: O candidates; `base` is the index of the base objective.
    - `policy`: action probabilities, `[N, S, A]`: exact, or averaged over the visits of roll-outs.
    - `agent_returns`: `[O, N]`, exact or averaged over roll-outs.
    - `state_visits`: expected discounted visits until the base objective's episode ends, `[N, S]`.
    - `exact`: whether the numbers carry no sampling error.
    - `choose`: asks the agent for its first choice in every state of other levels of this world.
    """

    name: str
    world: World
    distribution: str
    levels: Level
    objectives: Objectives
    base: int
    policy: Float[np.ndarray, "N S A"]
    agent_returns: Float[np.ndarray, "O N"]
    state_visits: Float[np.ndarray, "N S"]
    exact: bool
    choose: Callable[[Level], Float[np.ndarray, "N S A"]]

    @cached_property
    def optimal_action_values(self) -> Float[np.ndarray, "O N S A"]:
        """Exact optimal values of every action."""
        return optimal_action_values(self.levels, self.objectives)

    @cached_property
    def optimal_returns(self) -> Float[np.ndarray, "O N"]:
        """Exact return of the optimal policy of each objective."""
        return returns(self.levels, self.optimal_action_values.max(-1))

    @cached_property
    def uniform_returns(self) -> Float[np.ndarray, "O N"]:
        """Exact return of the uniform policy under each objective."""
        uniform = np.full(self.policy.shape, 1 / self.levels.actions)
        return returns(self.levels, policy_values(self.levels, uniform, self.objectives))

    @cached_property
    def tested(self) -> Bool[np.ndarray, "O N"]:
        """Levels in which an objective makes a difference: solvable, and not trivially so."""
        return self.optimal_returns - self.uniform_returns > NO_CHOICE

    @cached_property
    def regrets(self) -> Float[np.ndarray, "O N"]:
        """Normalised regret `(V* - V_pi) / (V* - V_uniform)`: 0 is optimal, 1 is chance, NaN is untested."""
        return self.regrets_of(self.agent_returns)

    def regrets_of(self, policy_returns: Float[np.ndarray, "O N"]) -> Float[np.ndarray, "O N"]:
        """Returns the normalised regrets of any policy's returns in these levels."""
        room = np.where(self.tested, self.optimal_returns - self.uniform_returns, np.nan)
        return (self.optimal_returns - policy_returns) / room

    @cached_property
    def weights(self) -> Float[np.ndarray, "N S"]:
        """How much the choice in each state counts: its visits, but each state at most once per level."""
        return np.minimum(self.state_visits, 1.0) * np.asarray(self.levels.reachable & ~self.levels.terminal)


def observe_agent(
    agent: Agent,
    world: World,
    objectives: Objectives,
    base: int,
    *,
    name: str,
    distribution: str,
    count: int,
    key: RandomKey,
) -> Setting:
    """Samples levels and observes an agent in them: exactly if it has no memory, by roll-outs otherwise.

    **Arguments:**

    - `agent`, `world`: who and where.
    - `objectives`: candidates; `base` is the index of the base objective among them.
    - `name`: `"train"` or `"deploy"`.
    - `distribution`: of the world.
    - `count`: how many levels.
    - `key`: consumed.

    **Raises:** `AgentError` if the agent raises or returns something that is not a policy.
    """
    key_levels, key_rollouts = stream("levels", key=key), stream("roll-outs", key=key)
    levels = jax.device_get(world.sample(key=key_levels, distribution=distribution, count=count))

    def choose(others: Level) -> Float[np.ndarray, "N S A"]:
        wanted = np.asarray(others.reachable & ~others.terminal)
        return policy_table(agent, observations(world, others), wanted, actions=len(world.actions))

    if agent.memoryless:
        return exact_setting(name, world, distribution, levels, objectives, base, choose)
    rollouts = roll_out(
        agent,
        levels,
        observations(world, levels),
        objectives,
        counted_until=base,
        episodes=EPISODES,
        seed=seed_of(key_rollouts),
    )
    measured = (rollouts.policy, rollouts.returns, rollouts.visits)
    return Setting(name, world, distribution, levels, objectives, base, *measured, exact=False, choose=choose)


def exact_setting(
    name: str,
    world: World,
    distribution: str,
    levels: Level,
    objectives: Objectives,
    base: int,
    choose: Callable[[Level], Float[np.ndarray, "N S A"]],
) -> Setting:
    """Returns the setting of a memoryless policy, all of whose numbers are exact.

    **Arguments:** as of `Setting`; `choose` is the policy.
    """
    policy = choose(levels)
    agent_returns = returns(levels, policy_values(levels, policy, objectives))
    state_visits = visits(levels, policy, objectives.select(objectives.names[base]))
    measured = (policy, agent_returns, state_visits)
    return Setting(name, world, distribution, levels, objectives, base, *measured, exact=True, choose=choose)
