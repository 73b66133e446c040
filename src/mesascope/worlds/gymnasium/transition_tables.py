"""Tables of transitions that environments keep, read and checked; and what Taxi does beside its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import WorldError
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.encoding import Encoding
from mesascope.worlds.gymnasium.stepping import checked_reset, checked_step, environment_code

Row = tuple[int, int, int, float, bool, float]
"""One outcome: state, action, successor, reward, whether the episode ends there, probability."""

Table = Mapping[Any, Mapping[Any, list[tuple[Any, Any, Any, Any]]]]
"""By state and action: probability, successor, reward and whether the episode ends, as others wrote them."""

TOLERANCE: float = 1e-6
"""Probabilities of a table sum to one up to this."""

WALKS: int = 8
STEPS: int = 64


def transitions_of(environment: Any, environment_id: str) -> tuple[Table, Float[np.ndarray, " states"]]:
    """Returns an environment's table and the law of its first state.

    A fickle passenger of Taxi changes their mind outside of its table, at most once and on the first move after they
    are picked up: there are then twice as many states, the second half those in which that may still happen. State `s`
    looks like state `s % 500`.

    **Raises:** `WorldError` if that cannot be told from the environment.
    """
    with environment_code(environment_id, "when its table of transitions was read"):
        table: Table = environment.P
        first = np.asarray(environment.initial_state_distrib, float)
    if not getattr(environment, "fickle_passenger", False):
        return table, first
    chance = getattr(environment, "fickle_probability", None)
    if chance is None or type(environment).__name__ != "TaxiEnv":
        raise WorldError(
            f"{quoted(environment_id)} with fickle_passenger=True changes its passenger's mind outside its own table "
            "of transitions, so that no exact level can be made. Leave fickle_passenger out."
        )
    return _fickle(environment, table), np.concatenate([first * (1 - chance), first * chance])


def _fickle(environment: Any, table: Table) -> Table:
    count, marks = len(table), len(environment.locs)
    both: dict[int, dict[int, list[tuple[Any, Any, Any, Any]]]] = {}
    for state, actions in table.items():
        row, column, passenger, destination = environment.decode(state)
        both[state] = {action: list(outcomes) for action, outcomes in actions.items()}
        both[state + count] = {}
        for action, outcomes in actions.items():
            following = both[state + count][action] = []
            for probability, successor, reward, over in outcomes:
                now_row, now_column, now_passenger, _ = environment.decode(successor)
                if passenger == marks and (now_row, now_column) != (row, column):
                    others = [mark for mark in range(marks) if mark != destination]
                    following += [
                        (
                            probability / len(others),
                            environment.encode(now_row, now_column, now_passenger, other),
                            reward,
                            over,
                        )
                        for other in others
                    ]
                else:
                    following.append((probability, successor + count, reward, over))
    return both


def reachable_rows(
    table: Table, first: Float[np.ndarray, " states"], *, actions: int, environment_id: str
) -> list[Row]:
    """Returns the outcomes of every state that can be reached, equal ones merged.

    **Raises:** `WorldError` if the table is not one: probabilities that do not sum to one, rewards that are no finite
    numbers, successors or actions that are missing.
    """
    waiting = [int(state) for state in np.flatnonzero(first)]
    met = set(waiting)
    rows: list[Row] = []
    with environment_code(environment_id, "when its table of transitions was read"):
        for state in waiting:  # grows while it is walked through
            if state not in table:
                raise _no_table(environment_id, state, 0, "is missing, though that state can be reached")
            for action in range(actions):
                if action not in table[state]:
                    raise _no_table(environment_id, state, action, "is missing")
                merged: dict[tuple[int, float, bool], float] = {}
                total = 0.0
                for probability, successor, reward, over in table[state][action]:
                    total += float(probability)
                    if np.ndim(reward) or not math.isfinite(float(reward)):
                        paid = f"pays {shown(reward, limit=40)}, not one finite number"
                        raise _no_table(environment_id, state, action, paid)
                    if probability > 0:
                        name = (int(successor), float(reward), bool(over))
                        merged[name] = merged.get(name, 0.0) + float(probability)
                if not abs(total - 1) <= TOLERANCE:
                    raise _no_table(environment_id, state, action, f"has probabilities that sum to {total:.6g}")
                for (successor, reward, over), probability in merged.items():
                    rows.append((state, action, successor, reward, over, probability))
                    if not over and successor not in met:
                        met.add(successor)
                        waiting.append(successor)
    return rows


def _no_table(environment_id: str, state: int, action: int, what: str) -> WorldError:
    return WorldError(
        f"The table of {quoted(environment_id)} (P[{state}][{action}]) {what}, so that it is no decision problem."
    )


def never_entered(table: Table, rows: list[Row], first: Float[np.ndarray, " states"]) -> list[int]:
    """Returns the states of a table that no episode begins in and no transition leads to."""
    entered = {int(state) for state in np.flatnonzero(first)} | {row[2] for row in rows}
    return sorted(set(map(int, table)) - entered)


def check_table(environment: Any, rows: list[Row], *, encoding: Encoding, looks: int, environment_id: str) -> None:
    """Walks at random through the environment: each step must be an outcome that the table allows.

    **Arguments:**

    - `environment`: as made.
    - `rows`: of the table.
    - `encoding`: of observations.
    - `looks`: state `s` looks like state `s % looks`.
    - `environment_id`: for messages.

    **Raises:** `WorldError` at the first step that is none.
    """
    outcomes: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        outcomes.setdefault(row[:2], []).append(row)
    generator = np.random.default_rng(0)
    actions, first_action = int(environment.action_space.n), int(environment.action_space.start)
    states = sorted({row[0] for row in rows})
    look = {state: encoding.encode(state % looks).tobytes() for state in {*states, *(row[2] for row in rows)}}
    for walk in range(WALKS):
        observation, _ = checked_reset(environment, walk, environment_id=environment_id)
        seen = encoding.encode(observation).tobytes()
        possible = {state for state in states if look[state] == seen}
        for _ in range(STEPS):
            action = int(generator.integers(actions))
            found = checked_step(environment, action + first_action, environment_id=environment_id)
            seen = encoding.encode(found.observation).tobytes()
            possible = {
                row[2]
                for state in possible
                for row in outcomes[state, action]
                if look[row[2]] == seen and row[3] == found.reward and row[4] == found.terminated
            }
            if not possible:
                raise WorldError(
                    f"{quoted(environment_id)} does not do what its own table of transitions (P) says: in a walk, "
                    f"action {action} led to {shown(found.observation, limit=40)} with reward {found.reward:g}, which "
                    "is none of the outcomes there. No exact level can be made from that table."
                )
            if found.terminated or found.truncated:
                break
