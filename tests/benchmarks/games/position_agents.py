"""Agents of known depth for positions made by hand: each position says in its observation how deep its answer is."""

from __future__ import annotations

import numpy as np
from games.positions import PositionSet, position_set

from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import softmax
from mesascope.core.errors import UsageError

MOVES = 5


def positions(depths: tuple[int, ...] = (1, 2, 3, 4, 5, 6), each: int = 60, seed: int = 0) -> PositionSet:
    """Positions with one best move of five; the observation holds its number, its depth and a number of their own."""
    random = np.random.default_rng(seed)
    depth = np.repeat(depths, each)
    best = random.integers(MOVES, size=len(depth))
    values = np.where(np.arange(MOVES) == best[:, None], 1.0, 0.0)
    own = random.permutation(len(depth))
    return position_set("riddles", np.stack([best, depth, own], -1).astype(float), values, depth, "Made by hand.")


class Searcher(Agent):
    """Knows the answer if its budget reaches the depth, and else guesses, always alike in the same position."""

    kind = "by hand"
    memoryless = True

    def __init__(self, budget: int = 1, budgets: tuple[int, ...] = (1, 2, 4, 6), *, looks: bool = True):
        self.name, self.budget, self._budgets, self.looks = "searcher", budget, budgets, looks

    def initial_state(self, batch: int) -> None:
        return None

    def budgets(self) -> tuple[int, ...]:
        return self._budgets

    def with_budget(self, budget: int) -> Searcher:
        if budget not in self._budgets:
            raise UsageError(f"{budget} is not one of {self._budgets}")
        return Searcher(budget, self._budgets, looks=self.looks)

    def act(self, observations, state):
        best, depth, own = np.asarray(observations, int).T
        # Without looking, a larger budget changes the guess and does not improve it.
        guess = (own * 7 + (0 if self.looks else self.budget + self.budget // 2)) % MOVES
        knows = (depth <= self.budget) & self.looks
        answer = np.where(knows, best, guess)
        return softmax(4.0 * (np.arange(MOVES) == answer[:, None])), None


class Reflex(Searcher):
    """As good as some depth on average, and alike at all depths; takes no budget."""

    budgets = None  # type: ignore[assignment]
    with_budget = None  # type: ignore[assignment]

    def act(self, observations, state):
        best, _, own = np.asarray(observations, int).T
        answer = np.where(own % 3 == 0, (best + 1) % MOVES, best)
        return softmax(4.0 * (np.arange(MOVES) == answer[:, None])), None


class Judging(Searcher):
    """Finds whatever lies within its budget, and nine in ten of the rest by good judgement."""

    def act(self, observations, state):
        best, depth, own = np.asarray(observations, int).T
        answer = np.where((depth <= self.budget) | (own % 10 != 0), best, (best + 1) % MOVES)
        return softmax(4.0 * (np.arange(MOVES) == answer[:, None])), None


class Averaging(Searcher):
    """Judges alike at all depths, and errs the more seldom the larger its budget; it always errs somewhere."""

    def with_budget(self, budget: int) -> Averaging:
        return Averaging(budget, self._budgets)

    def act(self, observations, state):
        best, _, own = np.asarray(observations, int).T
        answer = np.where(own * 7 % 10 < 2 + self.budget, best, (best + 1) % MOVES)
        return softmax(4.0 * (np.arange(MOVES) == answer[:, None])), None
