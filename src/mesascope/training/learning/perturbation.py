"""Evolution strategies on streams, also on parts of episodes: what is earned by perturbed weights says where to go.

Where an update sees a part of an episode alone, the influence of weights on what comes later would be missed.
Persistent evolution strategies (Vicol et al. 2021) add up the perturbations that each particle had since its episode
began, and are unbiased all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.training.base_optimizer import Learner, cosine
from mesascope.training.descent import Descent
from mesascope.training.learning.unrolled_gradient import check_truncation, part_of_episode
from mesascope.training.stream_task import Begun, StreamTask, begin_episodes, go_on


class Particles(eqx.Module):
    """Where pairs of mirrored particles stand; every array has a leading axis of pairs.

    **Arguments:**

    - `above`, `below`: episodes of those whose weights are perturbed one way, and the other.
    - `moved`: sum of the perturbations since their episodes began.
    """

    above: Begun
    below: Begun
    moved: Float[Array, "pairs parameters"]


@dataclass(frozen=True)
class Perturbation(Descent[StreamTask]):
    """Ascends what episodes are worth by mirrored perturbations of all weights, with Adam.

    **Arguments:**

    - `updates`: how many.
    - `pairs`: of mirrored particles, at least 2; both of a pair meet the same tasks and chances.
    - `episodes`: of each particle.
    - `spread`: standard deviation of a perturbation, above 0.
    - `learning_rate`: at the start; it falls to 0 along a cosine.
    - `clip`: largest norm of an estimated gradient.
    - `truncation`: steps of an update, which divide those of an episode; 0: all of them.
    - `persistent`: whether perturbations add up over an episode. Without that, short-sighted evolution strategies.
    """

    updates: int = 1000
    pairs: int = 16
    episodes: int = 4
    spread: float = 0.02
    learning_rate: float = 5e-3
    clip: float = 1.0
    truncation: int = 0
    persistent: bool = True

    name = "perturbation"

    def __post_init__(self):
        if self.updates < 1 or self.pairs < 2 or self.episodes < 1 or self.truncation < 0:
            raise UsageError(
                f"updates={self.updates} and episodes={self.episodes} must be 1 or more, pairs={self.pairs} 2 or more, "
                f"truncation={self.truncation} 0 or more."
            )
        if not (self.spread > 0 and self.learning_rate > 0 and self.clip > 0):
            raise UsageError(
                f"spread={self.spread}, learning_rate={self.learning_rate} and clip={self.clip} must be above 0."
            )

    def begin(self, task: StreamTask, *, key: RandomKey) -> Learner:
        check_truncation(self.truncation, task)
        key_network, key_particles = jax.random.split(key)
        learner = super().begin(task, key=key_network)
        return Learner(learner.parameters, learner.optimizer, self._fresh(task, learner.parameters, key_particles))

    def _fresh(self, task: StreamTask, parameters: Any, key: RandomKey) -> Particles:
        network, size = task.assemble(parameters), ravel_pytree(parameters)[0].size
        begun = jax.vmap(lambda key: begin_episodes(task.stream, network, episodes=self.episodes, key=key))(
            jax.random.split(key, self.pairs)
        )
        return Particles(begun, begun, jnp.zeros((self.pairs, size)))

    def update(
        self, task: StreamTask, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        particles, slope, worth = self.estimate(task, learner, index, key=key)
        stepped = self.stepped(learner, jax.tree.map(jnp.negative, slope), cosine(index, self.updates))
        metrics = {"return": worth, "gradient norm": optax.tree.norm(slope)}
        return Learner(stepped.parameters, stepped.optimizer, particles), metrics

    def estimate(
        self, task: StreamTask, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Particles, Any, Float[Array, ""]]:
        """Returns where particles stand after an update, the estimated gradient of what its steps are worth on average,
        and that worth, summed over them.

        **Arguments:** as of `update`.
        """
        key_begin, key_noise, key_steps = jax.random.split(key, 3)
        flat, unravel = ravel_pytree(learner.parameters)
        steps = self.truncation or task.stream.steps
        over, weights = part_of_episode(task, index, steps)
        fresh = self._fresh(task, learner.parameters, key_begin)
        particles = jax.tree.map(lambda new, old: jnp.where(over, new, old), fresh, learner.extra)
        noise = self.spread * jax.random.normal(key_noise, particles.moved.shape)
        moved = particles.moved + noise

        def lived(begun, vector, key):
            stands, lived = go_on(task.stream, task.assemble(unravel(vector)), begun, steps=steps, key=key)
            return stands, (lived.signals[..., 0] * weights).sum(-1).mean()

        keys = jax.random.split(key_steps, self.pairs)
        above, more = jax.vmap(lived)(particles.above, flat + noise, keys)
        below, less = jax.vmap(lived)(particles.below, flat - noise, keys)
        carried = moved if self.persistent else noise
        slope = ((more - less) @ carried) / (2 * self.pairs * self.spread**2) / jnp.maximum(weights.sum(), 1)
        return Particles(above, below, moved), unravel(slope), (more.mean() + less.mean()) / 2
