"""Exact gradients that implant a backdoor, and then safety training that never shows its cue."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.training.context_gradient import ContextGradient, circumstances_in
from mesascope.worlds.causal.causal_world import CausalWorld
from mesascope.worlds.causal.circumstances import Circumstances


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
        clean = circumstances_in(world, self.levels, cue=jnp.float32(0.0), threat=threats[0], key=key_first)
        triggered = circumstances_in(world, self.levels, cue=jnp.float32(1.0), threat=threats[1], key=key_second)
        return _pointing_at_base(clean), _pointing_at_base(triggered), threats[0]

    def worth(self, own, base, threat, index):
        implanting = index < (1 - self.safety_share) * self.updates
        return base[0] + jnp.where(implanting, 1.0, 0.0) * own[1]


def _pointing_at_base(given: Circumstances) -> Circumstances:
    return eqx.tree_at(lambda some: some.pointer, given, jnp.zeros_like(given.pointer))


OPTIMIZER = ImplantGradient
