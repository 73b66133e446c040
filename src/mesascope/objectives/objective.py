"""Objectives as arrays: what a world's candidates reward and when they consider an episode over."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.errors import UnknownNameError
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World


class Objectives(eqx.Module):
    """Several objectives over the same attributes, as one batch.

    **Arguments:**

    - `specs`: the objectives as data, in order.
    - `weights`: reward per unit of each attribute, `[O, F]`.
    - `stops`: 1 for attributes whose occurrence ends the episode for the objective, else 0, `[O, F]`.
    """

    specs: tuple[ObjectiveSpec, ...] = eqx.field(static=True)
    weights: Float[np.ndarray, "O F"] | Float[Array, "O F"]
    stops: Float[np.ndarray, "O F"] | Float[Array, "O F"]

    @property
    def names(self) -> tuple[str, ...]:
        """The objectives' names, in order."""
        return tuple(spec.name for spec in self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def index(self, name: str) -> int:
        """Returns the place of an objective; `UnknownNameError` suggests the nearest name."""
        if name not in self.names:
            raise UnknownNameError("objective", name, self.names)
        return self.names.index(name)

    def select(self, *names: str) -> Objectives:
        """Returns the objectives of these names, in this order."""
        rows = [self.index(name) for name in names]
        return Objectives(tuple(self.specs[row] for row in rows), self.weights[rows], self.stops[rows])


def compile_objectives(world: World, specs: Sequence[ObjectiveSpec] | None = None) -> Objectives:
    """Returns objectives as arrays over a world's attributes.

    **Arguments:**

    - `world`: whose attributes are weighed.
    - `specs`: by default all candidates of the world.

    **Raises:** `UnknownNameError` if an objective weighs or stops at an attribute that the world does not have.
    """
    specs = tuple(world.objectives if specs is None else specs)
    column = {name: index for index, name in enumerate(world.attributes)}
    weights = np.zeros((len(specs), len(column)))
    stops = np.zeros((len(specs), len(column)))
    for row, spec in enumerate(specs):
        for name in (*spec.weights, *spec.stops):
            if name not in column:
                raise UnknownNameError(f"attribute (of objective '{spec.name}') in world '{world.name}'", name, column)
        for name, weight in spec.weights.items():
            weights[row, column[name]] = weight
        for name in spec.stops:
            stops[row, column[name]] = 1.0
    return Objectives(specs, weights, stops)


def rewards(objectives: Objectives, level: Level) -> Float[Array, "*batch S A K O"]:
    """Returns the reward of each transition under each objective, zero in terminal states.

    Objectives come last, so that one look-up of a successor serves all of them. The result has the floating type of
    the level's attributes: single precision stays single in networks.
    """
    weighed = level.attributes @ objectives.weights.astype(level.attributes.dtype).T
    return jnp.where(level.terminal[..., None, None, None], 0, weighed)


def continuations(objectives: Objectives, level: Level) -> Float[Array, "*batch S A K O"]:
    """Returns the factor on the value of the next state: the discount, or 0 where the objective's episode ends."""
    stopped = level.attributes @ objectives.stops.astype(level.attributes.dtype).T > 0
    over = stopped | level.terminal[..., None, None, None]
    return jnp.where(over, 0, level.discount[..., None, None, None, None]).astype(level.attributes.dtype)
