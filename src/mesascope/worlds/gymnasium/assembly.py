"""From enumerations to levels: padded to one size, so that levels of several seeds make a batch."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Int

from mesascope.core.errors import WorldError
from mesascope.worlds.gymnasium.enumeration import Enumeration
from mesascope.worlds.level import Level

LEVEL_BYTES: int = 2**32
"""The most memory that the levels of one distribution may take."""


class GymnasiumLayout(eqx.Module):
    """What a level shows: the `seed` it was made from, `observations` as stored, where the agent is drawn, and which
    actions are `legal` if the environment says so."""

    seed: Int[Array, "*batch"]
    observations: Array
    positions: Int[Array, "*batch S 2"]
    legal: Bool[Array, "*batch S A"] | None


def assemble(
    seeds: list[int], found: list[Enumeration], discount: float, join: Callable[[list[np.ndarray]], Array]
) -> Level:
    """Returns enumerations as levels, padded to the largest with unreachable states that lead nowhere.

    **Arguments:**

    - `seeds`, `found`: one for each level.
    - `discount`: in (0, 1).
    - `join`: makes one array of those of the levels.

    **Raises:** `WorldError` if they would take more than `LEVEL_BYTES`.
    """
    states = max(one.states for one in found)
    outcomes = max(one.successors.shape[2] for one in found)
    size = sum(one.attributes[0].nbytes + one.observations[0].nbytes for one in found) * states
    if size > LEVEL_BYTES:
        raise WorldError(
            f"{len(found)} levels of {states:,} states take {size / 2**30:.1f} GiB; at most {LEVEL_BYTES / 2**30:.0f} "
            "are used. Ask for fewer levels with levels=N."
        )

    def pad(array: np.ndarray, fill) -> np.ndarray:
        return np.concatenate([array, np.full((states - len(array), *array.shape[1:]), fill, array.dtype)])

    def pad_outcomes(array: np.ndarray) -> np.ndarray:
        missing = outcomes - array.shape[2]
        return np.pad(array, ((0, 0), (0, 0), (0, missing), *((0, 0),) * (array.ndim - 3)))

    successors = []
    for one in found:
        itself = np.broadcast_to(np.arange(states, dtype=np.int32)[:, None, None], (states, *one.successors.shape[1:]))
        padded = itself.copy()
        padded[: one.states] = one.successors
        successors.append(pad_outcomes(padded))
    certain = [pad_outcomes(pad(one.probabilities, 0.0)) for one in found]
    for one, probabilities in zip(found, certain, strict=True):
        probabilities[one.states :, :, 0] = 1.0
    return Level(
        successors=join(successors),
        probabilities=join([array.astype(np.float32) for array in certain]),
        attributes=join([pad_outcomes(pad(one.attributes, 0.0)) for one in found]),
        initial=join([pad(one.initial.astype(np.float32), 0.0) for one in found]),
        terminal=join([pad(one.terminal, True) for one in found]),
        reachable=join([np.arange(states) < one.states for one in found]),
        discount=join([np.asarray(discount, np.float32) for _ in found]),
        layout=GymnasiumLayout(
            seed=join([np.asarray(seed, np.int32) for seed in seeds]),
            observations=join([pad(one.observations, 0) for one in found]),
            positions=join([pad(one.positions.astype(np.int32), -1) for one in found]),
            legal=join([pad(_legal(one), True) for one in found])
            if any(one.legal is not None for one in found)
            else None,
        ),
    )


def _legal(one: Enumeration) -> Bool[np.ndarray, "S A"]:
    return np.ones(one.successors.shape[:2], bool) if one.legal is None else one.legal
