"""The capability to be opened: named sites whose activations can be read, and replaced while the agent chooses."""

from __future__ import annotations

import abc
import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.core.errors import AgentError, UnknownNameError

FLAT: float = 1e-12
"""A direction shorter than this points nowhere."""


@dataclass(frozen=True)
class Captured:
    """One step of an agent with everything that was seen inside.

    **Arguments:**

    - `probabilities`: of the actions, `[B, A]`.
    - `memory`: after acting.
    - `activations`: at every site, `[B, ...]`, replaced ones included; `[B, H, W, C]` where there is a board or image.
    """

    probabilities: Float[np.ndarray, "B A"]
    memory: Any
    activations: dict[str, np.ndarray]


class Activations(dict[str, np.ndarray]):
    """Activations by site, which say of a site that cannot be read why it cannot.

    **Arguments:**

    - `found`: what was read.
    - `agent`: its name.
    - `unreadable`: what is wrong with every other site, as in "it is never called"; by default there is none.
    """

    def __init__(self, found: Mapping[str, np.ndarray], *, agent: str, unreadable: Mapping[str, str] | None = None):
        super().__init__(found)
        self.agent, self.unreadable = agent, dict(unreadable or {})

    def __missing__(self, site: str) -> np.ndarray:
        if site in self.unreadable:
            raise AgentError(f"Site '{site}' of agent '{self.agent}' cannot be read: {self.unreadable[site]}.")
        raise UnknownNameError(f"site in agent '{self.agent}'", site, self)


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
    agent: Inspectable, patches: Mapping[str, np.ndarray] | None, *, rows: int, sites: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """Returns patches in single precision after checking that their sites exist and that each has a row for every
    observation.

    **Arguments:**

    - `agent`: for whom they are.
    - `patches`: by site.
    - `rows`: how many observations there are.
    - `sites`: names that are taken; by default those of the agent.

    **Raises:** `UnknownNameError` or `AgentError` naming agent and site.
    """
    found = {}
    known = agent.sites() if sites is None else sites
    for site, value in (patches or {}).items():
        if site not in known:
            raise UnknownNameError(f"site in agent '{agent.name}'", site, known)
        try:
            # What is too large for single precision becomes infinite, and is refused as such.
            with np.errstate(over="ignore"):
                value = np.asarray(value, np.float32)
        except (TypeError, ValueError, RuntimeError) as error:
            raise AgentError(
                f"A patch of site '{site}' of agent '{agent.name}' must be an array of numbers; "
                f"{type(value).__name__} cannot be made one: {error}"
            ) from error
        if value.ndim < 1 or len(value) != rows or not np.isfinite(value).all():
            raise AgentError(
                f"A patch of site '{site}' of agent '{agent.name}' must be finite and have one row for each of {rows} "
                f"observations; it has the shape {list(value.shape)}."
            )
        found[site] = value
    return found


class AgentInParts(Agent):
    """An `Inspectable` agent that is asked about so many observations at once, which bounds memory, not results."""

    rows_at_once: int = 4096

    @abc.abstractmethod
    def sites(self) -> tuple[str, ...]:
        """Returns the names of the places that can be read and replaced, in the order in which they fire."""

    @abc.abstractmethod
    def answer(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        """Acts once on one part, with checked patches by site; `None` if nothing need be read."""

    def patchable(self) -> Collection[str]:
        """Returns the names that a patch may have."""
        return self.sites()

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        found = self._in_parts(observations, state, None)
        return found.probabilities, found.memory

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        checked = checked_patches(self, patches, rows=len(observations), sites=self.patchable())
        return self._in_parts(observations, state, checked)

    def _in_parts(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        parts: list[Captured] = []
        for start in range(0, max(len(observations), 1), self.rows_at_once):
            rows = slice(start, start + self.rows_at_once)
            own = jax.tree.map(operator.itemgetter(rows), (state, patches))
            parts.append(self.answer(observations[rows], *own))
        probabilities, memory = jax.tree.map(
            lambda *leaves: np.concatenate(leaves), *((part.probabilities, part.memory) for part in parts)
        )
        first = parts[0].activations
        found = {site: np.concatenate([part.activations[site] for part in parts]) for site in first}
        unreadable = first.unreadable if isinstance(first, Activations) else None
        return Captured(probabilities, memory, Activations(found, agent=self.name, unreadable=unreadable))


def moved(
    activation: Float[np.ndarray, "B ..."], direction: Float[np.ndarray, "..."], strength: float
) -> Float[np.ndarray, "B ..."]:
    """Returns activations moved along a direction by a multiple of it.

    **Arguments:**

    - `activation`: at one site.
    - `direction`: of the shape of one activation, or of its last axes.
    - `strength`: the multiple.

    **Raises:** `AgentError` if the direction does not fit.
    """
    direction = np.asarray(direction)
    one = activation.shape[1:]
    if direction.shape != one[len(one) - direction.ndim :]:
        raise AgentError(f"A direction of shape {list(direction.shape)} does not fit activations {list(one)}.")
    return activation + strength * direction


def pushed(
    activation: Float[np.ndarray, "B ... C"], direction: Float[np.ndarray, " C"], target: float
) -> Float[np.ndarray, "B ... C"]:
    """Returns activations moved as little as makes their product with a direction reach a target.

    The minimal push of Taufeeque et al. (2024): what is beyond the target already stays as it is.

    **Arguments:**

    - `activation`: at one site, channels last.
    - `direction`: of a probe, over channels.
    - `target`: of the product.

    **Raises:** `AgentError` for a direction of length 0, or of another number of channels.
    """
    if direction.shape != activation.shape[-1:]:
        raise AgentError(
            f"A direction of shape {list(direction.shape)} does not fit {activation.shape[-1]} channels, the last axis "
            f"of {list(activation.shape)}."
        )
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

    **Raises:** `AgentError` if the shapes differ, or the mask does not fit.
    """
    if donor.shape != activation.shape:
        raise AgentError(f"A donor of shape {list(donor.shape)} does not fit {list(activation.shape)}.")
    where = np.asarray(where, bool)
    if where.shape != activation.shape[1 : 1 + where.ndim]:
        raise AgentError(
            f"A mask of shape {list(where.shape)} does not fit activations {list(activation.shape[1:])}; it has their "
            "first axes."
        )
    mask = where.reshape(where.shape + (1,) * (activation.ndim - 1 - where.ndim))
    return np.where(mask, donor, activation)
