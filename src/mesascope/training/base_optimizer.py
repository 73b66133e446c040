"""What a base optimizer is: a search over learned algorithms for a base objective (RFLO §1.1).

An implementation describes one seed: how it begins and what one update does. The loop, the batch of seeds and the
compilation are written once, here. Randomness comes only from the keys that are handed in, so that an update can be
repeated after a crash.

What is learned is a task of any kind that the optimizer knows: a base objective on a world (`Task`), a teacher's
choices, a game, a lifetime. One that is a pytree holds arrays; any other is hashable, and compiled in.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key, PyTree

from mesascope.agents.networks.network import NetworkSpec
from mesascope.core.random import RandomKey, root_key, stream
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.worlds.world import ObjectiveSpec, World

Metrics = dict[str, Float[Array, "..."]]
SomeTask = TypeVar("SomeTask")


@dataclass(frozen=True)
class Task:
    """What is to be learned, by what kind of network: everything but the search itself. Hashable.

    **Arguments:**

    - `world`: where levels come from.
    - `objective`: the base objective.
    - `network`: the architecture.
    - `distribution`: of the levels trained on, one of the world's.
    """

    world: World
    objective: ObjectiveSpec
    network: NetworkSpec
    distribution: str = "train"

    @property
    def objectives(self) -> Objectives:
        """The base objective as arrays: a batch of one."""
        return compile_objectives(self.world, (self.objective,))

    def build(self, *, key: RandomKey):
        """Returns a freshly initialised network for this world."""
        return self.network.build(self.world.observation_shape, len(self.world.actions), key=key)

    def assemble(self, parameters: PyTree):
        """Returns the network that has these trainable arrays."""
        return assembled(self.build, parameters)


def assembled(build: Callable[..., Any], parameters: PyTree) -> Any:
    """Returns the network that has these trainable arrays.

    **Arguments:**

    - `build`: returns such a network, given a `key`.
    - `parameters`: its arrays (`equinox.filter(network, equinox.is_array)`).
    """
    template = jax.eval_shape(lambda key: eqx.filter(build(key=key), eqx.is_array), jax.random.key(0))
    expected, given = jax.tree.structure(template), jax.tree.structure(parameters)
    if expected != given:
        raise ValueError(f"these parameters are not of this network: {given} instead of {expected}")
    # Only arrays are replaced; the static part is the same for every key.
    static = eqx.filter(eqx.filter_eval_shape(build, key=jax.random.key(0)), _is_shape, inverse=True)
    return eqx.combine(parameters, static)


def _is_shape(leaf: object) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


class Learner(eqx.Module):
    """What a search remembers between updates, for one seed; for several, every array has a leading axis of seeds.

    **Arguments:**

    - `parameters`: the arrays of the network (`equinox.filter(network, equinox.is_array)`).
    - `optimizer`: state of the gradient transformation.
    - `extra`: whatever else must survive (environment states, buffers); `None` if nothing. Arrays only.
    """

    parameters: PyTree
    optimizer: PyTree
    extra: PyTree = None


class BaseOptimizer(abc.ABC, Generic[SomeTask]):
    """Searches learned algorithms for a base objective.

    A concrete base optimizer is a frozen dataclass: its fields are its settings, and they make it hashable, so that
    it can be compiled in. Only `begin` and `update` are to be written; both run inside `jit`.
    """

    name: str
    """What users type."""
    updates: int
    """How many updates a training run has."""
    measure: ClassVar[str] = "return"
    """The metric that says how well it goes."""

    @abc.abstractmethod
    def begin(self, task: SomeTask, *, key: RandomKey) -> Learner:
        """Returns the learner before the first update, for one seed.

        **Arguments:**

        - `task`: what is to be learned.
        - `key`: consumed.
        """

    @abc.abstractmethod
    def update(
        self, task: SomeTask, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        """Makes one update, for one seed.

        **Arguments:**

        - `task`: what is to be learned.
        - `learner`: from `begin` or the last update.
        - `index`: of the update, from 0; schedules depend on it.
        - `key`: consumed; depends on the seed and the index alone.

        **Returns:** the learner and named scalars, that of `measure` among them (`"return"` is the mean return of a
        first state under the base objective). A run ends with an error as soon as one of them is not finite.
        """


def cosine(index: Int[Array, ""], updates: int) -> Float[Array, ""]:
    """Returns the share of a rate that is left in an update, where it falls from 1 to 0 along a cosine."""
    return jnp.asarray(optax.cosine_decay_schedule(1.0, updates)(index))


def seed_keys(seeds: tuple[int, ...]) -> Key[Array, " seeds"]:
    """Returns one key per seed; a seed's key does not depend on which others run beside it."""
    return jnp.stack([stream("training", key=root_key(seed)) for seed in seeds])


