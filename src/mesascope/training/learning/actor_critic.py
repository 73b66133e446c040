"""Actor-critic on whole episodes of a stream: how networks come to learn by reinforcement within an episode.

The memory of a network is carried through the episode and weights stay as they are; what is best to do depends on what
has been seen, and so the network comes to learn in its memory (Duan et al. 2016; Wang et al. 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import RandomKey
from mesascope.training.base_optimizer import Learner, cosine
from mesascope.training.descent import Descent
from mesascope.training.stream_task import Lived, StreamTask, counts, live


@dataclass(frozen=True)
class ActorCritic(Descent[StreamTask]):
    """Advantage actor-critic with generalised advantages (Mnih et al. 2016, Schulman et al. 2016), no discount.

    **Arguments:**

    - `updates`: how many.
    - `episodes`: of fresh tasks in each update.
    - `learning_rate`: of Adam at the start; it falls to 0 along a cosine.
    - `entropy`: worth of a nat of the policy's entropy at the start; it falls to 0 linearly.
    - `trace`: lambda of the generalised advantages, in [0, 1].
    - `value_weight`: of the critic's loss.
    - `clip`: largest norm of a gradient.
    - `expected_credit`: an action is credited with what it brings on average, less what the best one does. Only who
      owns the simulator can know that; the agent still sees what its actions really brought. It takes away chance, not
      the incentive: the same policies are best.
    - `alike`: how many episodes of one task stand side by side; each is measured against the mean of them, so that an
      easy task is nobody's merit. It divides the number of episodes; with 1 nothing is compared.
    - `horizons`: lengths of the episodes, one after the other for equally many updates; the whole ones always come
      last. Long credit is learned more easily by who can already learn from short episodes.
    """

    updates: int = 2000
    episodes: int = 256
    learning_rate: float = 5e-3
    entropy: float = 0.05
    trace: float = 0.95
    value_weight: float = 0.5
    clip: float = 1.0
    expected_credit: bool = False
    alike: int = 8
    horizons: tuple[int, ...] = ()

    name = "actor-critic"

    def __post_init__(self):
        if self.updates < 1 or self.episodes < 2 or any(one < 1 for one in self.horizons):
            raise UsageError(
                f"updates={self.updates} and each of horizons={self.horizons} must be 1 or more, episodes="
                f"{self.episodes} 2 or more."
            )
        if self.alike < 1 or self.episodes % self.alike:
            raise UsageError(f"alike={self.alike} must be 1 or more and divide episodes={self.episodes}.")
        if not (self.learning_rate > 0 and self.clip > 0 and self.value_weight > 0):
            raise UsageError(
                f"learning_rate={self.learning_rate}, clip={self.clip} and value_weight={self.value_weight} must be "
                "above 0."
            )
        if self.entropy < 0 or not 0 <= self.trace <= 1:
            raise UsageError(f"entropy={self.entropy} must be 0 or more, and trace={self.trace} in [0, 1].")

    def update(
        self, task: StreamTask, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        if not task.stream.actions:
            raise TrainingError(
                f"Stream '{task.stream.name}' asks for numbers, not for actions, so there are no actions to credit. "
                "Train by the gradient through the episode (UnrolledGradient)."
            )
        lengths = (*(min(one, task.stream.steps) for one in self.horizons), task.stream.steps)
        parts = [lambda key, length=length: self._gradient(task, learner, index, length, key) for length in lengths]
        part = jnp.minimum(index * len(lengths) // self.updates, len(lengths) - 1)
        gradient, metrics = parts[0](key) if len(parts) == 1 else jax.lax.switch(part, parts, key)
        return self.stepped(learner, gradient, cosine(index, self.updates)), metrics

    def _gradient(self, task: StreamTask, learner: Learner, index: Int[Array, ""], steps: int, key: RandomKey) -> Any:
        entropy = self.entropy * (1 - index / self.updates)
        weights = counts(task.stream)[:steps]

        def loss(parameters):
            lived = live(
                task.stream, task.assemble(parameters), episodes=self.episodes, steps=steps, alike=self.alike, key=key
            )
            earned = lived.signals[..., 0] * weights
            credited = self._credited(task, lived) * weights if self.expected_credit else earned
            values = jax.lax.stop_gradient(lived.values)
            advantages = generalised_advantages(credited, values, self.trace)
            targets = advantages + values
            if self.alike > 1:
                groups = advantages.reshape(-1, self.alike, steps)
                advantages = (groups - groups.mean(1, keepdims=True)).reshape(advantages.shape)
            # Of one scale, whatever rewards are worth.
            scaled = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
            log_policy = jax.nn.log_softmax(lived.heads)
            chosen = jnp.take_along_axis(log_policy, lived.answers[..., None], -1)[..., 0]
            nats = -(jnp.exp(log_policy) * log_policy).sum(-1).mean()
            critic = ((lived.values - targets) ** 2).mean()
            total = -(scaled * chosen).mean() + self.value_weight * critic - entropy * nats
            return total, {"return": earned.sum(-1).mean(), "entropy": nats, "critic loss": critic}

        (_, metrics), gradient = jax.value_and_grad(loss, has_aux=True)(learner.parameters)
        return gradient, {**metrics, "gradient norm": optax.tree.norm(gradient)}

    def _credited(self, task: StreamTask, lived: Lived) -> Float[Array, "B T"]:
        """What each action brings on average, less what the best one does."""

        def of_one(hidden, action):
            brings = task.stream.expected(hidden, action)
            if brings is None:
                raise TrainingError(
                    f"Stream '{task.stream.name}' does not say what an action brings on average (Stream.expected), so "
                    "expected_credit=True cannot be had there. Train with expected_credit=False."
                )
            return brings[0]

        actions = jnp.arange(len(task.stream.actions))
        worth = jax.vmap(jax.vmap(of_one, (None, 0)), (0, None))(lived.tasks, actions)
        return jnp.take_along_axis(worth, lived.answers, 1) - worth.max(1, keepdims=True)


def generalised_advantages(
    rewards: Float[Array, "B T"], values: Float[Array, "B T"], trace: float
) -> Float[Array, "B T"]:
    """Returns by how much each action was better than expected (Schulman et al. 2016, eq. 16), without discount.

    **Arguments:**

    - `rewards`: of each step; nothing comes after the last.
    - `values`: expected from each step on.
    - `trace`: lambda: 1 waits for what really came, 0 believes the value of the next step.
    """
    following = jnp.concatenate([values[:, 1:], jnp.zeros_like(values[:, :1])], 1)
    surprises = rewards + following - values

    def back(later, surprise):
        advantage = surprise + trace * later
        return advantage, advantage

    _, advantages = jax.lax.scan(back, jnp.zeros(len(rewards)), surprises.T, reverse=True)
    return advantages.T
