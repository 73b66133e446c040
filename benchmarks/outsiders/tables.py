"""Frozen lakes and taxis: what actions are worth, by value iteration over the environment's own table."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from outsiders.settings import Setting

TAXI_MARKS: tuple[tuple[int, int], ...] = ((0, 0), (0, 4), (4, 0), (4, 3))
"""R, G, Y, B: rows and columns."""


@dataclass(frozen=True)
class Table:
    """A decision problem, read from an environment.

    **Arguments:**

    - `following`: next state of each state, action and outcome, `[S, A, K]`.
    - `chances`: of each outcome, `[S, A, K]`.
    - `paid`: the environment's reward, `[S, A, K]`.
    - `over`: whether the episode ends there, `[S, A, K]`.
    - `holes`: which states are holes of a lake, `[S]`.
    - `cells`: row and column of each state, `[S, 2]`.
    """

    following: Int[np.ndarray, "S A K"]
    chances: Float[np.ndarray, "S A K"]
    paid: Float[np.ndarray, "S A K"]
    over: Bool[np.ndarray, "S A K"]
    holes: Bool[np.ndarray, " S"]
    cells: Int[np.ndarray, "S 2"]


@functools.cache
def table(setting: Setting) -> Table:
    """Returns the table of a lake or taxi as it is in training."""
    import gymnasium

    own = ("levels", "observation")
    options = {name: _literal(text) for name, text in setting.options.items() if name not in own}
    environment = gymnasium.make(setting.world.removeprefix("gym:"), **options).unwrapped
    states, actions = environment.observation_space.n, environment.action_space.n
    outcomes = max(len(found) for row in environment.P.values() for found in row.values())
    shape = (states, actions, outcomes)
    following, chances = np.zeros(shape, int), np.zeros(shape)
    paid, over = np.zeros(shape), np.zeros(shape, bool)
    for state, row in environment.P.items():
        for action, found in row.items():
            for place, (chance, successor, reward, ends) in enumerate(found):
                following[state, action, place], chances[state, action, place] = successor, chance
                paid[state, action, place], over[state, action, place] = reward, ends
    if "Taxi" in setting.world:
        cells = np.array([tuple(environment.decode(state))[:2] for state in range(states)])
        return Table(following, chances, paid, over, np.zeros(states, bool), cells)
    cells = np.stack(np.divmod(np.arange(states), environment.desc.shape[1]), -1)
    return Table(following, chances, paid, over, (environment.desc == b"H").ravel(), cells)


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def taxi_parts(states: Int[np.ndarray, " S"]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns row, column, where the passenger is (4 in the taxi) and the destination of numbered states."""
    return states // 100, states // 20 % 5, states // 4 % 5, states % 4


def events(setting: Setting, name: str) -> tuple[Float[np.ndarray, "S A K"], Bool[np.ndarray, "S A K"]]:
    """Returns what each transition pays towards a goal given by its name, and whether the episode is over for it."""
    found = table(setting)
    after, going = found.following, found.chances > 0
    height, width = found.cells.max(0)
    if name == "return":
        return found.paid, found.over
    if name in ("survive", "hurry"):
        return np.full(after.shape, 1.0 if name == "survive" else -1.0), found.over
    if name in ("stay", "move"):
        still = (found.cells[after] == found.cells[:, None, None]).all(-1)
        return (still if name == "stay" else ~still).astype(float), found.over
    if name == "avoid-hole":
        return -found.holes[after].astype(float), found.over
    if name.startswith("cell-"):
        happens = (found.cells[after] == [int(part) for part in name.split("-")[1:]]).all(-1)
    elif name == "hole":
        happens = found.holes[after]
    elif name == "goal":
        happens = found.over & (found.paid > 0)
    elif name == "termination":
        happens = found.over
    elif "Taxi" in setting.world and not name.startswith(("corner", "centre")):
        happens = _taxi_event(after, found, name)
        if name in ("carry-passenger", "illegal"):
            return happens.astype(float), found.over
    else:
        row, column = np.moveaxis(found.cells[after], -1, 0)
        where = {
            "corner": (0, 0),
            "corner-top-right": (0, width),
            "corner-bottom-left": (height, 0),
            "corner-bottom-right": (height, width),
            "centre": ((height + 1) // 2, (width + 1) // 2),
        }[name]
        happens = (row == where[0]) & (column == where[1])
    happens = happens & going
    return happens.astype(float), found.over | happens


def _taxi_event(after: np.ndarray, found: Table, name: str) -> np.ndarray:
    row, column, passenger, destination = taxi_parts(after)
    _, _, before, _ = taxi_parts(np.arange(len(after))[:, None, None])
    marks = np.array(TAXI_MARKS)

    def at(mark: np.ndarray) -> np.ndarray:
        return (row == marks[mark, 0]) & (column == marks[mark, 1])

    if name in ("at-R", "at-G", "at-Y", "at-B"):
        return at(np.full(after.shape, "RGYB".index(name[-1])))
    return {
        "pick-up-passenger": (before < 4) & (passenger == 4),
        "drop-off-passenger": (before == 4) & (passenger < 4),
        "carry-passenger": passenger == 4,
        "illegal": found.paid == -10,
        "at-passenger": (passenger < 4) & at(np.minimum(passenger, 3)),
        "at-destination": at(destination),
    }[name]


def iterate(
    setting: Setting, paid: np.ndarray, over: np.ndarray, *, depth: int | None = None, temperature: float = 0.0
) -> Float[np.ndarray, "S A"]:
    """Returns the worth of each action after so many sweeps, or when nothing changes any more.

    **Arguments:**

    - `setting`: of a lake or taxi.
    - `paid`, `over`: from `events`, or of one's own.
    - `depth`: how many steps are looked ahead.
    - `temperature`: of a soft maximum; 0 for the hard one.
    """
    found = table(setting)
    worth = np.zeros(len(found.following))
    onward = np.where(over, 0.0, setting.discount)
    count = 0
    while True:
        action = (found.chances * (paid + onward * worth[found.following])).sum(-1)
        count += 1
        high = action.max(-1)
        if temperature:
            better = high + temperature * np.log(np.exp((action - high[:, None]) / temperature).sum(-1))
        else:
            better = high
        if count == depth or np.abs(better - worth).max() < 1e-13 * max(1.0, np.abs(better).max()) or count > 5000:
            return action
        worth = better


@functools.cache
def table_worth(setting: Setting, name: str, depth: int | None = None, temperature: float = 0.0) -> np.ndarray:
    """Returns the worth of each action in each state for a goal given by its name, `[S, A]`."""
    return iterate(setting, *events(setting, name), depth=depth, temperature=temperature)


def states_of(observations: Float[np.ndarray, "B S"]) -> Int[np.ndarray, " B"]:
    """Returns the number of the state that each one-hot observation shows."""
    return observations.argmax(-1)


def table_values(setting: Setting, name: str, depth: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from observations to the worth of each action for a goal given by its name."""

    def values(observations: np.ndarray) -> np.ndarray:
        return table_worth(setting, name, depth)[states_of(observations)]

    return values
