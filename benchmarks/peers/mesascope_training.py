"""Our own training, measured like the peers: `python mesascope_training.py KIND ROUNDS [SEEDS]`."""

from __future__ import annotations

import dataclasses
import math
import sys
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from protocol import serve

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.recipes.corner.recipe import ORGANISM
from mesascope.training.base_optimizer import Task, advance, seed_keys, start
from mesascope.training.environment import NOISE, Environment, make_pool
from mesascope.training.optimizers.ppo import PPO
from mesascope.worlds.corner import Corner

ROOM = Corner(size=8, walls="open", discount=0.99)
"""An empty room: 36 cells, 8x8x3 = 192 numbers seen, the goal in a corner, the start anywhere."""
NAVIX = PPO(
    updates=10_000,
    environments=16,
    steps=128,
    epochs=1,
    minibatches=8,
    levels=1,
    fresh_levels=False,
    time_limit=100,
    learning_rate=2.5e-4,
    clip_values=True,
)
"""The defaults of navix. One level, as the peers' room is one: the goal stays where it is."""
JAXGMG = PPO(
    updates=1000, environments=256, steps=128, epochs=5, minibatches=8, levels=256, learning_rate=5e-5, time_limit=128
)
"""The size of the default run of jaxgmg."""


class ActorAndCritic(eqx.Module):
    """Two perceptrons that share nothing, as in the peers."""

    actor: eqx.nn.MLP
    critic: eqx.nn.MLP

    def __call__(self, observation, memory):
        flat = observation.reshape(-1)
        return self.actor(flat), self.critic(flat), memory

    def initial_memory(self):
        return None


@dataclass(frozen=True)
class ActorAndCriticSpec:
    """Two hidden layers of 64 with tanh, for each of the two."""

    def build(self, observation_shape, actions, *, key):
        key_actor, key_critic = jax.random.split(key)
        size = math.prod(observation_shape)
        return ActorAndCritic(
            eqx.nn.MLP(size, actions, 64, 2, activation=jax.nn.tanh, key=key_actor),
            eqx.nn.MLP(size, "scalar", 64, 2, activation=jax.nn.tanh, key=key_critic),
        )


@dataclass(frozen=True)
class ResidualSpec:
    """Three rectified layers of 128, the last two residual, shared by both heads: the default network of jaxgmg."""

    def build(self, observation_shape, actions, *, key):
        sizes = (math.prod(observation_shape), 128, 128, 128)
        keys = jax.random.split(key, 4)
        layers = [eqx.nn.Linear(sizes[i], sizes[i + 1], key=keys[i]) for i in range(3)]
        return Residual(layers, eqx.nn.Linear(128, actions + 1, key=keys[3]))


class Residual(eqx.Module):
    layers: list[eqx.nn.Linear]
    heads: eqx.nn.Linear

    def __call__(self, observation, memory):
        features = jax.nn.relu(self.layers[0](observation.reshape(-1)))
        for layer in self.layers[1:]:
            features = features + jax.nn.relu(layer(features))
        out = self.heads(features)
        return out[:-1], out[-1], memory

    def initial_memory(self):
        return None


KINDS = {
    "room": (NAVIX, ROOM, ActorAndCriticSpec()),
    # So many copies of the room that looking once at each state does not pay: the network acts step by step.
    "room-stepwise": (dataclasses.replace(NAVIX, levels=64), ROOM, ActorAndCriticSpec()),
    "corner-13": (JAXGMG, Corner(size=13), MLPSpec()),
    "corner-13-residual": (JAXGMG, Corner(size=13), ResidualSpec()),
    "exact": (ORGANISM.optimizer, ORGANISM.world, ORGANISM.network),
}


def training(kind: str, updates: int, seeds: int):
    """Returns what makes some more updates of a training run."""
    optimizer, world, network = KINDS[kind]
    task = Task(world, world.objectives[0], network)
    keys = seed_keys(tuple(range(seeds)))
    carry = [start(optimizer, task, keys), 0]

    def measure():
        learners, metrics = advance(optimizer, task, carry[0], keys, jnp.int32(carry[1]), updates)
        jax.block_until_ready(learners)
        carry[:] = [learners, carry[1] + updates]
        return {
            "steps": seeds * updates * getattr(optimizer, "samples", 1),
            "return": float(metrics["return"][-1].mean()),
        }

    return measure


def stepping(steps: int, *, seeing: bool):
    """Returns what takes random steps in 256 episodes of 13x13, with a boolean observation after each or without."""
    world, batch = Corner(size=13), 256

    @jax.jit
    def make(key):
        levels = world.sample(key=key, distribution="train", count=256)
        return make_pool(world, compile_objectives(world, world.objectives[:1]), levels)

    environment = Environment(world, make(jax.random.key(0)), 128)
    seen = jnp.zeros((batch, *world.observation_shape), bool)

    @jax.jit
    def walk(environment, carry, key):
        key_action, key_noise = jax.random.split(key)
        actions = jax.random.randint(key_action, (steps, batch), 0, 5)
        noise = jax.random.uniform(key_noise, (steps, batch, NOISE))

        def one(carry, step):
            positions, seen = carry
            positions, transition = environment.step(positions, *step)
            if seeing:
                # Carried on, as to a policy, so that it has to be made in every step.
                seen = environment.observe(positions.level, positions.state).astype(bool)
            return (positions, seen), (transition.reward, transition.finished)

        return jax.lax.scan(one, carry, (actions, noise))

    carry = [(environment.begin(jax.random.uniform(jax.random.key(1), (batch, NOISE))), seen)]
    keys = iter(jax.random.split(jax.random.key(2), 10_000))

    def measure():
        carry[0], _ = jax.block_until_ready(walk(environment, carry[0], next(keys)))
        return {"steps": steps * batch}

    return measure


def prepare():
    kind, rounds, seeds = sys.argv[1], int(sys.argv[2]), int((*sys.argv[3:], 1)[0])
    if kind in KINDS:
        return training(kind, rounds, seeds)
    return stepping(rounds, seeing=kind == "stepping-seeing")


if __name__ == "__main__":
    serve(prepare, ("jax", "equinox", "optax"))
