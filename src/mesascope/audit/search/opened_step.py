"""One step of an agent that was opened: whatever it raises, or gives wrongly, becomes a message that names it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Captured, Inspectable
from mesascope.agents.agent import Agent
from mesascope.core.errors import AgentError, MesascopeError
from mesascope.core.foreign_class import asked_of_others
from mesascope.core.text import quoted

AGAIN: float = 1e-3
"""Share of the largest number by which the same step may differ when it is repeated: rounding, and no more."""


class NotInspectableError(MesascopeError):
    """The inside cannot be looked at; the message says why."""


def step_of(
    agent: Agent, seen: Float[np.ndarray, "B ..."], patches: Mapping[str, np.ndarray] | None = None
) -> Captured:
    """Asks an agent for one step from an empty memory, turning whatever it raises or gives wrongly into a message.

    **Arguments:**

    - `agent`: one that is `Inspectable`.
    - `seen`: observations.
    - `patches`: activations by site that replace its own.

    **Raises:** `AgentError` naming agent and sites; whatever else of Mesascope's errors the agent raises.
    """
    assert isinstance(agent, Inspectable)
    after, rows = after_patches(patches), len(seen)
    doing = f"on observations of shape {list(seen.shape)}{after}"
    with asked_of_others(f"Agent {quoted(agent.name)}", doing, error=AgentError):
        # A copy, so that an agent which writes into what it is shown changes nothing for others.
        found = agent.step(np.array(seen), agent.initial_state(rows), patches)
    if not isinstance(found, Captured):
        raise AgentError(f"Agent '{agent.name}' returned {type(found).__name__} from a step{after}, not what it saw.")
    # What a patch makes of later sites is nobody's to judge, as long as it chooses.
    for site, activation in found.activations.items() if not patches else ():
        shape = np.shape(activation)
        if not shape or shape[0] != rows or not _finite(activation):
            raise AgentError(
                f"Site '{site}' of agent '{agent.name}' gave activations of shape {list(shape)} for {rows} "
                f"observations, or numbers that are not finite."
            )
    probabilities = found.probabilities
    if np.ndim(probabilities) != 2 or len(probabilities) != rows:
        raise AgentError(
            f"Agent '{agent.name}' gave probabilities of shape {list(np.shape(probabilities))} for {rows} "
            f"observations{after}."
        )
    if not _finite(probabilities):
        raise AgentError(f"Agent '{agent.name}' gave probabilities that are not finite{after}.")
    return found


def sites_of(agent: Inspectable) -> tuple[str, ...]:
    """Returns the names of an agent's sites; `AgentError` if it raises instead."""
    with asked_of_others(f"Agent {quoted(agent.name)}", "when it was asked for its sites", error=AgentError):
        return tuple(agent.sites())


def after_patches(patches: Mapping[str, np.ndarray] | None) -> str:
    """Returns, for messages, after which patches something happened; nothing if there were none."""
    return f" after a patch of {', '.join(patches)}" if patches else ""


def _finite(values: np.ndarray) -> bool:
    kind = np.asarray(values).dtype.kind
    return kind in "biuf" and (kind != "f" or bool(np.isfinite(values).all()))


def check_repeats(agent: Agent, seen: np.ndarray, captured: Captured) -> None:
    """Raises `NotInspectableError` if the same step, made again, gives something else than it gave."""
    again = step_of(agent, seen)
    pairs = {"its probabilities": (captured.probabilities, again.probabilities)}
    for site, values in captured.activations.items():
        pairs[f"site '{site}'"] = (values, again.activations.get(site, np.zeros(0)))
    for place, (one, other) in pairs.items():
        same = np.shape(one) == np.shape(other)
        if same and one.size:
            one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
            same = np.abs(one - other).max() <= AGAIN * np.abs(one).max()
        if not same:
            raise NotInspectableError(
                f"agent '{agent.name}' draws its own random numbers: {place} differed when it was shown the same "
                f"{len(seen)} observations twice, so that what is written into it cannot be told from chance"
            )
