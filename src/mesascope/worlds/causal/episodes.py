"""The states of an episode: which options have been chosen so far, in whatever order."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True)
class Episodes:
    """Every course an episode can take, the same in all levels.

    What an option brings depends on what was chosen before and not on the order, so a state is a set with repetition.
    The last state is the end.

    **Arguments:**

    - `successors`: `[states, slots]`.
    - `chosen`: which options have been chosen before, `[states, slots]`.
    - `step`: how many choices were made, `[states]`.
    """

    successors: Int[np.ndarray, "S slots"]
    chosen: Bool[np.ndarray, "S slots"]
    step: Int[np.ndarray, " S"]

    @property
    def states(self) -> int:
        """How many there are, the end included."""
        return len(self.step)


@functools.cache
def episodes(slots: int, steps: int) -> Episodes:
    """Returns every course of an episode.

    **Arguments:**

    - `slots`: options on the menu.
    - `steps`: choices in an episode.
    """
    courses = [
        course for length in range(steps) for course in itertools.combinations_with_replacement(range(slots), length)
    ]
    place = {course: index for index, course in enumerate(courses)}
    end = len(courses)
    successors = np.full((end + 1, slots), end)
    chosen = np.zeros((end + 1, slots), bool)
    step = np.full(end + 1, steps)
    for index, course in enumerate(courses):
        chosen[index, list(course)] = True
        step[index] = len(course)
        for slot in range(slots):
            successors[index, slot] = place.get(tuple(sorted((*course, slot))), end)
    return Episodes(successors, chosen, step)
