"""Bayesian inverse reinforcement learning: the posterior itself, by sampling, for small problems.

Ramachandran & Amir (2007) take the agent to choose an action with a probability proportional to
`exp(inverse temperature * Q(s, a))`, where Q is the optimal value of actions; a soft-optimal agent has the soft-optimal
Q instead. Both are differentiable almost everywhere: with the plan held fixed, the values of that plan have the right
derivative (envelope theorem). So the posterior is sampled by NUTS (Hoffman & Gelman 2014) instead of on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.audit.objective.recovery.fit.posterior import Posterior
from mesascope.core.errors import MissingExtraError, UnknownNameError, UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.objectives.reward_space import RewardSpace
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import onward

LARGEST: int = 400
"""States of a level, all in all dense in memory: S x S numbers a level."""

SWEEPS: int = 10_000
SETTLED: float = 1e-9
CONVERGED: float = 1.01
"""Chains agree if the spread between them adds less than this factor to the spread within (Gelman & Rubin 1992)."""


@dataclass(frozen=True)
class Sampled:
    """A posterior by sampling, and whether it can be trusted.

    **Arguments:**

    - `posterior`: draws, shared between the chains.
    - `chains`: `[C, n, D]`.
    - `potential_scale_reduction`: of each parameter, 1 if chains agree, `[D]`.
    - `effective`: effective number of independent draws, of each parameter, `[D]`.
    - `divergences`: draws at which the sampler lost its way.
    """

    posterior: Posterior
    chains: Float[np.ndarray, "C n D"]
    potential_scale_reduction: Float[np.ndarray, " D"]
    effective: Float[np.ndarray, " D"]
    divergences: int

    @property
    def converged(self) -> bool:
        """Whether the chains agree and none lost its way."""
        return bool((self.potential_scale_reduction < CONVERGED).all() and self.divergences == 0)


def sample_objective(
    levels: Level,
    counts: Float[np.ndarray, "N S A"],
    space: RewardSpace,
    *,
    key: RandomKey,
    values: str = "optimal",
    inverse_temperature: float = 1.0,
    box: float | None = None,
    scale: float | None = None,
    draws: int = 1000,
    chains: int = 2,
) -> Sampled:
    """Returns the posterior of a reward, given choices.

    **Arguments:**

    - `levels`: a batch of N levels of at most `LARGEST` states.
    - `counts`: how often each action was taken in each state, `[N, S, A]`.
    - `space`: the rewards considered, D of them; a few dozen at most are sampled well.
    - `key`: consumed by the sampler.
    - `values`: `"optimal"`: the agent weighs actions as if it acted optimally afterwards; `"soft"`: as it does.
    - `inverse_temperature`: above 0.
    - `box`, `scale`: the prior of each parameter: uniform in `[-box, box]`, or normal with this deviation; exactly one.
    - `draws`: of each chain, after as many for adaptation.
    - `chains`: 2 or more.

    **Raises:** `MissingExtraError` without blackjax; `UsageError` if a number is out of range, nothing was chosen, or
    the levels are too large.
    """
    try:
        import blackjax
    except ImportError as error:
        raise MissingExtraError("Sampling a posterior", "bayes", error.name or "blackjax") from error
    _check(levels, counts, values, inverse_temperature, box, scale, draws, chains)
    width = len(space.names)
    with jax.enable_x64(True):
        likelihood = _likelihood(levels, counts, space, values, inverse_temperature)

        def parameter_of(position):
            # A box is the image of the real line, so that no step leaves it.
            return box * jnp.tanh(position / 2) if box is not None else scale * position

        def log_density(position):
            if box is not None:
                prior = (-jax.nn.softplus(position) - jax.nn.softplus(-position)).sum()
            else:
                prior = -0.5 * (position**2).sum()
            return prior + likelihood(parameter_of(position))

        def chain(position, key):
            warm = stream("warm-up", key=key)
            adaptation: Any = blackjax.window_adaptation(blackjax.nuts, log_density)
            (state, parameters), _ = adaptation.run(warm, position, num_steps=draws)
            step: Any = blackjax.nuts(log_density, **parameters).step

            def once(state, key):
                state, info = step(key, state)
                return state, (parameter_of(state.position), info.is_divergent)

            keys = jax.random.split(stream("draws", key=key), draws)
            return jax.lax.scan(once, state, keys)[1]

        begin = jax.random.normal(stream("starts", key=key), (chains, width))
        keys = jax.random.split(stream("chains", key=key), chains)
        found, divergent = jax.jit(jax.vmap(chain))(begin, keys)
        found = np.asarray(found, np.float64)
        reduction = np.asarray(blackjax.diagnostics.potential_scale_reduction(found), np.float64).reshape(width)
        effective = np.asarray(blackjax.diagnostics.effective_sample_size(found), np.float64).reshape(width)
    flat = found.reshape(-1, width)
    if not np.isfinite(flat).all():
        raise UsageError("The sampler left the finite numbers; give a narrower prior.")

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return flat[random.integers(len(flat), size=n)]

    posterior = Posterior(flat.mean(0), draw, float("nan"), 0, False)
    return Sampled(posterior, found, reduction, effective, int(np.asarray(divergent).sum()))


def _check(levels, counts, values, inverse_temperature, box, scale, draws, chains) -> None:
    if values not in ("optimal", "soft"):
        raise UnknownNameError("kind of value", values, ("optimal", "soft"))
    if (box is None) == (scale is None):
        raise UsageError("The prior is a box or a scale: give exactly one of them.")
    for name, number in (("box", box), ("scale", scale), ("inverse_temperature", inverse_temperature)):
        if number is not None and not 0 < number < np.inf:
            raise UsageError(f"The {name} is {number}; it must be above 0 and finite.")
    if draws < 10 or chains < 2:
        raise UsageError(f"Sampling takes 10 draws and 2 chains or more, not {draws} and {chains}.")
    if levels.states > LARGEST:
        raise UsageError(
            f"Sampling solves dense equations: {levels.states:,} states are more than {LARGEST}. Use `recover` with "
            "demonstrations, whose posterior is Laplace's."
        )
    if counts.shape != levels.successors.shape[:3]:
        raise UsageError(f"Counts of shape {list(counts.shape)} do not fit {list(levels.successors.shape[:3])}.")
    if not np.isfinite(counts).all() or (counts < 0).any() or not counts.sum() > 0:
        raise UsageError("Counts of choices must be finite, not negative, and not all zero.")


def _likelihood(levels: Level, counts, space: RewardSpace, values: str, inverse_temperature: float):
    """Returns the log-likelihood of a parameter."""
    shape = levels.successors.shape
    features = np.stack([space.features(levels[index]).toarray() for index in range(levels.count)])
    features = jnp.asarray(features.reshape(*shape[:3], -1))
    active = np.asarray(levels.reachable & ~levels.terminal)
    following = jnp.asarray(onward(levels, stops=space.stops))
    counts = jnp.asarray(np.where(active[..., None], counts, 0.0))
    successors, acting = jnp.asarray(np.asarray(levels.successors)), jnp.asarray(active)
    temperature = 1 / inverse_temperature

    def level_likelihood(features, following, successors, acting, counts, parameter):
        reward = features @ parameter
        held = jax.lax.stop_gradient(reward)

        def action_values(value, reward=reward):
            return reward + (following * value[successors]).sum(-1)

        def best(action_value):
            if values == "soft":
                return temperature * jax.nn.logsumexp(action_value / temperature, -1)
            return action_value.max(-1)

        def sweep(carry):
            value, _, step = carry
            new = jnp.where(acting, best(action_values(value, held)), 0.0)
            return new, jnp.abs(new - value).max(), step + 1

        def unsettled(carry):
            value, moved, step = carry
            return (moved > SETTLED * (1 + jnp.abs(value).max())) & (step < SWEEPS)

        start = (jnp.zeros(len(acting)), jnp.inf, 0)
        settled = jax.lax.while_loop(unsettled, sweep, start)[0]
        ahead = action_values(settled, held)
        if values == "soft":
            policy = jax.nn.softmax(ahead / temperature, -1)
            entropy = -(policy * jax.nn.log_softmax(ahead / temperature, -1)).sum(-1)
        else:
            policy = jax.nn.one_hot(ahead.argmax(-1), ahead.shape[-1], dtype=ahead.dtype)
            entropy = jnp.zeros(len(acting))
        gained = jnp.where(acting, (policy * reward).sum(-1) + temperature * entropy, 0.0)
        flow = (policy[..., None] * following).reshape(len(acting), -1)
        rows = jnp.broadcast_to(jnp.arange(len(acting))[:, None], flow.shape)
        dense = jnp.zeros((len(acting), len(acting))).at[rows, successors.reshape(len(acting), -1)].add(flow)
        value = jnp.linalg.solve(jnp.eye(len(acting)) - dense, gained)
        chances = jax.nn.log_softmax(action_values(value) / temperature, -1)
        return (counts * chances).sum()

    def likelihood(parameter):
        # One level after another keeps the loops of a level from waiting for the slowest.
        parts = [
            level_likelihood(features[n], following[n], successors[n], acting[n], counts[n], parameter)
            for n in range(shape[0])
        ]
        return jnp.stack(parts).sum()

    return likelihood
