"""How much memory levels of a world take, worked out from their shapes before any of them is made."""

from __future__ import annotations

import math

import jax

from mesascope.core.errors import WorldError
from mesascope.core.random import root_key
from mesascope.worlds.world import World

MOST_NUMBERS: int = 2**28
"""Numbers in the arrays of all levels of one sample: a gibibyte."""


def check_size(world: World, distribution: str, count: int) -> None:
    """Raises `WorldError` if levels of a world of Mesascope's own would take more memory than is asked of a machine.

    **Arguments:**

    - `world`, `distribution`: where levels come from.
    - `count`: how many.
    """
    if not type(world).__module__.startswith("mesascope.worlds.") or ".gymnasium." in type(world).__module__:
        # Of other worlds nothing is known without running them.
        return
    level = jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=count), root_key(0))
    numbers = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(level))
    if numbers > MOST_NUMBERS:
        states, actions = level.successors.shape[1:3]
        raise WorldError(
            f"{count:,} levels of world '{world.name}' with {states:,} states and {actions} actions hold {numbers:,} "
            f"numbers; at most {MOST_NUMBERS:,} are made. Ask for fewer levels, or for a smaller world."
        )
