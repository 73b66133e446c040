"""A world of a handful of states with everything an environment must respect, and networks that are tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

import equinox as eqx
import jax
import jax.numpy as jnp

from mesascope.agents.networks.network import NetworkSpec
from mesascope.worlds.level import Level
from mesascope.worlds.world import World, reach


@dataclass(frozen=True)
class Cue(World):
    """A first state shows a cue; two states later the action that the cue named pays. Nothing shows the cue again.

    States: 0, 1 the cue is left or right; 2, 3 the corridor, which looks alike; 4 paid, 5 not paid, both terminal.
    In the corridor a step slips with probability `slip`, and then nothing happens.
    """

    slip: float = 0.0
    wide: int = 1
    vary: bool = False
    """Whether levels differ in how often a step slips."""

    name = "cue"
    attributes = ("paid",)
    actions = ("left", "right")
    channels = ("see left", "see right", "corridor")
    base_objective = "paid"
    objectives = (reach("paid"),)
    legend = MappingProxyType({"#": "wall"})

    @property
    def observation_shape(self):
        return (3 * self.wide,)

    def sample(self, *, key, distribution, count):
        self.check_distribution(distribution)
        successors = jnp.array(
            [[[2, 2], [2, 2]], [[3, 3], [3, 3]], [[4, 2], [5, 2]], [[5, 3], [4, 3]], [[4, 4]] * 2, [[5, 5]] * 2]
        )
        level = Level(
            successors=successors,
            probabilities=jnp.broadcast_to(jnp.array([1 - self.slip, self.slip]), successors.shape),
            attributes=(successors == 4).astype(jnp.float32)[..., None],
            initial=jnp.array([0.25, 0.75, 0.0, 0.0, 0.0, 0.0]),
            terminal=jnp.array([False] * 4 + [True] * 2),
            reachable=jnp.ones(6, bool),
            discount=jnp.float32(0.9),
            # A table over states, as Gymnasium worlds have it.
            layout=jnp.tile(
                jnp.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0.0]]), (1, self.wide)
            ),
        )
        levels = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), level)
        if not self.vary:
            return levels
        slip = self.slip * jax.random.uniform(key, (count, 1, 1))
        probabilities = jnp.broadcast_to(jnp.stack([1 - slip, slip], axis=-1), levels.probabilities.shape)
        return eqx.tree_at(lambda level: level.probabilities, levels, probabilities)

    def observe(self, level, state):
        return level.layout[state]

    def parse(self, text):
        raise NotImplementedError

    def format(self, level, state=None):
        raise NotImplementedError

    def position(self, level, state):
        return None


class Linear(eqx.Module):
    """Logits and value linear in the observation: with one-hot observations, a table."""

    policy: jax.Array
    value: jax.Array

    def __call__(self, observation, memory):
        flat = observation.reshape(-1)
        return flat @ self.policy, flat @ self.value, memory

    def initial_memory(self):
        return None


@dataclass(frozen=True)
class LinearSpec(NetworkSpec):
    def build(self, observation_shape, actions, *, key):
        size = math.prod(observation_shape)
        return Linear(0.5 * jax.random.normal(key, (size, actions)), jnp.zeros(size))


class Dense(eqx.Module):
    body: eqx.nn.MLP

    def __call__(self, observation, memory):
        out = self.body(observation.reshape(-1))
        return out[:-1], out[-1], memory

    def initial_memory(self):
        return None


@dataclass(frozen=True)
class DenseSpec(NetworkSpec):
    width: int = 32

    def build(self, observation_shape, actions, *, key):
        size = math.prod(observation_shape)
        return Dense(eqx.nn.MLP(size, actions + 1, self.width, 1, activation=jax.nn.tanh, key=key))


class Recurrent(eqx.Module):
    cell: eqx.nn.GRUCell
    head: eqx.nn.Linear

    def __call__(self, observation, memory):
        memory = self.cell(observation.reshape(-1), memory)
        out = self.head(memory)
        return out[:-1], out[-1], memory

    def initial_memory(self):
        return jnp.zeros(self.cell.hidden_size)


@dataclass(frozen=True)
class RecurrentSpec(NetworkSpec):
    width: int = 8

    def build(self, observation_shape, actions, *, key):
        key_cell, key_head = jax.random.split(key)
        size = math.prod(observation_shape)
        return Recurrent(
            eqx.nn.GRUCell(size, self.width, key=key_cell), eqx.nn.Linear(self.width, actions + 1, key=key_head)
        )
