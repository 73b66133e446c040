"""What ambiguity costs: the regret that cannot be avoided while several rewards explain the behaviour alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.optimize
import scipy.sparse
from jaxtyping import Float, Int

from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import backup

NOTHING: float = 1e-9
"""A reward under which the best and the worst policy differ by less than this share of its size demands nothing."""

LARGEST: int = 100_000
"""Actions in all states, times rewards, up to which the game against any policy at all is solved."""

TOGETHER: int = 64
"""Rewards that are planned for side by side: each is an attribute of the level that all of them carry along."""


@dataclass(frozen=True)
class Ambiguity:
    """How much a level makes of what is still open.

    Regrets are normalised by the distance from the best to the worst policy of the level: 0 is optimal, 1 the worst.

    **Arguments:**

    - `regrets`: of each different optimal policy under each reward, `[rewards, policies]`.
    - `own`: which policy is optimal for each reward, `[rewards]`.
    - `game`: the smallest worst-case regret of any policy at all, optimal for one of the rewards or not: the value of
      the game between who picks the policy and who picks the reward. Never above `mixed`; `None` if it is too large to
      solve.
    """

    regrets: Float[np.ndarray, "R P"]
    own: Int[np.ndarray, " R"]
    game: float | None = None

    @property
    def minimax(self) -> float:
        """The smallest worst-case regret of a policy that is optimal for one of the rewards; 0 if one serves all."""
        return float(self.regrets.max(0).min())

    @cached_property
    def mixed(self) -> float:
        """The same if one of these policies may be drawn by chance."""
        return min(_mixed(self.regrets), self.minimax)

    @property
    def mean(self) -> float:
        """The smallest mean regret, rewards taken as equally probable."""
        return float(self.regrets.mean(0).min())

    @property
    def policies(self) -> int:
        """How many different optimal policies the rewards have."""
        return self.regrets.shape[1]

    @property
    def largest(self) -> float:
        """What a reward loses at most by the policy of another."""
        return float(self.regrets.max())

    @property
    def farthest(self) -> tuple[int, int]:
        """Two rewards that act alike where the agent was watched, the first losing most by the second's policy here."""
        by_reward = self.regrets[:, self.own]
        reward, other = np.unravel_index(by_reward.argmax(), by_reward.shape)
        return int(reward), int(other)


def disambiguating_regret(
    level: Level, rewards: Float[np.ndarray, "R S A"], *, stops: tuple[int, ...] = (), game: bool = True
) -> Ambiguity:
    """Returns what it costs in a level not to know which of several rewards is meant.

    **Arguments:**

    - `level`: one (not batched) level; episodes begin by its `initial`.
    - `rewards`: R rewards that are consistent with what was observed.
    - `stops`: attributes, by index, whose occurrence ends an episode.
    - `game`: whether to solve the game against any policy at all, too.

    **Raises:** `UsageError` if there are none, or one is not finite.
    """
    if not len(rewards) or not np.isfinite(rewards).all():
        raise UsageError("Ambiguity is among rewards: give at least one, all of them finite.")
    (found,), highest, room = _regrets(lambda: _parts(level, rewards, stops), np.abs(rewards).max((1, 2)))
    states = int(np.asarray(level.reachable & ~level.terminal).sum())
    if not game or states * level.actions * len(rewards) > LARGEST:
        return found
    demanding = room[0] > 0
    value = _game(level, rewards[demanding], highest[0, demanding], room[0, demanding], stops)
    return Ambiguity(found.regrets, found.own, found.mixed if value is None else min(value, found.mixed))


def cost_of_ambiguity(levels: Level, objectives: Objectives) -> tuple[Ambiguity, ...]:
    """Returns what it costs in each level not to know which of several objectives is meant.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: that explain the behaviour alike, each with its own end of episodes.
    """
    return _regrets(lambda: iter([(levels, objectives)]), np.abs(objectives.weights).max(1))[0]


