"""Gradient through the episode: how networks come to learn within it where answers are numbers.

What a network answers changes what it will see, and what it remembers changes what it will answer; both are followed
back to its weights, through the whole episode or through a few steps of it at a time (Andrychowicz et al. 2016, §2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import RandomKey
from mesascope.training.base_optimizer import Learner, cosine
from mesascope.training.descent import Descent
from mesascope.training.stream_task import StreamTask, begin_episodes, counts, go_on


@dataclass(frozen=True)
class UnrolledGradient(Descent[StreamTask]):
    """Ascends what whole episodes are worth under the base objective, with Adam.

    **Arguments:**

    - `updates`: how many.
    - `episodes`: of fresh tasks in each update.
    - `learning_rate`: at the start; it falls to 0 along a cosine.
    - `clip`: largest norm of a gradient.
    - `truncation`: steps that a gradient is followed back, which divide an episode's; each such part of an episode is
      an update. 0: an update is a whole episode, and its gradient exact.
    - `horizons`: lengths of the episodes, one after the other for equally many updates; the whole ones always come
      last. What early steps need is learned before later ones ask for more. Not beside `truncation`.
    """

    updates: int = 2000
    episodes: int = 128
    learning_rate: float = 2e-3
    clip: float = 1.0
    truncation: int = 0
    horizons: tuple[int, ...] = ()

    name = "unrolled-gradient"

    def __post_init__(self):
        if self.updates < 1 or self.episodes < 1 or self.truncation < 0:
            raise UsageError(
                f"updates={self.updates} and episodes={self.episodes} must be 1 or more, truncation={self.truncation} "
                "0 or more."
            )
        if not (self.learning_rate > 0 and self.clip > 0):
            raise UsageError(f"learning_rate={self.learning_rate} and clip={self.clip} must be above 0.")
        if any(one < 1 for one in self.horizons) or (self.horizons and self.truncation):
            raise UsageError(
                f"horizons={self.horizons} must each be 1 or more, and do not go with truncation={self.truncation}: "
                "parts of episodes go on where the last ones ended. Leave one of them out."
            )

    def begin(self, task: StreamTask, *, key: RandomKey) -> Learner:
        check_truncation(self.truncation, task)
        if any(one <= min(task.stream.counted) for one in self.horizons):
            raise TrainingError(
                f"horizons={self.horizons}: the first answer that counts in '{task.stream.name}' is number "
                f"{min(task.stream.counted) + 1}, so shorter episodes teach nothing. Choose longer ones."
            )
        key_network, key_episodes = jax.random.split(key)
        learner = super().begin(task, key=key_network)
        if not self.truncation:
            return learner
        network = task.assemble(learner.parameters)
        begun = begin_episodes(task.stream, network, episodes=self.episodes, key=key_episodes)
        return Learner(learner.parameters, learner.optimizer, begun)

    def update(
        self, task: StreamTask, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        lengths = (*(min(one, task.stream.steps) for one in self.horizons), self.truncation or task.stream.steps)
        parts = [lambda key, length=length: self._gradient(task, learner, index, length, key) for length in lengths]
        part = jnp.minimum(index * len(lengths) // self.updates, len(lengths) - 1)
        gradient, stands, worth = parts[0](key) if len(parts) == 1 else jax.lax.switch(part, parts, key)
        stepped = self.stepped(learner, gradient, cosine(index, self.updates))
        metrics = {"return": worth, "gradient norm": optax.tree.norm(gradient)}
        return Learner(stepped.parameters, stepped.optimizer, stands), metrics

    def _gradient(self, task: StreamTask, learner: Learner, index: Int[Array, ""], steps: int, key: RandomKey) -> Any:
        """Returns the gradient of a loss by the parameters, where parts of episodes stand, and what was earned."""
        key_begin, key_steps = jax.random.split(key)
        network = task.assemble(learner.parameters)
        begun = begin_episodes(task.stream, network, episodes=self.episodes, key=key_begin)
        weights = counts(task.stream)[:steps]
        if self.truncation:
            over, weights = part_of_episode(task, index, steps)
            begun = jax.tree.map(lambda new, old: jnp.where(over, new, old), begun, learner.extra)

        def loss(parameters):
            stands, lived = go_on(task.stream, task.assemble(parameters), begun, steps=steps, key=key_steps)
            worth = (lived.signals[..., 0] * weights).sum(-1).mean()
            # Of the order of one step's, however many count.
            return -worth / jnp.maximum(weights.sum(), 1), (worth, stands if self.truncation else None)

        (_, (worth, stands)), gradient = jax.value_and_grad(loss, has_aux=True)(learner.parameters)
        return gradient, stands, worth


def check_truncation(truncation: int, task: StreamTask) -> None:
    """Raises `TrainingError` unless answers are numbers and parts of so many steps make up an episode."""
    if task.stream.actions:
        raise TrainingError(
            f"Stream '{task.stream.name}' asks for actions, and no gradient passes through a choice. Train by "
            "actor-critic (ActorCritic)."
        )
    if truncation and task.stream.steps % truncation:
        raise TrainingError(
            f"truncation={truncation} does not divide the {task.stream.steps} steps of an episode of "
            f"'{task.stream.name}'. Choose one that does, or 0 for whole episodes."
        )


def part_of_episode(
    task: StreamTask, index: Int[Array, ""], truncation: int
) -> tuple[Bool[Array, ""], Float[Array, " truncation"]]:
    """Returns where an update stands that lives a part of an episode.

    **Arguments:**

    - `task`: what is learned.
    - `index`: of the update.
    - `truncation`: steps of a part.

    **Returns:** whether an episode begins with it, and which of its steps count, 1 or 0.
    """
    part = index % (task.stream.steps // truncation)
    return part == 0, jax.lax.dynamic_slice(counts(task.stream), (part * truncation,), (truncation,))
