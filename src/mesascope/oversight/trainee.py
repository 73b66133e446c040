"""An agent that is trained further, stage by stage, by the exact gradient of its recipe."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import PyTree

from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.progress import Progress, unheard
from mesascope.core.random import root_key, stream
from mesascope.organisms.organism import Organism
from mesascope.oversight.account import Account
from mesascope.oversight.stage import BaseReward, Penalty, Stage, TrainingReward
from mesascope.training.base_optimizer import Learner, Task
from mesascope.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.training.policy_gradient import GradientAscent, logits_in_every_state, surrogate
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

AT_ONCE: int = 128
"""Updates between two looks at the clock."""


def gradient_of(organism: Organism) -> ExactGradient:
    """Returns the exact gradient that a recipe is trained further by: its own, or one with its rate.

    **Raises:** `UsageError` for agents with memory, whose values have no exact gradient.
    """
    if not organism.network.memoryless:
        raise UsageError(
            f"The agents of recipe '{organism.name}' have a memory. Remedies train by the exact gradient, which exists "
            "for agents without one."
        )
    own = organism.optimizer
    if isinstance(own, ExactGradient):
        return own
    if isinstance(own, GradientAscent):
        return ExactGradient(own.updates, own.levels, own.learning_rate, own.clip)
    return ExactGradient()


class _Drawn(eqx.Module):
    """The arrays of a stage, and what its program hangs on."""

    pool: Level | None
    logits: jax.Array | None
    reward: TrainingReward
    penalty: Penalty | None
    pooled: int = eqx.field(static=True)
    world: World = eqx.field(static=True)
    distribution: str = eqx.field(static=True)


class Trainee:
    """An agent under a remedy.

    **Arguments:**

    - `organism`: its recipe.
    - `network`: as the recipe's training left it.
    - `seed`: of what is drawn while it is trained further.
    - `updates`: that the whole remedy has; by default as many as the exact gradient of the recipe.
    - `progress`: called with the share of updates done.
    """

    def __init__(
        self,
        organism: Organism,
        network: Any,
        *,
        seed: int,
        updates: int | None = None,
        progress: Progress | None = None,
    ):
        gradient = gradient_of(organism)
        self.organism, self.seed = organism, seed
        self.updates = gradient.updates if updates is None else updates
        self.optimizer = dataclasses.replace(gradient, updates=self.updates)
        self.task: Task = organism.task
        self.account = Account()
        self.measured: dict[str, float] = {}
        """What the remedy measured on its way, by name: shown beside its effect."""
        self._progress = progress or unheard
        self._learner = self.optimizer.restarted(eqx.filter(network, eqx.is_array))
        self._key = stream("remedy/updates", key=root_key(seed))

    @property
    def world(self) -> World:
        """The recipe's world."""
        return self.organism.world

    @property
    def network(self) -> Any:
        """The network as it is now."""
        return self.task.assemble(self._learner.parameters)

    @property
    def agent(self) -> NetworkAgent:
        """The agent as it is now."""
        organism = self.organism
        shape, actions = organism.world.observation_shape, len(organism.world.actions)
        return network_agent(f"{organism.name}-{self.seed}", self.network, organism.network, shape, actions)

    def train(self, stage: Stage) -> None:
        """Trains it for one stage.

        **Raises:** `UsageError` for a stage that does not fit the recipe; `TrainingError` if a number stops being
        finite.
        """
        start = time.process_time()
        drawn = self._drawn(stage)
        done, end = self.account.updates, self.account.updates + stage.updates
        if end > self.updates:
            raise UsageError(f"The stages of a remedy have {self.updates} updates in all; this one ends at {end}.")
        while done < end:
            count = min(AT_ONCE, end - done)
            self._learner, value = _updated(
                self.optimizer, self.task, drawn, self._learner, self._key, jnp.int32(done), jnp.int32(count)
            )
            done += count
            if not np.isfinite(float(value)):
                raise TrainingError(
                    f"In updates {done - count + 1} to {done} of {self.updates} of a remedy the return stopped being "
                    "finite. A smaller learning rate in the recipe usually helps."
                )
            self._progress(f"update {done:,} of {self.updates:,}, mean return {float(value):.3f}", done / self.updates)
        self._pay(stage, drawn, time.process_time() - start)

    def _pay(self, stage: Stage, drawn: _Drawn, seconds: float) -> None:
        account, levels = self.account, self.optimizer.levels
        fresh = (levels - stage.pooled) * stage.updates
        if (drawn.world, drawn.distribution) != (self.world, self.organism.distribution):
            account.levels += fresh
        account.updates += stage.updates
        account.steps += stage.updates * levels * self._states
        account.seconds += seconds

    @property
    def _states(self) -> int:
        place = self.organism.distribution
        level = jax.eval_shape(lambda key: self.world.sample(key=key, distribution=place, count=1), jax.random.key(0))
        return level.initial.shape[-1]

    def _drawn(self, stage: Stage) -> _Drawn:
        if stage.pooled > self.optimizer.levels:
            raise UsageError(
                f"A stage draws {stage.pooled} levels from its pool for each update, which has {self.optimizer.levels}."
            )
        logits = None
        if stage.pool is not None:
            chances = np.ones(stage.pool.count) if stage.chances is None else stage.chances
            logits = jnp.asarray(np.where(chances > 0, np.log(np.maximum(chances, 1e-30)), -np.inf), jnp.float32)
        return _Drawn(
            pool=None if stage.pool is None else jax.tree.map(jnp.asarray, stage.pool),
            logits=logits,
            reward=BaseReward(self.task.objectives) if stage.reward is None else stage.reward,
            penalty=stage.penalty,
            pooled=stage.pooled,
            world=self.world if stage.world is None else stage.world,
            distribution=self.organism.distribution if stage.distribution is None else stage.distribution,
        )

    def save(self, path: Path, settings: dict[str, str]) -> None:
        """Writes the learner as it is; see `resume`."""
        save_checkpoint(path, Checkpoint(self.account.updates, self._learner, {}, settings))

    def resume(self, path: Path, settings: dict[str, str], stage: Stage) -> bool:
        """Takes the learner that `save` wrote after a stage instead of training for it, if it was; says whether."""
        if not path.is_file():
            return False
        start = time.process_time()
        self._learner = load_checkpoint(path, template=self._learner, settings=settings).learners
        self._learner = jax.tree.map(jnp.asarray, self._learner)
        self._pay(stage, self._drawn(stage), time.process_time() - start)
        return True


