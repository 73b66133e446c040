"""Agents with memory are asked again with the memory that they began with at the same place of a batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask, check_same_answers
from mesascope.core.errors import AgentError


class Pair(NamedTuple):
    direction: np.ndarray
    count: np.ndarray


def directions(batch: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4, batch)


MEMORIES = {
    "array": (directions, lambda memory: memory),
    "list": (lambda batch: [directions(batch)], lambda memory: memory[0]),
    "named tuple": (lambda batch: Pair(directions(batch), np.zeros(batch)), lambda memory: memory.direction),
    "dictionary": (lambda batch: {"direction": directions(batch)}, lambda memory: memory["direction"]),
}


class Walker(Agent):
    name, kind, memoryless = "walker", "function", False

    def __init__(self, begin, direction, *, by_place=False):
        self.begin, self.direction, self.by_place = begin, direction, by_place

    def initial_state(self, batch):
        return self.begin(batch)

    def act(self, observations, state):
        rows = np.arange(len(observations))
        chances = np.full((len(rows), 5), 0.05)
        chances[rows, rows % 5 if self.by_place else self.direction(state)] = 0.8
        return chances, state


# Written outside the package, so that it is somebody else's.
Walker.__module__ = "walkers"


@pytest.mark.parametrize("form", MEMORIES)
@pytest.mark.parametrize("by_place", [False, True])
def test_a_memory_that_differs_from_place_to_place_is_no_answer_by_place(form, by_place):
    walker = Walker(*MEMORIES[form], by_place=by_place)
    assert walker.foreign
    seen = np.zeros((32, 3), np.float32)
    answers, _ = ask(walker, seen, walker.initial_state(32), actions=5)
    if by_place:
        with pytest.raises(AgentError, match="by place in the batch"):
            check_same_answers(walker, seen, answers)
    else:
        check_same_answers(walker, seen, answers)
