"""Two numbers and a stream in which their influence lasts: what an episode is worth is a quadratic of both."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import jax.numpy as jnp

from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.worlds.streams.stream import Stream

HALVES: int = 4


@dataclass(frozen=True)
class Pushed(Stream):
    """A place keeps nine tenths of where it was and is pushed; it is wanted at 5, with little of the second push."""

    name = "pushed"
    summary = "A place that remembers pushes."
    signals = ("near",)
    observed = ("place",)
    feedback = MappingProxyType({})
    steps = 2 * HALVES
    outputs = 2

    def sample(self, *, key):
        return jnp.zeros(())

    def begin(self, task, *, key):
        return jnp.zeros(()), jnp.zeros(1)

    def step(self, task, state, answer, *, key):
        state = 0.9 * state + answer[0] + 0.5 * answer[1]
        return state, state[None], -((state - 5) ** 2 + answer[1] ** 2)[None]


class Two(Network):
    numbers: jnp.ndarray

    def __call__(self, observation, memory):
        return self.numbers, jnp.zeros(()), memory

    def initial_memory(self):
        return jnp.zeros(1)


@dataclass(frozen=True)
class TwoSpec(NetworkSpec):
    memoryless = False

    def build(self, observation_shape, actions, *, key):
        return Two(jnp.array([0.3, -0.2]))


def exact(halves: int) -> list[float]:
    """The gradient of the mean worth of a step, by finite differences of a loop in plain Python."""

    def worth(first, second):
        place, total = 0.0, 0.0
        for _ in range(halves * HALVES):
            place = 0.9 * place + first + 0.5 * second
            total -= (place - 5) ** 2 + second**2
        return total / (halves * HALVES)

    # Of a quadratic, central differences are exact.
    return [
        (worth(0.3 + 0.1, -0.2) - worth(0.3 - 0.1, -0.2)) / 0.2,
        (worth(0.3, -0.2 + 0.1) - worth(0.3, -0.2 - 0.1)) / 0.2,
    ]