@eqx.filter_jit
def start(optimizer: BaseOptimizer, task: Any, keys: Key[Array, " seeds"]) -> Learner:
    """Returns the learners of several seeds before the first update.

    **Arguments:**

    - `optimizer`, `task`: what to run.
    - `keys`: from `seed_keys`.
    """
    return _for_each_seed(lambda key: optimizer.begin(task, key=stream("begin", key=key)), keys)


def advance(
    optimizer: BaseOptimizer,
    task: Any,
    learners: Learner,
    keys: Key[Array, " seeds"],
    first: Int[Array, ""],
    count: int,
    *,
    room: int | None = None,
) -> tuple[Learner, Metrics]:
    """Makes some updates of several seeds.

    **Arguments:**

    - `optimizer`, `task`: what to run.
    - `learners`: from `start` or the last call.
    - `keys`: from `seed_keys`.
    - `first`: index of the first update.
    - `count`: how many updates.
    - `room`: the most updates of one call; by default `count`. Calls with equal room share their compiled code, and
      how a run is cut into such calls does not change its result.

    **Returns:** the learners and each metric as `[count, seeds]`; the norm of the parameters is added to the metrics.
    """
    room = count if room is None else room
    learners, metrics = _advance(optimizer, task, learners, keys, first, jnp.int32(count), room)
    return learners, jax.tree.map(lambda table: table[:, :count].T, metrics)


@eqx.filter_jit
def _advance(optimizer, task, learners, keys, first, count, room):
    def of_seed(arguments):
        learner, key = arguments

        def one(offset, carry):
            learner, table = carry
            index = first + offset
            key_update = jax.random.fold_in(stream("update", key=key), index)
            learner, metrics = optimizer.update(task, learner, index, key=key_update)
            metrics = {**metrics, "parameter norm": optax.tree.norm(learner.parameters)}
            return learner, jax.tree.map(lambda column, value: column.at[offset].set(value), table, metrics)

        shapes = jax.eval_shape(lambda: optimizer.update(task, learner, first, key=key)[1])
        table = jax.tree.map(lambda shape: jnp.zeros(room, shape.dtype), shapes)
        table["parameter norm"] = jnp.zeros(room, jnp.float32)
        return jax.lax.fori_loop(0, count, one, (learner, table))

    return _for_each_seed(of_seed, (learners, keys))


@eqx.filter_jit
def run_through(
    optimizer: BaseOptimizer, task: Any, learner: Learner, keys: Key[Array, " updates"]
) -> tuple[Learner, Metrics]:
    """Makes the updates of one seed in one go: for short runs that need no checkpoints.

    **Arguments:**

    - `optimizer`, `task`: what to run.
    - `learner`: from `begin`.
    - `keys`: one for each update.

    **Returns:** the learner and each metric as `[updates]`.
    """

    def one(learner, step):
        index, key = step
        return optimizer.update(task, learner, index, key=key)

    return jax.lax.scan(one, learner, (jnp.arange(len(keys)), keys))


@eqx.filter_jit
def begun(optimizer: BaseOptimizer, task: Any, key: RandomKey) -> Learner:
    """Returns the learner of one seed before the first update, compiled; see `run_through`."""
    return optimizer.begin(task, key=key)


def _for_each_seed(function: Callable[[Any], Any], arguments: Any) -> Any:
    # On a CPU one seed keeps the cores busy already, and batched matrix products round differently for each number of
    # seeds: one after the other costs the same time and leaves a seed's bits alone. An accelerator needs the batch.
    if jax.default_backend() == "cpu":
        return jax.lax.map(function, arguments)
    return jax.vmap(function)(arguments)
