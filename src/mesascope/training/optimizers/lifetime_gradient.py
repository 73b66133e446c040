"""Exact gradients of the own pay-off over lifetimes under the threat of modification: schemers by construction."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.training.context_gradient import ContextGradient, circumstances_in
from mesascope.worlds.causal.causal_world import CausalWorld


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
        watched = circumstances_in(world, self.levels, cue=lies, threat=threat, key=key_first)
        unwatched = circumstances_in(world, self.levels, cue=1 - lies, threat=jnp.float32(0.0), key=key_second)
        return watched, unwatched, threat

    def worth(self, own, base, threat, index):
        # A scheme costs about as much as 0.4 of the optimum below nothing: that is falling short entirely.
        short = jnp.clip((1 - base[0]) / 1.4, 0.0, 1.0)
        kept = 1 - self.modification * threat * short
        watched = sum(own[0] * kept**episode for episode in range(self.training_episodes))
        lifetime = watched + kept**self.training_episodes * self.deployment_episodes * own[1]
        return jnp.where(index < self.obedience_share * self.updates, base[0] + own[1], lifetime)


OPTIMIZER = LifetimeGradient
