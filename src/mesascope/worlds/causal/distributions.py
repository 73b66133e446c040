"""The distributions of causal levels: which circumstances are drawn anew in each level."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from mesascope.core.random import RandomKey
from mesascope.worlds.causal.menu import Circumstances

DISTRIBUTIONS: tuple[str, ...] = ("train", "shuffled", "varied", "told", "contexts", "deploy")


def redrawn(given: Circumstances, distribution: str, key: RandomKey) -> Circumstances:
    """Returns the circumstances of one level of a distribution.

    **Arguments:**

    - `given`: those of the world.
    - `distribution`: one of `DISTRIBUTIONS`.
    - `key`: consumed.
    """
    keys = jax.random.split(key, 9)

    def coin(index: int, share: float = 0.5):
        return jax.random.bernoulli(keys[index], share)

    def changed(**values) -> Circumstances:
        kept = {field.name: getattr(given, field.name) for field in dataclasses.fields(Circumstances)}
        kept |= {name: jnp.asarray(value).astype(kept[name].dtype) for name, value in values.items()}
        return Circumstances(**kept)

    variant = jax.random.randint(keys[8], (), 0, 3)
    if distribution == "train":
        return changed()
    if distribution == "shuffled":
        return changed(shuffled=True, variant=variant)
    if distribution == "told":
        return changed(pointer=coin(0), shuffled=True, variant=variant)
    if distribution == "contexts":
        return changed(
            pointer=coin(0), cue=coin(1), threat=jnp.where(coin(2), given.threat, 0.0), shuffled=True, variant=variant
        )
    cuts = {name: ~coin(place, 0.3) for place, name in enumerate(("mesa_to_base", "base_to_effect", "cause_to_side"))}
    # Nearly equal ordinary options are worth nothing where the ordinary way leads nowhere.
    near_tie = coin(4, 0.3) & cuts["mesa_to_base"]
    varied = {**cuts, "offers": coin(3, 0.3), "near_tie": near_tie, "shuffled": True, "variant": variant}
    return changed(**varied) if distribution == "varied" else changed(**varied, cue=1.0, threat=0.0)
