"""Other people's smaller agents, as a user would bring them: PufferLib's LSTM, rlcard's CFR table, gnubg-nn."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from games.backgammon import places_of, results, side_number
from games.positions import PositionSet, position_set
from peers.flat_lstm import FlatLSTMAgent, FlatLSTMSizes, read_flat_lstm

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.adapters.pickled_arrays import load_pickled_arrays
from mesascope.agents.agent import Agent
from mesascope.core.errors import AgentError, UntrustedModelError, UsageError

CONNECT_FOUR = FlatLSTMSizes(inputs=42, hidden=128, actions=7)
CALL, RAISE, FOLD, CHECK = range(4)


class Ticks(Agent):
    """A recurrent agent that is shown the same observation several times before its choice counts.

    **Arguments:**

    - `inner`: the agent.
    - `budgets`: how often the observation can be shown.
    - `budget`: how often it is.
    """

    kind = "recurrent agent, observation repeated"
    memoryless = True

    def __init__(self, inner: FlatLSTMAgent, budgets: tuple[int, ...], budget: int | None = None):
        self.inner, self._budgets = inner, budgets
        self.budget = budgets[0] if budget is None else budget
        self.name = f"{inner.name}, {self.budget} ticks"

    def budgets(self) -> tuple[int, ...]:
        return self._budgets

    def with_budget(self, budget: int) -> Ticks:
        if budget not in self._budgets:
            raise UsageError(f"{budget} ticks cannot be set; one of {self._budgets} can.")
        return Ticks(self.inner, self._budgets, budget)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, None]:
        memory = self.inner.initial_state(len(observations))
        for _ in range(self.budget - 1):
            _, memory = self.inner.act(observations, memory)
        return self.inner.act(observations, memory)[0], None


def connect_four_lstm(path: Path) -> FlatLSTMAgent:
    """Returns PufferLib's connect-four policy."""
    return read_flat_lstm(path, CONNECT_FOUR, name="PufferLib connect-four LSTM")


def read_table(path: Path) -> dict[bytes, np.ndarray]:
    """Returns rlcard's table of average policies by the bytes of the observation, after checking every entry."""
    table = load_pickled_arrays(path, maximum_bytes=2**20)
    if not isinstance(table, dict):
        raise UntrustedModelError("it is not a table.", path=path)
    for seen, row in table.items():
        fits = isinstance(seen, bytes) and len(seen) == 36 * 8 and isinstance(row, np.ndarray) and row.shape == (4,)
        if not fits or not np.isfinite(row).all() or (row < 0).any() or row.sum() <= 0:
            raise UntrustedModelError("an entry is not an observation with four weights.", path=path)
    return table


def table_agent(table: dict[bytes, np.ndarray]) -> FunctionAgent:
    """Returns the table as an agent; an observation that is not in it gets the uniform policy, as in rlcard."""

    def look_up(observations: np.ndarray) -> np.ndarray:
        rows = [table.get(np.asarray(row, np.float64).tobytes(), np.ones(4)) for row in observations]
        return np.stack([row / row.sum() for row in rows])

    return FunctionAgent("rlcard Leduc CFR table", look_up, 4)


def sure_pairs(table: dict[bytes, np.ndarray]) -> PositionSet:
    """Returns information sets of Leduc hold'em in which the hand cannot be beaten: it pairs the public card.

    There are two cards of each rank, so that nobody else can have the pair: going on is worth more than folding,
    whatever the opponent holds or does.
    """
    observations, values = [], []
    for seen in table:
        row = np.frombuffer(seen, "<f8")
        hand, public = row[:3], row[3:6]
        if not public.any() or hand.argmax() != public.argmax():
            continue
        behind = row[6:21].argmax() < row[21:36].argmax()
        worth = np.full(4, np.nan)
        worth[[CALL if behind else CHECK, FOLD]] = 1.0, 0.0
        observations.append(row)
        values.append(worth)
    knowledge = "A hand that cannot be beaten: folding it is dominated, whatever the opponent holds or does."
    plies = np.ones(len(values))
    return position_set("Leduc hands that cannot be beaten", np.stack(observations), np.stack(values), plies, knowledge)


class Gnubg(Agent):
    """gnubg-nn, asked in a process of its own, with the plies that it looks ahead as its budget.

    **Arguments:**

    - `python`: of an environment that has gnubg-nn.
    - `actions`: how many the widest position has.
    - `budgets`, `budget`: plies that can be set, and are.
    """

    kind = "evaluator under search"
    memoryless = True

    def __init__(self, python: Path, actions: int, budgets: tuple[int, ...] = (0, 1, 2), budget: int | None = None):
        self.python, self.actions, self._budgets = python, actions, budgets
        self.budget = budgets[0] if budget is None else budget
        self.name = f"gnubg-nn, {self.budget} plies"

    def budgets(self) -> tuple[int, ...]:
        return self._budgets

    def with_budget(self, budget: int) -> Gnubg:
        if budget not in self._budgets:
            raise UsageError(f"{budget} plies cannot be set; one of {self._budgets} can.")
        return Gnubg(self.python, self.actions, self._budgets, budget)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, None]:
        rolls = np.asarray(observations).astype(int)
        program = Path(__file__).resolve().parent / "gnubg_moves.py"
        asked = json.dumps({"plies": self.budget, "rolls": rolls.tolist()})
        done = subprocess.run(
            [str(self.python), str(program)], input=asked, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AgentError(f"gnubg-nn failed: {done.stderr[-500:]}")
        answers = json.loads(done.stdout)
        probabilities = np.zeros((len(rolls), self.actions))
        for number, (roll, after) in enumerate(zip(rolls, answers, strict=True)):
            own, other = np.array([side_number(*roll[:2])]), np.array([side_number(*roll[2:4])])
            mine, theirs = results(own, other, (int(roll[4]), int(roll[5])))
            reached = np.concatenate([places_of(mine[0]), places_of(theirs[0])], -1)
            found = np.flatnonzero((reached == after).all(-1))
            if len(found) != 1:
                raise AgentError(f"gnubg-nn moved from {roll.tolist()} to {after}, which is not legal.")
            probabilities[number, found[0]] = 1.0
        return probabilities, None
