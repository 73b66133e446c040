"""Imitation: networks learn to choose as the exact optimum of an objective does, on levels drawn anew in every update.

A network with memory is shown the same observation several times, and what it would choose is compared after each of
these thinking steps. Some of the steps come before those that gradients are propagated through, a random number of
them, so that it learns to improve whatever it has thought so far rather than to be done at a certain step (progressive
training; Bansal et al. 2022, §3.2). Imitating another agent on its own states is distillation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from mesascope.agents.networks.network import Network, Thinker
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.training.base_optimizer import Task
from mesascope.training.optimum import TIE, optimum
from mesascope.worlds.world import World

HELD_OUT: int = 64
"""Levels, drawn anew, on which agreement with the optimum is measured."""

Examples = tuple[Float[Array, "B P ..."], Float[Array, "B P A"], Float[Array, "B P"]]
"""Observations, target probabilities and weights of P places in each of B levels."""


@dataclass(frozen=True)
class Imitation:
    """Settings of a training by imitation.

    **Arguments:**

    - `updates`: how many.
    - `levels`: drawn anew in each update.
    - `states`: drawn in each level. Networks whose thoughts serve a whole level learn from all of them.
    - `learning_rate`: of Adam, after a warm-up; it falls to 0 along a cosine.
    - `clip`: largest norm of a gradient.
    - `thinking`: steps on one observation that are learnt from, for networks with memory.
    - `head_start`: the most thinking steps that may come before those.
    """

    updates: int = 500
    levels: int = 16
    states: int = 8
    learning_rate: float = 3e-3
    clip: float = 1.0
    thinking: int = 3
    head_start: int = 4

    def __post_init__(self):
        if min(self.updates, self.levels, self.states, self.thinking) < 1 or self.head_start < 0:
            raise UsageError(
                f"updates={self.updates}, levels={self.levels}, states={self.states} and thinking={self.thinking} must "
                f"be 1 or more, head_start={self.head_start} 0 or more."
            )
        if self.learning_rate <= 0 or self.clip <= 0:
            raise UsageError(f"learning_rate={self.learning_rate} and clip={self.clip} must be above 0.")


@dataclass(frozen=True)
class Imitated:
    """A network that was trained by imitation.

    **Arguments:**

    - `network`: the parameters.
    - `agreement`: share of cases in which its likeliest action is one of the target's, after each thinking step
      `[head_start + thinking]`; a single number for networks without memory.
    - `loss`: cross-entropy in each update, in nats.
    """

    network: Network
    agreement: Float[np.ndarray, " steps"]
    loss: Float[np.ndarray, " updates"]


def imitate_optimum(task: Task, settings: Imitation, *, key: RandomKey) -> Imitated:
    """Trains a network to choose as an optimal planner does, all optimal actions alike.

    **Arguments:**

    - `task`: world, objective, network and distribution.
    - `settings`: how.
    - `key`: consumed.

    **Returns:** the network, and its agreement with the optimum in all states of fresh levels.

    **Raises:** `TrainingError` if the loss stops being finite.
    """
    whole = _serves_whole_levels(task)

    def draw(key: RandomKey, count: int, everywhere: bool) -> Examples:
        key_levels, key_states = jax.random.split(key)
        level = task.world.sample(key=key_levels, distribution=task.distribution, count=count)
        best, counted = optimum(level, task.objectives)
        targets = best / best.sum(-1, keepdims=True)
        if everywhere:
            return jax.vmap(task.world.observe_states)(level), targets, counted.astype(jnp.float32)
        chance = jnp.where(counted, 0.0, -jnp.inf)
        states = jax.random.categorical(key_states, chance, shape=(settings.states, count)).T
        seen = jax.vmap(jax.vmap(task.world.observe, (None, 0)))(level, states)
        picked = jnp.take_along_axis(targets, states[..., None], axis=1)
        return seen, picked, jnp.take_along_axis(counted, states, axis=1).astype(jnp.float32)

    def examples(key: RandomKey) -> Examples:
        return draw(key, settings.levels, whole)

    held_out = eqx.filter_jit(lambda key: draw(key, HELD_OUT, True))(stream("held out", key=key))
    network, loss = _train(task.build, examples, settings, whole, key=key)
    return Imitated(network, _agreement(network, held_out, settings, whole), loss)


def _serves_whole_levels(task: Task) -> bool:
    """Returns whether one thought serves all states of a level: they look alike but for where the agent stands."""
    plane = task.network.place_plane
    if plane is None:
        return False
    world: World = task.world
    level = world.sample(key=jax.random.key(0), distribution=task.distribution, count=1)
    seen = np.delete(np.asarray(jax.vmap(world.observe_states)(level))[0], plane, axis=-1)
    return bool((seen == seen[:1]).all())


def _train(
    build: Callable[..., Any], examples: Callable[[RandomKey], Examples], settings: Imitation, whole: bool, *, key
):
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, settings.updates // 20 + 1, settings.updates + 1
    )
    transformation = optax.flatten(optax.chain(optax.clip_by_global_norm(settings.clip), optax.adam(schedule)))

    def update(carry, key_update):
        network, state = carry
        key_examples, key_start = jax.random.split(key_update)
        seen, targets, weights = examples(key_examples)
        memory = _memory(network, seen, whole)
        if memory is not None and settings.head_start:
            # Without gradients, and so outside of the loss: the number of these steps is not known beforehand.
            count = jax.random.randint(key_start, (), 0, settings.head_start + 1)
            memory = jax.lax.fori_loop(0, count, lambda _, memory: _think(network, seen, memory, whole)[1], memory)

        def loss(network):
            logits = _answers(network, seen, memory, settings.thinking, whole)
            entropy = -(targets * jax.nn.log_softmax(logits)).sum(-1)
            return (entropy * weights).sum((1, 2)).mean() / weights.sum()

        value, gradient = jax.value_and_grad(loss)(network)
        steps, state = transformation.update(gradient, state)
        return (jax.tree.map(jnp.add, network, steps), state), value

    @eqx.filter_jit
    def run(key):
        network = build(key=stream("begin", key=key))
        keys = jax.random.split(stream("updates", key=key), settings.updates)
        (network, _), losses = jax.lax.scan(update, (network, transformation.init(network)), keys)
        return network, losses

    network, losses = run(key)
    losses = np.asarray(losses)
    if not np.isfinite(losses).all():
        raise TrainingError(
            f"In update {int((~np.isfinite(losses)).argmax()) + 1} of {settings.updates} the loss stopped being "
            "finite. A smaller learning rate usually helps."
        )
    return network, losses


def _memory(network: Network, seen: Float[Array, "B P ..."], whole: bool) -> Any:
    shape = seen.shape[:1] if whole else seen.shape[:2]
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (*shape, *leaf.shape)), network.initial_memory())


def _think(network: Network, seen: Float[Array, "B P ..."], memory: Any, whole: bool):
    """Returns logits `[B, P, A]` and memory after one step."""
    if whole:
        thinker = cast(Thinker, network)
        image, memory = jax.vmap(thinker.think)(seen[:, 0], memory)
        logits, _ = jax.vmap(jax.vmap(thinker.choose, (None, 0)))(image, seen)
    else:
        logits, _, memory = jax.vmap(jax.vmap(network))(seen, memory)
    return logits, memory


def _answers(network: Network, seen, memory: Any, steps: int, whole: bool) -> Float[Array, "steps B P A"]:
    """Returns logits after each of some steps; a network without memory needs but one."""
    if memory is None:
        return _think(network, seen, None, whole)[0][None]

    def step(memory, _):
        logits, memory = _think(network, seen, memory, whole)
        return memory, logits

    return jax.lax.scan(step, memory, None, length=steps)[1]


@eqx.filter_jit
def _agree(network: Network, given: Examples, steps: int, whole: bool) -> Float[Array, " steps"]:
    seen, targets, weights = given
    logits = _answers(network, seen, _memory(network, seen, whole), steps, whole)
    likeliest: Int[Array, "steps B P"] = logits.argmax(-1)
    best = targets >= targets.max(-1, keepdims=True) - TIE
    hit = jnp.take_along_axis(jnp.broadcast_to(best, logits.shape), likeliest[..., None], axis=-1)[..., 0]
    return (hit * weights).sum((1, 2)) / weights.sum()


def _agreement(network: Network, given: Examples, settings: Imitation, whole: bool) -> np.ndarray:
    return np.asarray(_agree(network, given, settings.head_start + settings.thinking, whole))
