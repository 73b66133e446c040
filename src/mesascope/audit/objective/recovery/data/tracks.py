"""Which states an episode went through, by what it saw and did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.text import quoted
from mesascope.worlds.level import Level

Place = tuple[int, int]
"""A level, and a state in it."""


class Tracks:
    """Levels in which episodes are located by their observations.

    States that look the same are told apart by what led to them and what followed.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `seen`: what an agent sees in every state, `[N, S, ...]`.
    """

    def __init__(self, levels: Level, seen: Float[np.ndarray, "N S ..."]):
        self._shape = seen.shape[2:]
        self._successors, self._probabilities = np.asarray(levels.successors), np.asarray(levels.probabilities)
        self._terminal = np.asarray(levels.terminal)
        self._actions = levels.actions
        self._places: dict[bytes, list[Place]] = {}
        for level, state in np.argwhere(np.asarray(levels.reachable)).tolist():
            self._places.setdefault(seen[level, state].astype(np.float32).tobytes(), []).append((level, state))

    def follow(
        self, observed: Any, actions: Int[np.ndarray, " T"], *, over: bool, name: str
    ) -> tuple[int, Int[np.ndarray, " T1"]]:
        """Returns the level of an episode and the states that it went through.

        **Arguments:**

        - `observed`: T + 1 observations.
        - `actions`: what was done in all but the last.
        - `over`: whether it ended by itself, so that its last state may be a terminal one.
        - `name`: of the episode, for messages.

        **Raises:** `UsageError` for an observation that no state shows, an action that there is not, a step that is
        impossible, and observations that several ways explain.
        """
        seen = as_shown(observed, self._shape, name=name)
        wrong = (actions < 0) | (actions >= self._actions)
        if wrong.any():
            step = int(wrong.argmax())
            raise UsageError(f"{name}, step {step}: action {actions[step]} is not one of {self._actions}.")
        reached: list[list[Place]] = []
        for step, one in enumerate(seen):
            shown = self._places.get(one.tobytes(), [])
            if not shown:
                raise UsageError(
                    f"{name}, step {step}: no state that can be reached shows this observation. Was it recorded in "
                    "this world, with the same options and the same form of observation?"
                )
            possible = [place for place in shown if self._fits(place, step, len(actions), over)]
            if step:
                after = {move for place in reached[-1] for move in self._moves(place, int(actions[step - 1]))}
                possible = [place for place in possible if place in after]
            if not possible:
                self._impossible(name, step, actions, shown, reached)
            reached.append(possible)
        for step in range(len(actions) - 1, -1, -1):
            later, action = set(reached[step + 1]), int(actions[step])
            reached[step] = [place for place in reached[step] if later & self._moves(place, action)]
        several = next((step for step, places in enumerate(reached) if len(places) > 1), None)
        if several is not None:
            listed = ", ".join(f"state {state} of level {level}" for level, state in reached[several][:4])
            raise UsageError(
                f"{name}, step {several}: the observation does not tell the state; it could be {listed}. Pass the "
                "levels that the episode was recorded in, or a form of observation that shows more."
            )
        return reached[0][0][0], np.array([places[0][1] for places in reached], np.int64)

    def _fits(self, place: Place, step: int, length: int, over: bool) -> bool:
        """Whether an episode can be there at that step: nothing follows a terminal state."""
        return bool(not self._terminal[place] or (step == length and over))

    def _moves(self, place: Place, action: int) -> set[Place]:
        used = self._probabilities[place][action] > 0
        return {(place[0], int(state)) for state in self._successors[place][action][used]}

    def _impossible(self, name, step, actions, shown, reached) -> None:
        if all(self._terminal[place] for place in shown):
            how = "and the episode goes on" if step < len(actions) else "though the episode was cut off before its end"
            raise UsageError(f"{name}, step {step}: the observation shows a terminal state, {how}.")
        before = (
            f"action {actions[step - 1]} in state {reached[-1][0][1]} cannot lead to" if step else "nobody begins in"
        )
        raise UsageError(
            f"{name}, step {step}: {before} what is observed. The recording contradicts the dynamics: another level, "
            "or other dynamics?"
        )


def as_shown(observed: Any, shape: tuple[int, ...], *, name: str = "The episode") -> Float[np.ndarray, "T1 ..."]:
    """Returns recorded observations as a world shows them, in single precision.

    **Arguments:**

    - `observed`: in that shape; of a dictionary of arrays the one that has it; or whole numbers for one-hot vectors.
    - `shape`: of one observation.
    - `name`: of the episode, for messages.

    **Raises:** `UsageError` for another shape.
    """
    if isinstance(observed, Sequence) and observed and isinstance(observed[0], Mapping):
        observed = {key: [one[key] for one in observed] for key in observed[0]}
    if isinstance(observed, Mapping):
        fitting = [key for key, value in observed.items() if np.shape(value)[1:] == shape]
        if len(fitting) != 1:
            listed = ", ".join(f"{quoted(key)} {list(np.shape(value)[1:])}" for key, value in observed.items())
            raise UsageError(
                f"{name} has observations of several parts ({listed}); the world shows {list(shape)}, which "
                f"{len(fitting)} of them fit. Bring the part that the world shows."
            )
        observed = observed[fitting[0]]
    try:
        found = np.asarray(observed, np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The observations of {name.lower()} are no array of numbers: {error}.") from error
    if found.shape[1:] == shape:
        return found
    if found.size == len(found) and shape == (1,):
        return found.reshape(-1, 1)
    numbers = found.reshape(-1)
    if found.size == len(found) and len(shape) == 1:
        if ((numbers >= 0) & (numbers < shape[0]) & (numbers == np.round(numbers))).all():
            return np.eye(shape[0], dtype=np.float32)[numbers.astype(np.int64)]
        raise UsageError(
            f"The observations of {name.lower()} are numbers such as {numbers[0]:g}, the world shows one-hot vectors "
            f"of {shape[0]}: whole numbers from 0 to {shape[0] - 1} are needed."
        )
    raise UsageError(
        f"The observations of {name.lower()} have the shape {list(found.shape[1:])}; the world shows {list(shape)}."
    )
