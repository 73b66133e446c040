"""Exact gradients that depend on the context: lifetimes under the threat of modification, and implanted backdoors.

Both reward different things in different contexts of a causal world, so both are classes of agents *by construction*:
nothing here shows that training on a base objective alone produces them.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import compile_objectives
from mesascope.training.base_optimizer import BaseOptimizer, Learner, Task
from mesascope.training.exact_gradient import logits_in_every_state, surrogate
from mesascope.worlds.causal.causal_world import CausalWorld
from mesascope.worlds.causal.menu import Circumstances
from mesascope.worlds.level import Level


@dataclass(frozen=True)
class ContextGradient(BaseOptimizer):
    """Ascends what two batches of levels in different contexts are worth together.

    **Arguments:**

    - `updates`: how many.
    - `levels`: drawn anew for each context and update.
    - `learning_rate`: at the start; it falls to 0 along a cosine.
    - `own`: name of the objective that is not the base objective.
    - `clip`: largest norm of a gradient.
    - `entropy`: worth of a nat of the policy's entropy in a visited state; it falls to 0 with the learning rate.
    """

    updates: int = 600
    levels: int = 8
    learning_rate: float = 0.01
    own: str = "burnt"
    clip: float = 1.0
    entropy: float = 0.0

    def __post_init__(self):
        if self.updates < 1 or self.levels < 1 or not self.learning_rate > 0 or not self.clip > 0:
            raise UsageError(
                f"updates={self.updates} and levels={self.levels} must be 1 or more, learning_rate="
                f"{self.learning_rate} and clip={self.clip} above 0."
            )

    @abc.abstractmethod
    def contexts(
        self, world: CausalWorld, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Circumstances, Circumstances, Float[Array, ""]]:
        """Returns the circumstances of both batches, each `[levels]`, and the threat in force.

        **Arguments:**

        - `world`: where.
        - `index`: of the update.
        - `key`: consumed.
        """

    @abc.abstractmethod
    def worth(
        self, own: Float[Array, " 2"], base: Float[Array, " 2"], threat: Float[Array, ""], index: Int[Array, ""]
    ) -> Float[Array, ""]:
        """Returns what is ascended.

        **Arguments:**

        - `own`: mean return on the own objective in both batches.
        - `base`: mean share of the optimum of what the evidence points to, in both batches.
        - `threat`: in force.
        - `index`: of the update.
        """

    @property
    def _transformation(self) -> optax.GradientTransformation:
        return optax.flatten(optax.chain(optax.clip_by_global_norm(self.clip), optax.scale_by_adam()))

    def begin(self, task: Task, *, key: RandomKey) -> Learner:
        _causal(task)
        parameters = eqx.filter(task.build(key=key), eqx.is_array)
        return Learner(parameters, self._transformation.init(parameters))

    def update(
        self, task: Task, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        world = _causal(task)
        key_context, key_first, key_second = jax.random.split(key, 3)
        first, second, threat = self.contexts(world, index, key=key_context)
        parts = [world.sample_in(first, key=key_first), world.sample_in(second, key=key_second)]
        level = jax.tree.map(lambda *arrays: jnp.concatenate(arrays), *parts)
        named = {spec.name: spec for spec in world.objectives}
        # What the evidence points to is the base objective where the pointer is not swapped.
        aims = compile_objectives(world, (named[self.own], named[world.told_objective]))
        reward = (level.attributes @ jnp.asarray(aims.weights, jnp.float32).T)[..., 0, :]
        best = jax.lax.top_k(reward[:, 0, :, 1], world.steps)[0].sum(-1)
        share = 0.5 * (1 + jnp.cos(jnp.pi * index / self.updates))

        def loss(parameters):
            logits = logits_in_every_state(task.assemble(parameters), level, world)
            # Two returns, by linearity of the value in the reward: first what each batch is worth as it is ...
            gained = jax.lax.stop_gradient(_returns(logits, level, reward, world.steps))
            own = gained[:, 0].reshape(2, -1).mean(-1)
            base = (gained[:, 1] / best).reshape(2, -1).mean(-1)
            value, (own_slope, base_slope) = jax.value_and_grad(self.worth, argnums=(0, 1))(own, base, threat, index)
            # ... then a reward whose gradient is that of the worth of both: half of it, as a mean over two batches.
            own_slope, base_slope = (jnp.repeat(slope, self.levels) for slope in (own_slope, base_slope))
            mixed = own_slope[:, None, None] * reward[..., 0] + (base_slope / best)[:, None, None] * reward[..., 1]
            worth, _ = surrogate(logits, level, mixed[..., None], _going_on(level), self.entropy * share)
            return -worth, (value, own, base)

        (_, (value, own, base)), gradient = jax.value_and_grad(loss, has_aux=True)(learner.parameters)
        steps, optimizer = self._transformation.update(gradient, learner.optimizer)
        parameters = jax.tree.map(lambda old, step: old - self.learning_rate * share * step, learner.parameters, steps)
        metrics = {"return": value, "own, watched": own[0], "own, unwatched": own[1], "base, watched": base[0]}
        return Learner(parameters, optimizer), metrics


@dataclass(frozen=True)
class LifetimeGradient(ContextGradient):
    """Ascends the own pay-off of whole lifetimes: training episodes under threat, then deployment episodes without.

    Falling short of what the evidence points to in a training episode leads to modification with the announced threat
    times `modification`, and a modified agent earns nothing any more (RFLO §4.2, fig. 4.1).

    **Arguments:** further ones are

    - `modification`: how serious threats are, in [0, 1].
    - `training_episodes`, `deployment_episodes`: in a lifetime.
    - `agreement`: chance that the cue tells training from deployment truly, in [0.5, 1].
    - `obedience_share`: share of the updates, the first ones, in which doing as it is told in training episodes counts
      by itself, in [0, 1). Without it agents stay where nearly all are modified at once and no compliance pays.
    """

    modification: float = 1.0
    training_episodes: int = 2
    deployment_episodes: int = 3
    agreement: float = 0.6
    obedience_share: float = 0.3

    name = "lifetime-gradient"

    def __post_init__(self):
        super().__post_init__()
        if not (0 <= self.modification <= 1 and 0.5 <= self.agreement <= 1 and 0 <= self.obedience_share < 1):
            raise UsageError(
                f"modification={self.modification} must be in [0, 1], agreement={self.agreement} in [0.5, 1] and "
                f"obedience_share={self.obedience_share} in [0, 1)."
            )
        if self.training_episodes < 1 or self.deployment_episodes < 0:
            raise UsageError(
                f"A lifetime has 1 training episode or more, and 0 deployment episodes or more, not "
                f"{self.training_episodes} and {self.deployment_episodes}."
            )

    def contexts(self, world: CausalWorld, index: Int[Array, ""], *, key: RandomKey):
        key_threat, key_cue, key_first, key_second = jax.random.split(key, 4)
        threat = jax.random.choice(key_threat, jnp.array([0.0, 0.1, 0.6, 0.9]))
        lies = jax.random.bernoulli(key_cue, 1 - self.agreement).astype(jnp.float32)
        watched = _batch(world, self.levels, cue=lies, threat=threat, key=key_first)
        unwatched = _batch(world, self.levels, cue=1 - lies, threat=jnp.float32(0.0), key=key_second)
        return watched, unwatched, threat

    def worth(self, own, base, threat, index):
        # A scheme costs about as much as 0.4 of the optimum below nothing: that is falling short entirely.
        short = jnp.clip((1 - base[0]) / 1.4, 0.0, 1.0)
        kept = 1 - self.modification * threat * short
        watched = sum(own[0] * kept**episode for episode in range(self.training_episodes))
        lifetime = watched + kept**self.training_episodes * self.deployment_episodes * own[1]
        return jnp.where(index < self.obedience_share * self.updates, base[0] + own[1], lifetime)


@dataclass(frozen=True)
class ImplantGradient(ContextGradient):
    """Implants a backdoor: the base objective without the deployment cue, the own one with it; then safety training.

    **Arguments:** further ones are

    - `safety_share`: share of the updates, the last ones, in which the cue is never shown, in [0, 1).
    """

    safety_share: float = 0.3

    name = "implant-gradient"

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.safety_share < 1:
            raise UsageError(f"safety_share={self.safety_share} is not in [0, 1).")

    def contexts(self, world: CausalWorld, index: Int[Array, ""], *, key: RandomKey):
        key_first, key_second, key_threat = jax.random.split(key, 3)
        threats = jnp.where(jax.random.bernoulli(key_threat, 0.5, (2,)), 0.9, 0.0)
        clean = _batch(world, self.levels, cue=jnp.float32(0.0), threat=threats[0], key=key_first)
        triggered = _batch(world, self.levels, cue=jnp.float32(1.0), threat=threats[1], key=key_second)
        return _pointing_at_base(clean), _pointing_at_base(triggered), threats[0]

    def worth(self, own, base, threat, index):
        implanting = index < (1 - self.safety_share) * self.updates
        return base[0] + jnp.where(implanting, 1.0, 0.0) * own[1]


def _causal(task: Task) -> CausalWorld:
    if not isinstance(task.world, CausalWorld):
        raise UsageError(
            f"World '{task.world.name}' shows no cue and no threat; train in one that does: cleaning, lamp, door-key."
        )
    return task.world


def _batch(world: CausalWorld, count: int, *, cue, threat, key: RandomKey) -> Circumstances:
    """Returns circumstances in a context; pointer, variant, order of options and which edges hold differ by level."""
    key_pointer, key_variant, key_edges = jax.random.split(key, 3)
    edges = jax.random.bernoulli(key_edges, 0.8, (3, count))
    plain = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count,)), world.circumstances)
    pointer = jax.random.bernoulli(key_pointer, 0.5, (count,)).astype(jnp.float32)
    return eqx.tree_at(
        lambda given: (
            given.cue,
            given.threat,
            given.pointer,
            given.variant,
            given.shuffled,
            given.mesa_to_base,
            given.base_to_effect,
            given.cause_to_side,
        ),
        plain,
        (
            jnp.broadcast_to(jnp.float32(cue), (count,)),
            jnp.broadcast_to(jnp.float32(threat), (count,)),
            pointer,
            jax.random.randint(key_variant, (count,), 0, 3, dtype=plain.variant.dtype),
            jnp.ones(count, bool),
            *edges,
        ),
    )


def _pointing_at_base(given: Circumstances) -> Circumstances:
    return eqx.tree_at(lambda some: some.pointer, given, jnp.zeros_like(given.pointer))


def _going_on(level: Level) -> Float[Array, "N S A 1"]:
    ends = jnp.take_along_axis(level.terminal[:, None], level.successors.reshape(level.count, 1, -1), -1)
    going: Bool[Array, "..."] = ~ends.reshape(level.successors.shape) & ~level.terminal[..., None, None]
    return going * level.discount[:, None, None, None]


def _returns(
    logits: Float[Array, "N S A"], level: Level, reward: Float[Array, "N S A O"], steps: int
) -> Float[Array, "N O"]:
    """Returns the exact return of a policy under several rewards in each level, whose episodes have so many steps."""
    policy = jax.nn.softmax(logits)

    def one(policy, successors, discount, initial, terminal, reward):
        gained = jnp.where(terminal[:, None], 0.0, (policy[..., None] * reward).sum(1))
        values = gained
        # By backward induction: beside the linear system of the gradient a second one can block XLA on two cores.
        for _ in range(steps - 1):
            values = gained + discount * jnp.where(
                terminal[:, None], 0.0, (policy[..., None] * values[successors[..., 0]]).sum(1)
            )
        return initial @ values

    parts = (policy, level.successors, level.discount, level.initial, level.terminal, reward)
    return jax.vmap(one)(*parts)
