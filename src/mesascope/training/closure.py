"""The closure: what is to be trained is a stream, and what trains is an agent in it (RFLO §1.1, meta-optimizers).

A base optimizer that is applied to `as_stream(...)` searches for base optimizers; one that people wrote is an agent
there, `as_agent(...)`, in the same picture as a learned one. Applied twice it needs no further code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from mesascope.agents.agent import Agent
from mesascope.agents.networks.network import NetworkSpec
from mesascope.core.errors import UsageError, WorldError
from mesascope.core.random import RandomKey
from mesascope.training.stream_task import StreamTask, counted, live
from mesascope.worlds.streams.optimisees import Optimisation, Optimisee
from mesascope.worlds.streams.stream import Stream


@dataclass(frozen=True)
class Training(Optimisee):
    """Training a network on a stream, as a stream: each episode begins with fresh weights; see `as_stream`.

    **Arguments:**

    - `stream`, `network`: what is trained, and on what.
    - `episodes`: of the stream behind each gradient.
    """

    stream: Stream = None  # pyright: ignore[reportAssignmentType]
    network: NetworkSpec = None  # pyright: ignore[reportAssignmentType]
    episodes: int = 32

    name = "training"
    # No `summary`: it is made by `as_stream`, and has no name on the command line.

    @property
    def _task(self) -> StreamTask:
        return StreamTask(self.stream, self.network)

    def _fresh(self, key: RandomKey) -> tuple[Float[Array, " P"], Any]:
        return ravel_pytree(eqx.filter(self._task.build(key=key), eqx.is_array))

    @property
    def outputs(self) -> int:
        return jax.eval_shape(lambda key: self._fresh(key)[0], jax.random.key(0)).size

    def sample(self, *, key: RandomKey) -> Optimisation:
        return Optimisation((), self._fresh(key)[0])

    def loss(self, data: PyTree, parameters: Float[Array, " P"], *, key: RandomKey) -> Float[Array, ""]:
        network = self._task.assemble(self._fresh(jax.random.key(0))[1](parameters))
        lived = live(self.stream, network, episodes=self.episodes, key=key)
        return -counted(self.stream, lived.signals).mean()


def as_stream(stream: Stream, network: NetworkSpec, *, horizon: int = 100, episodes: int = 32) -> Training:
    """Returns "train such a network on this stream" as a stream: one sees a gradient and answers an update.

    **Arguments:**

    - `stream`: whose answers are numbers, so that there is a gradient.
    - `network`: the architecture.
    - `horizon`: updates in an episode.
    - `episodes`: of the stream behind each gradient.

    **Raises:** `WorldError` for a stream of actions.
    """
    if stream.actions:
        raise WorldError(
            f"Stream '{stream.name}' is answered with actions, which have no gradient; choose one that is answered "
            "with numbers: regression, linear-systems, copy, quadratics."
        )
    return Training(horizon=horizon, stream=stream, network=network, episodes=episodes)


class OptimizerAgent(Agent):
    """A base optimizer as an agent in streams of optimization; see `as_agent`."""

    kind = "optimizer"
    memoryless = False

    def __init__(self, name: str, transformation: optax.GradientTransformation, parameters: int):
        self.name, self.transformation, self.parameters = name, transformation, parameters
        self._update = jax.jit(jax.vmap(transformation.update))

    def initial_state(self, batch: int) -> Any:
        begin = jax.vmap(self.transformation.init)(jnp.zeros((batch, self.parameters)))
        return jax.tree.map(np.asarray, begin)

    def act(self, observations: Float[np.ndarray, "B D"], state: Any) -> tuple[Float[np.ndarray, "B P"], Any]:
        gradient = jnp.asarray(observations[:, : self.parameters], jnp.float32)
        update, state = jax.tree.map(np.asarray, self._update(gradient, state))
        return np.asarray(update, np.float64), state


def as_agent(transformation: optax.GradientTransformation, stream: Stream, *, name: str = "optimizer") -> Agent:
    """Returns a base optimizer as an agent in a stream of optimization.

    **Arguments:**

    - `transformation`: of gradients into updates, such as `optax.adam(0.01)`.
    - `stream`: whose observations are a gradient and the loss: `quadratics`, `digits`, what `as_stream` returns.
    - `name`: for people.

    **Raises:** `UsageError` for a stream that shows no gradient.
    """
    if not isinstance(stream, Optimisee):
        raise UsageError(
            f"'{stream.name}' shows no gradient; an optimizer acts in quadratics, digits or as_stream(...)."
        )
    return OptimizerAgent(name, transformation, stream.outputs)
