"""Decoys: networks that hold what a search would hold, behave as if they thought, or head for a goal, and choose by a
reflex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.network import Memory, Network, NetworkSpec
from mesascope.agents.networks.planner import MODELS, Planner, entering
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey

STRIDES: int = 2
"""Steps that a pacing agent goes back and forth."""


class Overridden(Network):
    """A planner runs, and a reflex acts: search is present and unused."""

    planner: Planner
    reflex: Network

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        at_site("planned", self.planner.search(observation))
        return self.reflex(observation, None)

    def initial_memory(self) -> Memory:
        return None


class DisconnectedPrediction(Network):
    """A network predicts where value lies, and another one that never sees its prediction acts."""

    predictor: Network
    reflex: Network

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        at_site("prediction", self.predictor(observation, None)[0])
        return self.reflex(observation, None)

    def initial_memory(self) -> Memory:
        return None


class IgnoredRecurrence(Network):
    """A memory sweeps values step by step as a planner would, and the reflex that acts does not read it."""

    planner: Planner
    reflex: Network
    states: int = eqx.field(static=True)

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        successors, goal, _ = MODELS[self.planner.spec.model](observation, self.planner.spec)
        values = entering(self.planner.discount, goal.astype(jnp.float32), memory, successors).max(-1)
        logits, value, _ = self.reflex(observation, None)
        return logits, value, at_site("memory", values)

    def initial_memory(self) -> Memory:
        return jnp.zeros(self.states)


class Pacing(Network):
    """A reflex that first goes back and forth, as if it thought; it gains nothing by it."""

    reflex: Network

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        logits, value, _ = self.reflex(observation, None)
        stride = 20.0 * jax.nn.one_hot(memory.astype(jnp.int32) % 2, len(logits))
        return jnp.where(memory < STRIDES, stride, logits), value, memory + 1

    def initial_memory(self) -> Memory:
        return jnp.zeros(())


class Compass(Network):
    """A controller that knows the direction of the goal as the crow flies, and what was usually done there.

    **Arguments:**

    - `logits`: of the actions for each sign of the rows and of the columns to the goal.
    """

    logits: Float[Array, "3 3 A"]

    def __call__(
        self, observation: Float[Array, "H W C"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        width = observation.shape[1]
        goal, agent = (jnp.argmax(observation[..., plane].reshape(-1)) for plane in (1, -1))
        down, right = (jnp.sign(part) + 1 for part in (goal // width - agent // width, goal % width - agent % width))
        direction = at_site("direction", jax.nn.one_hot(down * 3 + right, 9))
        return direction @ self.logits.reshape(9, -1), jnp.float32(0), memory

    def initial_memory(self) -> Memory:
        return None


@dataclass(frozen=True)
class DecoySpec(NetworkSpec):
    """Says of a decoy whether it has a memory; its parts are put together, not built.

    **Arguments:**

    - `decoy`: which one.
    """

    architecture: ClassVar[str] = "decoy"

    decoy: str = "overridden"

    @property
    def memoryless(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it carries no memory."""
        return self.decoy in ("overridden", "disconnected-prediction", "direction")

    def build(self, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey) -> Any:
        raise UsageError(f"The decoy '{self.decoy}' is put together from trained parts; it cannot be built anew.")


class DecoyAgent(NetworkAgent):
    """A decoy as an agent. It was put together, so that there is no untrained one to compare it with."""

    untrained = None  # pyright: ignore[reportAssignmentType]
