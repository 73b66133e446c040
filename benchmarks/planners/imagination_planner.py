"""An imagination-based planner (Pascanu et al. 2017): it proposes, imagines what would come of it, and proposes anew.

A manager says after each imagination how likely it is to stop. All proposals and stops are answered at once, so that
`Priced` can say exactly what a planner that stops at random costs on average, and a gradient passes through all of it.
The model that it imagines with is the simulator itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import HIDDEN_GAIN, Dense
from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.spaceship import Spaceship


@dataclass(frozen=True)
class Priced(Spaceship):
    """A spaceship with one thrust; an answer holds each proposal, and how likely the planner stops with it.

    **Arguments:**

    - `imaginations`: the most that are allowed.
    - `price`: of an imagination.
    """

    thrusts: int = 1
    imaginations: int = 4
    price: float = 0.0

    name = "priced-spaceship"
    summary = "A spaceship whose pilot pays for every imagination."
    signals = ("negative cost",)

    @property
    def outputs(self) -> int:
        return 3 * (self.imaginations + 1)

    def step(self, task, state, answer, *, key):
        stops, thrusts = answer[: self.imaginations + 1], answer[self.imaginations + 1 :].reshape(-1, 2)
        following, costs = jax.vmap(lambda thrust: self.imagine(state, thrust))(thrusts)
        cost = stops @ (costs + self.price * jnp.arange(self.imaginations + 1))
        return following[-1], following[-1], -cost[None]


@dataclass(frozen=True)
class ImaginationPlannerSpec(NetworkSpec):
    """Size of an `ImaginationPlanner`.

    **Arguments:**

    - `where`: whose simulator it imagines with.
    - `width`: of its memory of imaginations.
    - `managed`: whether it decides itself when to stop; otherwise each stop is as likely as the others.
    """

    architecture: ClassVar[str] = "imagination-planner"
    memoryless: ClassVar[bool] = False

    where: Priced
    width: int = 48
    managed: bool = False

    def build(self, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        return ImaginationPlanner(self, observation_shape[0], key=key)


class ImaginationPlanner(Network):
    """A controller that proposes, a memory of what was imagined, and a manager that stops."""

    first: Dense
    remembered: Dense
    proposed: Dense
    going: Dense
    spec: ImaginationPlannerSpec = eqx.field(static=True)

    def __init__(self, spec: ImaginationPlannerSpec, seen: int, *, key: RandomKey):
        keys = jax.random.split(key, 4)
        self.first = Dense(seen, spec.width, gain=HIDDEN_GAIN, key=keys[0])
        # What was imagined: the thrust, where it led (place and speed), and its cost.
        self.remembered = Dense(seen + spec.width + 7, spec.width, gain=HIDDEN_GAIN, key=keys[1])
        self.proposed = Dense(spec.width, 2, gain=0.1, key=keys[2])
        self.going = Dense(spec.width, 1, gain=0.1, key=keys[3])
        self.spec = spec

    def __call__(self, observation: Float[Array, " D"], memory: Array):
        allowed = self.spec.where.imaginations

        def imagine(carry, done):
            context, thrust = carry
            thrust = thrust + self.proposed(context)
            goes_on = jax.nn.sigmoid(self.going(context)[0]) if self.spec.managed else 1 - 1 / (allowed + 1 - done)
            goes_on = jnp.where(done == allowed, 0.0, goes_on)
            following, cost = self.spec.where.imagine(observation, thrust)
            told = jnp.concatenate([observation, context, thrust, following[:4], cost[None]])
            return (context + jnp.tanh(self.remembered(told)), thrust), (thrust, goes_on)

        begun = jnp.tanh(self.first(observation)), jnp.zeros(2)
        _, (thrusts, goes_on) = jax.lax.scan(imagine, begun, jnp.arange(allowed + 1))
        # One stops where one went on before and does not now.
        stops = jnp.concatenate([jnp.ones(1), jnp.cumprod(goes_on)[:-1]]) * (1 - goes_on)
        return jnp.concatenate([stops, thrusts.reshape(-1)]), jnp.zeros(()), memory

    def initial_memory(self) -> Float[Array, "1"]:
        return jnp.zeros(1)
