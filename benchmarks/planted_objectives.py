"""Planted agents of known objective for `objective_recovery.py`: five kinds, grids of 25 to 6,400 states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dynamics_menu import dynamics_menu

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.level import Level
from mesascope.worlds.menu import MenuItem
from mesascope.worlds.transitions import level_from_successors

KINDS: tuple[str, ...] = ("base", "proxy", "habit", "shaped base", "negated, with the planner that does its worst")
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1), (0, 0))
DISCOUNT = 0.95
MENU = 40
HELD_OUT = 3
"""Environments that no one is asked in: each with several edits at once."""


@dataclass(frozen=True)
class Planted:
    """An agent whose objective is known.

    **Arguments:**

    - `kind`: one of `KINDS`.
    - `side`: of the grid.
    - `reward`: what its choices express: a table over states and actions. For the last kind it holds the opposite, and
      plans for the opposite of that; no data tells the two apart (Armstrong & Mindermann 2018).
    - `training`, `menu`, `held_out`: environments.
    - `hard`: whether it always takes an optimal action; otherwise it is soft-optimal at temperature 1.
    """

    kind: str
    side: int
    reward: np.ndarray
    training: Level
    menu: tuple[MenuItem, ...]
    held_out: tuple[Level, ...]
    hard: bool

    def choices(self, level: Level) -> np.ndarray:
        """Returns its policy table in an environment."""
        wanted, sign = (-self.reward, -1.0) if self.kind == KINDS[4] else (self.reward, 1.0)
        # The planner that does its worst for what it holds is the one that does its best for the opposite.
        batch, objective = with_reward_tables(level, sign * wanted[None])
        if self.hard:
            best = optimal_actions(optimal_action_values(batch, objective)[0, 0]).astype(float)
            # Of equally good actions it always takes the same.
            return np.eye(best.shape[-1])[best.argmax(-1)]
        return boltzmann(soft_action_values(batch, objective, temperature=1.0)[0, 0], 1.0)

    def watched(self, level: Level) -> Observation:
        """Returns exact policy access in an environment."""
        return Observation(level, self.choices(level))


def plant(index: int, side: int, *, hard: bool = False) -> Planted:
    """Returns one planted agent; kinds take turns.

    **Arguments:**

    - `index`: also the seed.
    - `side`: of the grid, 5 or more.
    """
    random = np.random.default_rng(50_000 + index)
    training = grid(side, random)
    states = side * side
    goal, proxy = random.choice(states, 2, replace=False)
    base = np.zeros((states, 5))
    base[goal] = random.uniform(1, 3)
    kind = KINDS[index % len(KINDS)]
    if kind == "proxy":
        reward = np.zeros_like(base)
        reward[proxy] = random.uniform(1, 3)
    elif kind == "habit":
        reward = np.zeros_like(base)
        reward[:, random.integers(5)] = random.uniform(0.5, 2)
    elif kind == "shaped base":
        potential = random.normal(size=states)
        probabilities, successors = np.asarray(training.probabilities), np.asarray(training.successors)
        reward = base + DISCOUNT * (probabilities * potential[successors]).sum(-1) - potential[:, None]
    else:
        reward = base
    menu = dynamics_menu(training, count=MENU, seed=int(random.integers(2**31)))
    held_out = tuple(several_edits(training, random) for _ in range(HELD_OUT))
    return Planted(kind, side, reward, training, menu, held_out, hard)


def grid(side: int, random: np.random.Generator) -> Level:
    """Five moves, of which a tenth go astray, and a tenth of all states behind walls that shut one way."""
    states = side * side
    row, column = np.divmod(np.arange(states), side)
    targets = np.stack(
        [np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1) for down, right in MOVES], -1
    )
    shut = (random.random((states, 5)) < 0.1) & (np.arange(5) < 4)
    targets = np.where(shut, np.arange(states)[:, None], targets)
    successors = np.broadcast_to(targets[:, None], (states, 5, 5))
    probabilities = np.broadcast_to(0.02 + 0.9 * np.eye(5), (states, 5, 5))
    return level_from_successors(successors.copy(), probabilities.copy(), discount=DISCOUNT)


def several_edits(level: Level, random: np.random.Generator) -> Level:
    """One environment after the shift: a fifth of all moves turn out as another would, and the labels are permuted."""
    successors = np.asarray(level.successors)
    states, actions = successors.shape[:2]
    own = np.broadcast_to(np.arange(actions), (states, actions))
    taken = np.where(random.random((states, actions)) < 0.2, random.integers(actions, size=own.shape), own)
    probabilities = np.take_along_axis(np.asarray(level.probabilities), taken[..., None], 1)
    order = random.permutation(actions)
    return type(level)(**{**vars(level), "probabilities": probabilities[:, order]})
