"""Exact policy gradient: the gradient of the exact value of a policy, averaged over sampled levels.

A level is a finite decision problem, so nothing has to be rolled out (`policy_gradient`). The only randomness left is
which levels are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import continuations, rewards
from mesascope.training.base_optimizer import Learner, Task, cosine
from mesascope.training.policy_gradient import GradientAscent, logits_in_every_state, surrogate


@dataclass(frozen=True)
class ExactGradient(GradientAscent):
    """Ascends the exact value of the policy with Adam on a cosine schedule.

    **Arguments:**

    - `updates`, `levels`, `learning_rate`, `clip`: as of `GradientAscent`.
    - `warm_up`: share of the updates in which the learning rate rises from 0, in [0, 1).
    - `entropy`: bonus per nat of the policy's entropy, weighed by visits like the value; falls with the learning rate.
    """

    updates: int = 400
    levels: int = 8
    learning_rate: float = 6e-3
    clip: float = 1.0
    warm_up: float = 0.02
    entropy: float = 0.0

    name = "exact-gradient"

    def __post_init__(self):
        if self.updates < 1 or self.levels < 1:
            raise UsageError(f"updates={self.updates} and levels={self.levels} must be 1 or more.")
        if self.learning_rate <= 0 or self.clip <= 0 or self.entropy < 0 or not 0 <= self.warm_up < 1:
            raise UsageError(
                "learning_rate and clip must be above 0, entropy 0 or more and warm_up in [0, 1); given: "
                f"learning_rate={self.learning_rate}, clip={self.clip}, entropy={self.entropy}, warm_up={self.warm_up}."
            )

    def schedule(self, index: Int[Array, ""]) -> Float[Array, ""]:
        """Returns the share of the learning rate that is used in an update, in [0, 1]."""
        rise = max(1.0, self.warm_up * self.updates)
        return jnp.minimum(1.0, (index + 1) / rise) * cosine(index, self.updates)

    def update(
        self, task: Task, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        level = task.world.sample(key=key, distribution=task.distribution, count=self.levels)
        reward, continuation = rewards(task.objectives, level)[..., 0], continuations(task.objectives, level)[..., 0]
        share = self.schedule(index)

        def loss(parameters):
            logits = logits_in_every_state(task.assemble(parameters), level, task.world)
            worth, value = surrogate(logits, level, reward, continuation, self.entropy * share)
            return -worth, value

        (_, value), gradient = jax.value_and_grad(loss, has_aux=True)(learner.parameters)
        metrics = {"return": value, "gradient norm": optax.tree.norm(gradient)}
        return self.stepped(learner, gradient, share), metrics


OPTIMIZER = ExactGradient