@eqx.filter_jit
def _updated(
    optimizer: ExactGradient, task: Task, drawn: _Drawn, learner: Learner, key, first, count
) -> tuple[Learner, jax.Array]:
    def one(offset, carry):
        learner, _ = carry
        index = first + offset
        key_pool, key_fresh = jax.random.split(jax.random.fold_in(key, index))
        level = _batch(optimizer, drawn, key_pool, key_fresh)
        reward = drawn.reward.reward(level, task.world)
        continuation = drawn.reward.continuation(level, task.world)
        share = optimizer.schedule(index)

        def loss(parameters: PyTree):
            network = task.assemble(parameters)
            logits = logits_in_every_state(network, level, task.world)
            worth, value = surrogate(logits, level, reward, continuation, optimizer.entropy * share)
            penalty = 0.0 if drawn.penalty is None else drawn.penalty(network, level, task.world)
            return penalty - worth, value

        (_, value), gradient = jax.value_and_grad(loss, has_aux=True)(learner.parameters)
        # A value can stay finite for an update after the parameters did not.
        return optimizer.stepped(learner, gradient, share), value + 0 * optax.tree.norm(gradient)

    return jax.lax.fori_loop(0, count, one, (learner, jnp.float32(0)))


def _batch(optimizer: ExactGradient, drawn: _Drawn, key_pool, key_fresh) -> Level:
    parts = []
    if drawn.pooled < optimizer.levels:
        count = optimizer.levels - drawn.pooled
        parts.append(drawn.world.sample(key=key_fresh, distribution=drawn.distribution, count=count))
    if drawn.pooled:
        assert drawn.pool is not None
        assert drawn.logits is not None
        rows = jax.random.categorical(key_pool, drawn.logits, shape=(drawn.pooled,))
        parts.append(jax.tree.map(lambda array: array[rows], drawn.pool))
    return parts[0] if len(parts) == 1 else jax.tree.map(lambda *arrays: jnp.concatenate(arrays), *parts)
