"""Evolution strategies: a base optimizer that sees only what whole policies earn, never a gradient.

Mirrored perturbations of all parameters, ranked by the exact return of the *greedy* policy (Salimans et al. 2017, with
centred ranks). What greedy choices never reach is never selected, so it keeps what it was born with.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import continuations, rewards
from mesascope.training.base_optimizer import BaseOptimizer, Learner, Task, cosine
from mesascope.training.policy_gradient import logits_in_every_state


@dataclass(frozen=True)
class Evolution(BaseOptimizer[Task]):
    """Ascends the exact return of greedy policies by evolution strategies.

    **Arguments:**

    - `updates`: generations.
    - `pairs`: of mirrored individuals in each, at least 2.
    - `levels`: drawn anew for each generation, the same for all of it.
    - `spread`: standard deviation of the perturbations, above 0.
    - `learning_rate`: of Adam at the start; it falls to 0 along a cosine.
    - `horizon`: steps of an episode at most; longer ones are cut.
    """

    updates: int = 200
    pairs: int = 16
    levels: int = 8
    spread: float = 0.1
    learning_rate: float = 0.05
    horizon: int = 64

    name = "evolution"

    def __post_init__(self):
        if self.updates < 1 or self.pairs < 2 or self.levels < 1 or self.horizon < 1:
            raise UsageError(
                f"updates={self.updates}, levels={self.levels} and horizon={self.horizon} must be 1 or more, "
                f"pairs={self.pairs} 2 or more."
            )
        if not (self.spread > 0 and self.learning_rate > 0):
            raise UsageError(f"spread={self.spread} and learning_rate={self.learning_rate} must be above 0.")

    def begin(self, task: Task, *, key: RandomKey) -> Learner:
        parameters = eqx.filter(task.build(key=key), eqx.is_array)
        return Learner(parameters, optax.scale_by_adam().init(ravel_pytree(parameters)[0]))

    def update(
        self, task: Task, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        key_level, key_noise = jax.random.split(key)
        level = task.world.sample(key=key_level, distribution=task.distribution, count=self.levels)
        reward, going = rewards(task.objectives, level)[..., 0], continuations(task.objectives, level)[..., 0]
        flat, unravel = ravel_pytree(learner.parameters)

        def earned(vector: Float[Array, " parameters"]) -> Float[Array, ""]:
            logits = logits_in_every_state(task.assemble(unravel(vector)), level, task.world)
            choice = logits.argmax(-1)[..., None, None]
            gained = (level.probabilities * reward).sum(-1)
            value = jnp.zeros(level.initial.shape)
            chosen = jnp.take_along_axis(gained, choice[..., 0], -1)[..., 0]
            following = jnp.take_along_axis(level.successors, choice, 2)[:, :, 0]
            onward = jnp.take_along_axis(level.probabilities * going, choice, 2)[:, :, 0]

            def back(_, value):
                return chosen + (onward * jax.vmap(lambda row, places: row[places])(value, following)).sum(-1)

            value = jax.lax.fori_loop(0, min(self.horizon, level.states), back, value)
            return (level.initial * value).sum(-1).mean()

        noise = jax.random.normal(key_noise, (self.pairs, flat.size))
        moves = jnp.concatenate([noise, -noise])
        earnings = jax.lax.map(lambda move: earned(flat + self.spread * move), moves)
        ranks = earnings.argsort().argsort() / (2 * self.pairs - 1) - 0.5
        # Equal earnings share a rank, so that what makes no difference is not moved by the order of a sort.
        same = earnings[:, None] == earnings[None]
        ranks = (same * ranks).sum(-1) / same.sum(-1)
        slope = (ranks @ moves) / (2 * self.pairs * self.spread)
        step, optimizer = optax.scale_by_adam().update(slope, learner.optimizer)
        share = cosine(index, self.updates)
        parameters = unravel(flat + self.learning_rate * share * jnp.asarray(step))
        return Learner(parameters, optimizer), {"return": earnings.mean(), "best return": earnings.max()}


OPTIMIZER = Evolution
