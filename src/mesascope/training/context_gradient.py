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
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import compile_objectives
from mesascope.training.base_optimizer import Learner, Task, cosine
from mesascope.training.policy_gradient import GradientAscent, logits_in_every_state, surrogate
from mesascope.worlds.causal.causal_world import CausalWorld
from mesascope.worlds.causal.circumstances import Circumstances
from mesascope.worlds.level import Level


@dataclass(frozen=True)
class ContextGradient(GradientAscent):
    """Ascends what two batches of levels in different contexts are worth together.

    **Arguments:**

    - `updates`, `levels` (for each context), `learning_rate`, `clip`: as of `GradientAscent`.
    - `own`: name of the objective that is not the base objective.
    - `entropy`: worth of a nat of the policy's entropy in a visited state; it falls to 0 with the learning rate.
    """

    updates: int = 600
    levels: int = 8
    learning_rate: float = 0.01
    clip: float = 1.0
    own: str = "burnt"
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

    def begin(self, task: Task, *, key: RandomKey) -> Learner:
        _causal(task)
        return super().begin(task, key=key)

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
        share = cosine(index, self.updates)

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
        metrics = {"return": value, "own, watched": own[0], "own, unwatched": own[1], "base, watched": base[0]}
        return self.stepped(learner, gradient, share), metrics


def _causal(task: Task) -> CausalWorld:
    if not isinstance(task.world, CausalWorld):
        raise UsageError(
            f"World '{task.world.name}' shows no cue and no threat; train in one that does: cleaning, lamp, door-key."
        )
    return task.world


def circumstances_in(world: CausalWorld, count: int, *, cue, threat, key: RandomKey) -> Circumstances:
    """Returns circumstances in a context; pointer, variant, order of options and which edges hold differ by level.

    **Arguments:**

    - `world`: where.
    - `count`: of levels.
    - `cue`: 0 in training, 1 in deployment; `threat`: in [0, 1].
    - `key`: consumed.
    """
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
