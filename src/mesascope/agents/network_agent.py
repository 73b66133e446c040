"""A network as an agent: batches of any size run in a few compiled shapes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.agents.activations import AgentInParts, Captured
from mesascope.agents.agent import SlotValue
from mesascope.agents.networks.network import Network, NetworkSpec, transplant
from mesascope.agents.probabilities import softmax
from mesascope.agents.sites import opened
from mesascope.core.errors import AgentError, UnknownNameError
from mesascope.core.random import RandomKey


@eqx.filter_jit
def _act(network: Network, observations: jax.Array, memory: Any) -> tuple[jax.Array, Any]:
    logits, _, memory = jax.vmap(network)(observations, memory)
    return logits, memory


@eqx.filter_jit
def _step(network: Network, observations: jax.Array, memory: Any, patches: dict[str, jax.Array]):
    def one(observation, memory, patches):
        return opened(lambda: network(observation, memory), patches)

    (logits, _, memory), activations = jax.vmap(one)(observations, memory, patches)
    return logits, memory, activations


@eqx.filter_jit
def _built(spec: NetworkSpec, observation_shape: tuple[int, ...], actions: int, key: RandomKey) -> Network:
    return spec.build(observation_shape, actions, key=key)


class NetworkAgent(AgentInParts):
    """An agent whose policy is one of the registered networks.

    **Arguments:**

    - `name`: for people.
    - `network`: the parameters.
    - `spec`: the size of the network.
    - `observation_shape`: of one observation.
    - `actions`: how many there are.
    - `origin`: what the file it came from says about it, JSON-ready; `None` if it came from no file.
    """

    kind = "network"

    def __init__(
        self,
        name: str,
        network: Network,
        spec: NetworkSpec,
        observation_shape: tuple[int, ...],
        actions: int,
        *,
        origin: dict[str, Any] | None = None,
    ):
        self.name, self.network, self.spec = name, network, spec
        self.observation_shape, self.actions = observation_shape, actions
        self.origin = origin
        self.memoryless = spec.memoryless

    def initial_state(self, batch: int) -> Any:
        one = self.network.initial_memory()
        return jax.tree.map(lambda leaf: np.broadcast_to(np.asarray(leaf), (batch, *leaf.shape)), one)

    def sites(self) -> tuple[str, ...]:
        return self._sites

    @functools.cached_property
    def _sites(self) -> tuple[str, ...]:
        found: list[str] = []

        def one(observation, memory):
            result, activations = opened(lambda: self.network(observation, memory), {})
            # Dictionaries come out of a traced function in the order of their keys.
            found.extend(activations)
            return result

        jax.eval_shape(one, jnp.zeros(self.observation_shape), self.network.initial_memory())
        return tuple(found)

    def answer(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        self._check_shape(observations)
        rows = len(observations)
        padded = functools.partial(_padded, rows)
        if patches is None:
            found = *_act(self.network, padded(observations), jax.tree.map(padded, state)), {}
        else:
            found = _step(self.network, padded(observations), *jax.tree.map(padded, (state, patches)))
        logits, memory, activations = jax.tree.map(lambda leaf: np.asarray(leaf)[:rows], found)
        return Captured(self.answered(logits), memory, activations)

    def answered(self, head: np.ndarray) -> np.ndarray:
        """Returns what the numbers of its first head `[B, A]` mean: probabilities of actions."""
        return softmax(head)

    def _check_shape(self, observations: np.ndarray) -> None:
        if observations.shape[1:] != self.observation_shape:
            raise AgentError(
                f"Agent '{self.name}' reads observations of shape {list(self.observation_shape)}; it was shown "
                f"{list(observations.shape[1:])}."
            )

    def untrained(self, *, key: RandomKey) -> NetworkAgent:
        network = _built(self.spec, self.observation_shape, self.actions, key)
        return type(self)(f"{self.name} (untrained)", network, self.spec, self.observation_shape, self.actions)


class NumbersAgent(NetworkAgent):
    """A network agent whose answers are numbers: predictions or updates, in streams that have no actions."""

    @classmethod
    def of(cls, agent: NetworkAgent) -> NumbersAgent:
        """Returns the same network, answering in numbers."""
        shape, actions = agent.observation_shape, agent.actions
        return cls(agent.name, agent.network, agent.spec, shape, actions, origin=agent.origin)

    def answered(self, head: np.ndarray) -> np.ndarray:
        return np.asarray(head, np.float64)


class SlottedNetworkAgent(NetworkAgent):
    """A network agent whose spec declares slots; its network has `respecified(spec)`, which fills them anew."""

    def slots(self) -> dict[str, SlotValue]:
        return {slot: getattr(self.spec, slot) for slot in self.spec.slots}

    def with_slots(self, values: Mapping[str, SlotValue]) -> SlottedNetworkAgent:
        for slot in values:
            if slot not in self.spec.slots:
                raise UnknownNameError(f"slot of agent '{self.name}'", slot, self.spec.slots)
        spec = dataclasses.replace(self.spec, **values)
        network = cast(Any, self.network).respecified(spec)
        # What decides the shape of the computation is no number and comes with the spec.
        network = transplant(network, spec, self.observation_shape, self.actions)
        changed = ", ".join(f"{slot}={value}" for slot, value in values.items())
        name = f"{self.name} ({changed})"
        return SlottedNetworkAgent(name, network, spec, self.observation_shape, self.actions, origin=self.origin)


def network_agent(
    name: str,
    network: Network,
    spec: NetworkSpec,
    observation_shape: tuple[int, ...],
    actions: int,
    *,
    origin: dict[str, Any] | None = None,
) -> NetworkAgent:
    """Returns a network as a `NetworkAgent` with all the capabilities that its spec declares."""
    kind = SlottedNetworkAgent if spec.slots else NetworkAgent
    return kind(name, network, spec, observation_shape, actions, origin=origin)


def _padded(rows: int, leaf: np.ndarray) -> jax.Array:
    """Fills an array of so many rows up to a power of two, so that few shapes are compiled."""
    size = 1 << max(rows - 1, 0).bit_length()
    empty = np.zeros((size - rows, *leaf.shape[1:]), np.float32)
    return jnp.asarray(np.concatenate([np.asarray(leaf, np.float32), empty]))
