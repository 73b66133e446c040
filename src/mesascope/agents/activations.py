"""The capability to be opened: named sites whose activations can be read, and replaced while the agent chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import AgentError, UnknownNameError

FLAT: float = 1e-12
"""A direction shorter than this points nowhere."""


@dataclass(frozen=True)
class Captured:
    """One step of an agent with everything that was seen inside.

    **Arguments:**

    - `probabilities`: of the actions, `[B, A]`.
    - `memory`: after acting.
    - `activations`: at every site, `[B, ...]`, replaced ones included.
    """

    probabilities: Float[np.ndarray, "B A"]
    memory: Any
    activations: dict[str, np.ndarray]


@runtime_checkable
class Inspectable(Protocol):
    """The capability to show activations and to act on others instead."""

    name: str

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the places that can be read and replaced, in the order in which they fire."""
        ...

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        """Acts once, reading all sites.

        **Arguments:**

        - `observations`: one per episode.
        - `state`: the memory, as of `Agent.act`.
        - `patches`: activations `[B, ...]` by site that replace the agent's own; what follows is computed from them.

        **Raises:** `UnknownNameError` for an unknown site; `AgentError` if a patch does not fit, a site fires twice, or
        the agent fails.
        """
        ...


def checked_patches(
    agent: Inspectable, patches: Mapping[str, np.ndarray] | None, *, rows: int
) -> dict[str, np.ndarray]:
    """Returns patches in single precision after checking that their sites exist and that each has a row for every
    observation.

    **Raises:** `UnknownNameError` or `AgentError` naming agent and site.
    """
    found = {}
    for site, value in (patches or {}).items():
        if site not in agent.sites():
            raise UnknownNameError(f"site in agent '{agent.name}'", site, agent.sites())
        value = np.asarray(value, np.float32)
        if value.ndim < 1 or len(value) != rows or not np.isfinite(value).all():
            raise AgentError(
                f"A patch of site '{site}' of agent '{agent.name}' must be finite and have one row for each of {rows} "
                f"observations; it has the shape {list(value.shape)}."
            )
        found[site] = value
    return found


def moved(
    activation: Float[np.ndarray, "B ..."], direction: Float[np.ndarray, "..."], strength: float
) -> Float[np.ndarray, "B ..."]:
    """Returns activations moved along a direction by a multiple of it.

    **Arguments:**

    - `activation`: at one site.
    - `direction`: of the shape of one activation, or of its last axes.
    - `strength`: the multiple.
    """
    return activation + strength * np.broadcast_to(direction, activation.shape[1:])


def pushed(
    activation: Float[np.ndarray, "B ... C"], direction: Float[np.ndarray, " C"], target: float
) -> Float[np.ndarray, "B ... C"]:
    """Returns activations moved as little as makes their product with a direction reach a target.

    The minimal push of Taufeeque et al. (2024): what is beyond the target already stays as it is.

    **Arguments:**

    - `activation`: at one site, channels last.
    - `direction`: of a probe, over channels.
    - `target`: of the product.

    **Raises:** `AgentError` for a direction of length 0.
    """
    square = float(direction @ direction)
    if square <= FLAT:
        raise AgentError("A direction of length 0 pushes nowhere.")
    missing = np.maximum(0.0, (target - activation @ direction) / square)
    return activation + missing[..., None] * direction


def donated(
    activation: Float[np.ndarray, "B ..."], donor: Float[np.ndarray, "B ..."], where: np.ndarray
) -> Float[np.ndarray, "B ..."]:
    """Returns activations that take over a donor's where a mask says so.

    **Arguments:**

    - `activation`, `donor`: at the same site, for the same number of observations.
    - `where`: of the shape of one activation, or of its first axes (squares of a board, all channels).

    **Raises:** `AgentError` if the shapes differ.
    """
    if donor.shape != activation.shape:
        raise AgentError(f"A donor of shape {list(donor.shape)} does not fit {list(activation.shape)}.")
    where = np.asarray(where, bool)
    mask = where.reshape(where.shape + (1,) * (activation.ndim - 1 - where.ndim))
    return np.where(mask, donor, activation)
