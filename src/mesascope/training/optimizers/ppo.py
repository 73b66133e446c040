"""Proximal policy optimization (Schulman et al. 2017): what people really train with, without knowing the model.

Beside the exact policy gradient it shows what sampling adds. Memoryless networks learn from shuffled steps, networks
with memory from whole episodes, through time. Levels are drawn anew for every update or once for the whole run.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PyTree

from mesascope.core.errors import TrainingError, UnknownNameError
from mesascope.core.random import RandomKey
from mesascope.training.base_optimizer import BaseOptimizer, Learner, Task
from mesascope.training.environment import NOISE, Environment, Pool, Positions, make_pool
from mesascope.training.rollout import (
    Rollout,
    blank_memory,
    generalised_advantages,
    log_probabilities,
    reconsider,
    roll_out,
)

SCHEDULES: tuple[str, ...] = ("constant", "linear", "cosine")


class Progress(eqx.Module):
    """What PPO keeps between updates besides the network.

    **Arguments:**

    - `pool`: the levels of the run, or with fresh levels those of the episodes under way.
    - `positions`: where the episodes stand.
    - `memory`: of the network, `[N, ...]`; `None` if it is memoryless.
    - `gained`: mean discounted reward of the episodes that finished last.
    """

    pool: Pool
    positions: Positions
    memory: PyTree
    gained: Float[Array, "*batch"]


class Batch(eqx.Module):
    """A roll-out with what the loss compares the network with, or a minibatch of one.

    **Arguments:**

    - `rollout`: the steps.
    - `value`: estimated when the steps were taken, one for each.
    - `advantage`: of the actions taken.
    - `target`: for the value.
    """

    rollout: Rollout
    value: Float[Array, "*samples"]
    advantage: Float[Array, "*samples"]
    target: Float[Array, "*samples"]


@dataclass(frozen=True)
class PPO(BaseOptimizer[Task]):
    """Proximal policy optimization.

    **Arguments:**

    - `updates`: of the whole run; each takes `environments * steps` steps.
    - `environments`: episodes under way at a time.
    - `steps`: of each episode in one update.
    - `epochs`: passes over the steps of an update.
    - `minibatches`: parts of a pass; they divide the steps of an update (with memory: the episodes) evenly.
    - `levels`: how many levels episodes begin in.
    - `fresh_levels`: draw those levels anew for each update; otherwise once for the run.
    - `time_limit`: steps after which an episode is truncated; its value goes on to be estimated (Pardo et al. 2018).
    - `learning_rate`: of Adam, at the start.
    - `schedule`: of the learning rate, one of `SCHEDULES`; it stays, or falls to 0 over the run.
    - `trace`: lambda of the advantage estimate, in [0, 1].
    - `clip`: how far the ratio of probabilities may leave 1 with profit, above 0.
    - `clip_values`: also keep values within `clip` of what they were.
    - `normalise_advantages`: to mean 0 and standard deviation 1 in each minibatch.
    - `entropy_weight`, `value_weight`: in the loss.
    - `gradient_norm`: that a gradient is clipped to.
    """

    updates: int = 100
    environments: int = 64
    steps: int = 128
    epochs: int = 4
    minibatches: int = 8
    levels: int = 256
    fresh_levels: bool = True
    time_limit: int = 128
    learning_rate: float = 1e-3
    schedule: str = "linear"
    trace: float = 0.95
    clip: float = 0.2
    clip_values: bool = False
    normalise_advantages: bool = True
    entropy_weight: float = 0.01
    value_weight: float = 0.5
    gradient_norm: float = 0.5

    name = "ppo"

    def __post_init__(self):
        counts = ("updates", "environments", "steps", "epochs", "minibatches", "levels", "time_limit")
        for field in counts:
            if getattr(self, field) < 1:
                raise TrainingError(f"{field}={getattr(self, field)} of PPO must be at least 1.")
        for field in ("learning_rate", "clip", "gradient_norm"):
            if not getattr(self, field) > 0:
                raise TrainingError(f"{field}={getattr(self, field)} of PPO must be above 0.")
        if not 0 <= self.trace <= 1:
            raise TrainingError(f"trace={self.trace} of PPO must be in [0, 1].")
        if self.schedule not in SCHEDULES:
            raise UnknownNameError("schedule of a learning rate", self.schedule, SCHEDULES)
        if self.samples % self.minibatches:
            raise TrainingError(
                f"{self.environments} environments x {self.steps} steps cannot be split into {self.minibatches} "
                "minibatches of equal size; choose numbers that divide."
            )

    @property
    def samples(self) -> int:
        """Environment steps in one update."""
        return self.environments * self.steps

    def transformation(self) -> optax.GradientTransformation:
        """Returns what turns gradients into changes of the parameters."""
        total = self.updates * self.epochs * self.minibatches
        schedules = {
            "constant": optax.constant_schedule(self.learning_rate),
            "linear": optax.linear_schedule(self.learning_rate, 0.0, total),
            "cosine": optax.cosine_decay_schedule(self.learning_rate, total),
        }
        steps = optax.chain(
            optax.clip_by_global_norm(self.gradient_norm), optax.adam(schedules[self.schedule], eps=1e-5)
        )
        # As one vector: a small network has more arrays than arithmetic.
        return optax.flatten(steps)

    def begin(self, task: Task, *, key: RandomKey) -> Learner:
        key_network, key_levels, key_positions = jax.random.split(key, 3)
        network = task.build(key=key_network)
        if blank_memory(network, 1) is not None and self.environments % self.minibatches:
            raise TrainingError(
                f"A network with memory learns from whole episodes: {self.environments} environments cannot be split "
                f"into {self.minibatches} minibatches of equal size; choose numbers that divide."
            )
        pool = self._pool(task, key=key_levels)
        noise = jax.random.uniform(key_positions, (self.environments, NOISE))
        positions = Environment(task.world, pool, self.time_limit).begin(noise)
        if self.fresh_levels:
            pool, positions = _hold(pool, positions)
        parameters = eqx.filter(network, eqx.is_array)
        progress = Progress(pool, positions, blank_memory(network, self.environments), jnp.float32(0))
        return Learner(parameters, self.transformation().init(parameters), progress)

    def update(
        self, task: Task, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        key_levels, key_steps, key_order = jax.random.split(key, 3)
        progress, network = learner.extra, task.assemble(learner.parameters)
        pool, held = progress.pool, 0
        if self.fresh_levels:
            pool, held = pool.join(self._pool(task, key=key_levels)), self.environments
        environment = Environment(task.world, pool, self.time_limit, held)
        positions, memory, rollout = roll_out(
            network, environment, progress.positions, progress.memory, steps=self.steps, key=key_steps
        )
        finished, transition = rollout.transition.finished, rollout.transition
        gained = jnp.where(
            finished.any(),
            (transition.gained * finished).sum() / jnp.maximum(finished.sum(), 1),
            progress.gained,
        )
        batch = self.batch(rollout)

        def descend(carry, choice):
            parameters, state = carry
            gradient, parts = jax.grad(self.loss, has_aux=True)(parameters, task, environment, _part(batch, choice))
            change, state = self.transformation().update(gradient, state, parameters)
            return (optax.apply_updates(parameters, change), state), parts

        choices = self._choices(rollout.memory is None, key=key_order)
        (parameters, state), parts = jax.lax.scan(descend, (learner.parameters, learner.optimizer), choices)
        if self.fresh_levels:
            pool, positions = _hold(pool, positions)
        metrics = {"return": gained, **{name: values.mean() for name, values in parts.items()}}
        return Learner(parameters, state, Progress(pool, positions, memory, gained)), metrics

    def batch(self, rollout: Rollout) -> Batch:
        """Returns a roll-out with its advantages and value targets."""
        transition = rollout.transition
        advantage = generalised_advantages(
            transition.reward, rollout.value, transition.discount, transition.counted, trace=self.trace
        )
        value = rollout.value[:-1]
        return Batch(rollout, value, advantage, advantage + value)

    def loss(
        self, parameters: PyTree, task: Task, environment: Environment, batch: Batch
    ) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
        """Returns the loss of a minibatch and its parts, which are also what is reported.

        **Arguments:**

        - `parameters`: of the network.
        - `task`: whose network it is.
        - `environment`: in which the steps were taken.
        - `batch`: from `batch`, or a part of it.
        """
        logits, value = reconsider(task.assemble(parameters), environment, batch.rollout)
        counted = batch.rollout.transition.counted
        share = counted / jnp.maximum(counted.sum(), 1)

        def mean(quantity):
            return (quantity * share).sum()

        advantage = batch.advantage
        if self.normalise_advantages:
            centred = advantage - mean(advantage)
            advantage = centred / (jnp.sqrt(mean(centred**2)) + 1e-8)
        difference = log_probabilities(logits, batch.rollout.action) - batch.rollout.log_probability
        ratio = jnp.exp(difference)
        kept = jnp.clip(ratio, 1 - self.clip, 1 + self.clip)
        policy_loss = -mean(jnp.minimum(ratio * advantage, kept * advantage))
        error = (value - batch.target) ** 2
        if self.clip_values:
            near = batch.value + jnp.clip(value - batch.value, -self.clip, self.clip)
            error = jnp.maximum(error, (near - batch.target) ** 2)
        value_loss = 0.5 * mean(error)
        log_policy = jax.nn.log_softmax(logits)
        entropy = -mean((jnp.exp(log_policy) * log_policy).sum(-1))
        loss = policy_loss + self.value_weight * value_loss - self.entropy_weight * entropy
        parts = {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            # Schulman's estimate, which is never negative.
            "divergence": mean(ratio - 1 - difference),
            "clipped": mean((jnp.abs(ratio - 1) > self.clip).astype(jnp.float32)),
        }
        return loss, parts

    def _pool(self, task: Task, *, key: RandomKey) -> Pool:
        levels = task.world.sample(key=key, distribution=task.distribution, count=self.levels)
        return make_pool(task.world, task.objectives, levels)

    def _choices(self, memoryless: bool, *, key: RandomKey) -> Int[Array, "minibatch chosen"]:
        """Returns which samples (with memory: which episodes) each minibatch of each epoch consists of."""
        count = self.samples if memoryless else self.environments
        order = _shuffled(self.epochs, count, key=key)
        return order.reshape(self.epochs * self.minibatches, count // self.minibatches)


def _part(batch: Batch, choice: Int[Array, " chosen"]) -> Batch:
    """Returns some samples of a batch in one axis, or with memory some episodes in the second."""
    rollout, steps = batch.rollout, batch.value.shape[0]
    per_step = Batch(
        eqx.tree_at(lambda r: (r.value, r.memory), rollout, (rollout.value[:steps], None), is_leaf=lambda x: x is None),
        batch.value,
        batch.advantage,
        batch.target,
    )
    if rollout.memory is None:
        return jax.tree.map(lambda leaf: leaf.reshape(-1)[choice], per_step)
    part = jax.tree.map(lambda leaf: leaf[:, choice], per_step)
    memory = jax.tree.map(lambda leaf: leaf[choice], rollout.memory)
    return eqx.tree_at(lambda b: b.rollout.memory, part, memory, is_leaf=lambda x: x is None)


def _hold(pool: Pool, positions: Positions) -> tuple[Pool, Positions]:
    """Returns the levels of the episodes under way, one for each, and the positions in them."""
    places = jnp.arange(positions.level.shape[0], dtype=positions.level.dtype)
    return pool.take(positions.level), eqx.tree_at(lambda p: p.level, positions, places)


def _shuffled(times: int, count: int, *, key: RandomKey) -> Int[Array, "times count"]:
    """Returns the numbers below `count` in random order, several times.

    One sort of random bits with the number itself in the low bits: an order of magnitude faster on a CPU than
    `jax.random.permutation`. Where the random bits of two numbers agree, the smaller comes first.
    """
    low = jnp.uint32((1 << max(1, (count - 1).bit_length())) - 1)
    bits = jax.random.bits(key, (times, count), jnp.uint32)
    return (jnp.sort((bits & ~low) | jnp.arange(count, dtype=jnp.uint32)) & low).astype(jnp.int32)


OPTIMIZER = PPO