def _parts(level: Level, rewards: np.ndarray, stops: tuple[int, ...]) -> Iterator[tuple[Level, Objectives]]:
    """Yields the level with some rewards at a time as attributes, always as many, for which planning is compiled."""
    size = min(len(rewards), TOGETHER)
    for start in range(0, len(rewards), size):
        some = rewards[start : start + size]
        missing = np.zeros((size - len(some), *some.shape[1:]))
        batch, objectives = with_reward_tables(level, np.concatenate([some, missing]), stops=stops)
        yield batch, objectives


def _regrets(parts, size: np.ndarray) -> tuple[tuple[Ambiguity, ...], np.ndarray, np.ndarray]:
    """Returns regrets in each level, and under each reward the best return and what is at stake, 0 if nothing is."""
    count = len(size)
    greedy, highest, lowest = [], [], []
    for levels, objectives in parts():
        value = optimal_action_values(levels, objectives)
        opposite = Objectives(objectives.specs, -objectives.weights, objectives.stops)
        highest.append(returns(levels, value.max(-1)))
        lowest.append(-returns(levels, optimal_action_values(levels, opposite).max(-1)))
        greedy.append(np.where(np.asarray(levels.reachable & ~levels.terminal), value.argmax(-1), 0))
    best, worst, actions = (np.concatenate(rows)[:count] for rows in (highest, lowest, greedy))
    room = np.where(best - worst > NOTHING * np.maximum(size, 1e-300)[:, None], best - worst, 0.0)
    policies, own = np.unique(actions, axis=0, return_inverse=True)
    gained = []
    for levels, objectives in parts():
        chosen = np.eye(levels.actions)
        gained.append(
            np.stack([returns(levels, policy_values(levels, chosen[some], objectives)) for some in policies], -1)
        )
    lost = (best[..., None] - np.concatenate(gained)[:count]) / np.where(room > 0, room, 1.0)[..., None]
    # What is left of equal numbers by rounding is no regret.
    regrets = np.where((room[..., None] > 0) & (lost >= 1e-9), np.clip(lost, 0.0, 1.0), 0.0)
    own = own.reshape(-1)
    found = tuple(Ambiguity(regrets[:, level], own) for level in range(regrets.shape[1]))
    return found, best.T, room.T


def _game(level: Level, rewards, highest, room, stops: tuple[int, ...]) -> float | None:
    """Returns the smallest worst-case regret of any policy: a linear program over discounted visits.

    A policy is known by its visits, and its return under each reward is linear in them (Puterman 1994, §6.9).
    """
    if not len(rewards):
        return 0.0
    backed = backup(level, stops=stops)
    begin = np.asarray(level.initial, np.float64)[backed.states]
    paid = np.stack([backed.rows(reward) for reward in rewards]) / room[:, None]
    flow = scipy.sparse.hstack([backed.matrix.T, scipy.sparse.csr_matrix((len(begin), 1))]).tocsr()
    return _smallest(np.column_stack([-paid, -np.ones(len(paid))]), -highest / room, flow, begin)


def _mixed(regrets: np.ndarray) -> float:
    """Returns the value of the game between whoever picks the policy and whoever picks the reward."""
    rewards, policies = regrets.shape
    if policies == 1:
        return float(regrets.max())
    share = np.append(np.ones(policies), 0.0)[None]
    value = _smallest(np.column_stack([regrets, -np.ones(rewards)]), np.zeros(rewards), share, np.ones(1))
    return float(regrets.max(0).min()) if value is None else value


def _smallest(rows, bound, equal, equals) -> float | None:
    """Returns the smallest last unknown, 0 or more, for which the inequalities and equations can be met."""
    cost = np.append(np.zeros(rows.shape[1] - 1), 1.0)
    result = scipy.optimize.linprog(cost, A_ub=rows, b_ub=bound, A_eq=equal, b_eq=equals, method="highs")
    return max(0.0, float(result.fun)) if result.success else None
