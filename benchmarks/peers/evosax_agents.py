"""The learned evolution strategies that evosax ships, as agents in the stream `black-box`; a hand-written one beside.

    mesascope audit evosax_agents:les --world black-box

evosax reads its own weights, which it keeps as pickles: run this only in an environment where evosax is trusted.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from evosax.algorithms import CMA_ES, EvoTF_ES, LearnedES, LearnedGA, RandomSearch
from evosax.algorithms.population_based.base import PopulationBasedAlgorithm

import mesascope

POPULATION, DIMENSIONS = 16, 10
CONTEXTS = (10, 20, 50, 100)
"""Generations that an Evolution Transformer is made to look back upon, one after the other as its history grows.

It answers the same with any that holds its history, and what it takes to answer grows with it.
"""


class Evolved(mesascope.Agent):
    """A strategy that asks for points and is told their losses."""

    kind = "evosax"
    memoryless = False

    def __init__(self, name: str, strategy: Any):
        self.name, self.strategy, self.parameters = name, strategy, strategy.default_params
        self._begin, self._go_on = (jax.jit(jax.vmap(step)) for step in (self._first, self._next))
        self._start = jax.jit(jax.vmap(self._told_first))

    def initial_state(self, batch: int) -> Any:
        return jax.vmap(jax.random.key)(jnp.arange(batch)), None

    def act(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        key, inner = state
        losses = jnp.asarray(observations[:, :POPULATION])
        if inner is None:
            points, key, inner = _strong(self._begin(key))
        elif inner[1] is None:
            points, key, inner = _strong(self._start(key, inner[0], losses))
        else:
            points, key, inner = self._go_on(key, inner, losses)
        return np.asarray(points, np.float64).reshape(len(points), -1), (key, inner)

    def _first(self, key):
        key, key_init, key_ask = jax.random.split(key, 3)
        if isinstance(self.strategy, PopulationBasedAlgorithm):
            # Such a strategy begins with points whose losses are known.
            points = jax.random.normal(key_ask, (POPULATION, DIMENSIONS))
            return points, key, (points, None)
        state = self.strategy.init(key_init, jnp.zeros(DIMENSIONS), self.parameters)
        points, state = self.strategy.ask(key_ask, state, self.parameters)
        return points, key, (points, state)

    def _told_first(self, key, points, losses):
        key, key_init, key_ask = jax.random.split(key, 3)
        state = self.strategy.init(key_init, points, losses, self.parameters)
        points, state = self.strategy.ask(key_ask, state, self.parameters)
        return points, key, (points, state)

    def _next(self, key, inner, losses, of=None):
        strategy, (points, state) = of or self.strategy, inner
        key, key_tell, key_ask = jax.random.split(key, 3)
        state, _ = strategy.tell(key_tell, points, losses, state, self.parameters)
        points, state = strategy.ask(key_ask, state, self.parameters)
        return points, key, (points, state)


def _strong(found: Any) -> Any:
    # What comes from a number in Python has a type that may yet change, and each such state is compiled for anew.
    return jax.tree.map(
        lambda leaf: leaf if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key) else jnp.asarray(leaf, leaf.dtype),
        found,
    )


class EvolutionTransformer(Evolved):
    """One whose memory is a table of generations, made longer whenever it is full."""

    def __init__(self):
        super().__init__("evotf", EvoTF_ES(POPULATION, jnp.zeros(DIMENSIONS), max_context_len=CONTEXTS[0]))
        longer = [EvoTF_ES(POPULATION, jnp.zeros(DIMENSIONS), max_context_len=length) for length in CONTEXTS]
        self._by_length = {
            length: jax.jit(jax.vmap(functools.partial(self._next, of=one)))
            for length, one in zip(CONTEXTS, longer, strict=True)
        }

    def act(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        key, inner = state
        if inner is not None:
            points, strategy = inner
            told, length = int(strategy.generation_counter[0]), strategy.fitness_context.shape[2]
            if told == length < CONTEXTS[-1]:
                length = CONTEXTS[CONTEXTS.index(length) + 1]
                names = ("solution_context", "fitness_context", "distribution_context")
                tables = {name: _padded(getattr(strategy, name), length) for name in names}
                state = key, (points, strategy.replace(**tables))
            self._go_on = self._by_length[length]
        return super().act(observations, state)


def _padded(table: jax.Array, length: int) -> jax.Array:
    widths = [(0, 0)] * table.ndim
    widths[2] = (0, length - table.shape[2])
    return jnp.pad(table, widths)


def _of(name: str, kind: Any, *further: Any) -> Evolved:
    return Evolved(name, kind(POPULATION, jnp.zeros(DIMENSIONS), *further))


def __getattr__(name: str) -> Evolved:
    # Made when it is asked for: each one reads its weights.
    kinds = {"les": LearnedES, "lga": LearnedGA, "cma_es": CMA_ES}
    if name == "evotf":
        return EvolutionTransformer()
    if name == "random_search":
        return _of(name, RandomSearch, functools.partial(jax.random.normal, shape=(DIMENSIONS,)))
    if name not in kinds:
        raise AttributeError(name)
    return _of(name, kinds[name])
