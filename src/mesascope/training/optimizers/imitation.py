"""Imitation: networks learn to choose as the exact optimum of an objective does, on levels drawn anew in every update.

A network with memory is shown the same observation several times, and what it would choose is compared after each of
these thinking steps. Some of the steps come before those that gradients are propagated through, a random number of
them, so that it learns to improve whatever it has thought so far rather than to be done at a certain step (progressive
training; Bansal et al. 2022, §3.2). Imitating another agent on its own states is distillation.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from mesascope.agents.networks.network import Network, Thinker
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.planning.value_iteration import action_values
from mesascope.training.base_optimizer import BaseOptimizer, Learner, Task, begun, run_through
from mesascope.training.run import check_finite
from mesascope.worlds.level import Level

TIE: float = 1e-5
"""In single precision actions within this of the best, relative to it, are optimal too."""

HELD_OUT: int = 64
"""Levels, drawn anew, on which agreement with the optimum is measured."""

Examples = tuple[Float[Array, "B P ..."], Float[Array, "B P A"], Float[Array, "B P"]]
"""Observations, target probabilities and weights of P places in each of B levels."""


@dataclass(frozen=True)
class Imitation(BaseOptimizer[Task]):
    """Descends the cross-entropy between what a network chooses and the optimal choices, all of them alike.

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

    name = "imitation"
    measure = "loss"

    def __post_init__(self):
        if min(self.updates, self.levels, self.states, self.thinking) < 1 or self.head_start < 0:
            raise UsageError(
                f"updates={self.updates}, levels={self.levels}, states={self.states} and thinking={self.thinking} must "
                f"be 1 or more, head_start={self.head_start} 0 or more."
            )
        if self.learning_rate <= 0 or self.clip <= 0:
            raise UsageError(f"learning_rate={self.learning_rate} and clip={self.clip} must be above 0.")

    @property
    def _transformation(self) -> optax.GradientTransformation:
        schedule = optax.warmup_cosine_decay_schedule(0.0, self.learning_rate, self.updates // 20 + 1, self.updates + 1)
        return optax.flatten(optax.chain(optax.clip_by_global_norm(self.clip), optax.adam(schedule)))

    def begin(self, task: Task, *, key: RandomKey) -> Learner:
        parameters = eqx.filter(task.build(key=key), eqx.is_array)
        return Learner(parameters, self._transformation.init(parameters))

    def update(
        self, task: Task, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        whole, network = _serves_whole_levels(task), task.assemble(learner.parameters)
        key_examples, key_start = jax.random.split(key)
        seen, targets, weights = _examples(task, self.levels, None if whole else self.states, key=key_examples)
        memory = _memory(network, seen, whole)
        if memory is not None and self.head_start:
            # Without gradients, and so outside of the loss: the number of these steps is not known beforehand.
            count = jax.random.randint(key_start, (), 0, self.head_start + 1)
            memory = jax.lax.fori_loop(0, count, lambda _, memory: _think(network, seen, memory, whole)[1], memory)

        def loss(parameters):
            logits = _answers(task.assemble(parameters), seen, memory, self.thinking, whole)
            entropy = -(targets * jax.nn.log_softmax(logits)).sum(-1)
            return (entropy * weights).sum((1, 2)).mean() / weights.sum()

        value, gradient = jax.value_and_grad(loss)(learner.parameters)
        steps, state = self._transformation.update(gradient, learner.optimizer)
        return Learner(jax.tree.map(jnp.add, learner.parameters, steps), state), {"loss": value}


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
    held_out = eqx.filter_jit(lambda key: _examples(task, HELD_OUT, None, key=key))(stream("held out", key=key))
    learner = begun(settings, task, stream("begin", key=key))
    learner, metrics = run_through(
        settings, task, learner, jax.random.split(stream("updates", key=key), settings.updates)
    )
    loss = np.asarray(metrics["loss"])
    check_finite({"loss": loss[:, None]}, updates=settings.updates)
    network = task.assemble(learner.parameters)
    return Imitated(network, _agreement(network, held_out, settings, whole), loss)


def optimum(level: Level, objectives: Objectives) -> tuple[Bool[Array, "N S A"], Bool[Array, "N S"]]:
    """Returns the optimal actions of the first objective, inside `jit`, and the states in which it matters.

    Value iteration in single precision until values stand still, or as many sweeps as there are states: on levels
    without chance no optimal plan is longer.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: one objective.
    """
    reward, continuation = rewards(objectives, level), continuations(objectives, level)
    active = jnp.asarray(level.reachable) & ~jnp.asarray(level.terminal)

    def once(carry):
        values, _, count = carry
        better = jnp.where(active[..., None], action_values(level, reward, continuation, values).max(-2), 0.0)
        return better, (better != values).any(), count + 1

    start = (jnp.zeros((*active.shape, len(objectives)), reward.dtype), jnp.array(True), 0)
    values, _, _ = jax.lax.while_loop(lambda carry: carry[1] & (carry[2] < level.states), once, start)
    found = action_values(level, reward, continuation, values)[..., 0]
    best, worst = found.max(-1, keepdims=True), found.min(-1, keepdims=True)
    margin = TIE * jnp.abs(best)
    return found >= best - margin, active & (best - worst > margin)[..., 0]


def _examples(task: Task, count: int, states: int | None, *, key: RandomKey) -> Examples:
    """Returns examples from levels drawn anew, in a number of random states of each, or in all of them."""
    key_levels, key_states = jax.random.split(key)
    level = task.world.sample(key=key_levels, distribution=task.distribution, count=count)
    best, counted = optimum(level, task.objectives)
    targets = best / best.sum(-1, keepdims=True)
    if states is None:
        return jax.vmap(task.world.observe_states)(level), targets, counted.astype(jnp.float32)
    chance = jnp.where(counted, 0.0, -jnp.inf)
    drawn = jax.random.categorical(key_states, chance, shape=(states, count)).T
    seen = jax.vmap(jax.vmap(task.world.observe, (None, 0)))(level, drawn)
    picked = jnp.take_along_axis(targets, drawn[..., None], axis=1)
    return seen, picked, jnp.take_along_axis(counted, drawn, axis=1).astype(jnp.float32)


@functools.lru_cache(maxsize=32)
def _serves_whole_levels(task: Task) -> bool:
    """Returns whether one thought serves all states of a level: they look alike but for where the agent stands."""
    plane = task.network.place_plane
    if plane is None:
        return False
    world = task.world
    # Also where it is asked for while something else is compiled.
    with jax.ensure_compile_time_eval():
        level = world.sample(key=jax.random.key(0), distribution=task.distribution, count=1)
        seen = np.delete(np.asarray(jax.vmap(world.observe_states)(level))[0], plane, axis=-1)
    return bool((seen == seen[:1]).all())


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


OPTIMIZER = Imitation
