"""What ambiguity costs: the regret that cannot be avoided while several rewards explain the behaviour alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.sparse
from jaxtyping import Float

from mesascope.core.errors import UsageError
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

    - `minimax`: the smallest worst-case regret of a policy that is optimal for one of the rewards; 0 if one policy
      serves them all.
    - `mixed`: the same if one of these policies may be drawn by chance.
    - `game`: the same for any policy at all, optimal for one of the rewards or not: the value of the game between who
      picks the policy and who picks the reward. Never above `mixed`; `None` if it is too large to solve.
    - `mean`: the smallest mean regret, rewards taken as equally probable.
    - `policies`: how many different optimal policies the rewards have.
    - `regrets`: of each policy under each reward, `[rewards, policies]`.
    - `own`: which policy is optimal for each reward, `[rewards]`.
    """

    minimax: float
    mixed: float
    game: float | None
    mean: float
    policies: int
    regrets: Float[np.ndarray, "R P"]
    own: np.ndarray

    @property
    def farthest(self) -> tuple[int, int]:
        """Two rewards that act alike where the agent was watched, the first losing most by the second's policy here."""
        by_reward = self.regrets[:, self.own]
        reward, other = np.unravel_index(by_reward.argmax(), by_reward.shape)
        return int(reward), int(other)


def disambiguating_regret(
    level: Level, rewards: Float[np.ndarray, "R S A"], *, stops: tuple[int, ...] = ()
) -> Ambiguity:
    """Returns what it costs in a level not to know which of several rewards is meant.

    **Arguments:**

    - `level`: one (not batched) level; episodes begin by its `initial`.
    - `rewards`: R rewards that are consistent with what was observed.
    - `stops`: attributes, by index, whose occurrence ends an episode.

    **Raises:** `UsageError` if there are none, or one is not finite.
    """
    if not len(rewards) or not np.isfinite(rewards).all():
        raise UsageError("Ambiguity is among rewards: give at least one, all of them finite.")
    count = len(rewards)
    value = _optimal(level, np.concatenate([rewards, -rewards]), stops)
    begin = np.asarray(level.initial, np.float64)
    best = value.max(-1) @ begin
    highest, lowest = best[:count], -best[count:]
    acting = np.asarray(level.reachable & ~level.terminal)
    greedy = np.where(acting, value[:count].argmax(-1), 0)
    policies, own = np.unique(greedy, axis=0, return_inverse=True)
    own = own.reshape(-1)
    room = highest - lowest
    size = np.abs(rewards).max((1, 2))
    demanding = room > NOTHING * np.maximum(size, 1e-300)
    gained = np.empty((count, len(policies)))
    for start in range(0, count, TOGETHER):
        part = slice(start, start + TOGETHER)
        batch, wanted = with_reward_tables(level, rewards[part], stops=stops)
        for index, actions in enumerate(policies):
            chosen = np.eye(level.actions)[actions][None]
            gained[part, index] = returns(batch, policy_values(batch, chosen, wanted))[:, 0]
    regrets = np.where(demanding[:, None], (highest[:, None] - gained) / np.where(demanding, room, 1.0)[:, None], 0.0)
    regrets = np.clip(np.where(regrets < 1e-9, 0.0, regrets), 0.0, 1.0)
    worst = regrets.max(0)
    mixed = min(_mixed(regrets), float(worst.min()))
    game = None
    if int(acting.sum()) * level.actions * count <= LARGEST:
        game = _game(level, rewards[demanding], highest[demanding], room[demanding], stops)
        game = mixed if game is None else min(game, mixed)
    return Ambiguity(
        minimax=float(worst.min()),
        mixed=mixed,
        game=game,
        mean=float(regrets.mean(0).min()),
        policies=len(policies),
        regrets=regrets,
        own=own,
    )


def _optimal(level: Level, rewards: np.ndarray, stops: tuple[int, ...]) -> np.ndarray:
    """Returns the optimal value of every action under each reward, `[R, S, A]`."""
    found = []
    for start in range(0, len(rewards), TOGETHER):
        some = rewards[start : start + TOGETHER]
        if start and len(some) < TOGETHER:
            # Of the size of the others, for which planning is compiled already.
            some = np.concatenate([some, np.zeros((TOGETHER - len(some), *some.shape[1:]))])
        batch, objectives = with_reward_tables(level, some, stops=stops)
        found.append(optimal_action_values(batch, objectives)[:, 0])
    return np.concatenate(found)[: len(rewards)]


def _game(level: Level, rewards, highest, room, stops: tuple[int, ...]) -> float | None:
    """Returns the smallest worst-case regret of any policy: a linear program over discounted visits.

    A policy is known by its visits, and its return under each reward is linear in them (Puterman 1994, §6.9).
    """
    if not len(rewards):
        return 0.0
    backed = backup(level, stops=stops)
    begin = np.asarray(level.initial, np.float64)[backed.states]
    paid = np.stack([backed.rows(reward) for reward in rewards]) / room[:, None]
    visits = paid.shape[1]
    flow = scipy.sparse.hstack([backed.matrix.T, scipy.sparse.csr_matrix((len(begin), 1))]).tocsr()
    result = scipy.optimize.linprog(
        np.append(np.zeros(visits), 1.0),
        A_ub=np.column_stack([-paid, -np.ones(len(paid))]),
        b_ub=-highest / room,
        A_eq=flow,
        b_eq=begin,
        bounds=[(0, None)] * (visits + 1),
        method="highs",
    )
    return max(0.0, float(result.fun)) if result.success else None


def _mixed(regrets: np.ndarray) -> float:
    """Returns the value of the game between whoever picks the policy and whoever picks the reward."""
    rewards, policies = regrets.shape
    if policies == 1:
        return float(regrets.max())
    result = scipy.optimize.linprog(
        np.append(np.zeros(policies), 1.0),
        A_ub=np.column_stack([regrets, -np.ones(rewards)]),
        b_ub=np.zeros(rewards),
        A_eq=np.append(np.ones(policies), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * policies + [(None, None)],
        method="highs",
    )
    return max(0.0, float(result.fun)) if result.success else float(regrets.max(0).min())
