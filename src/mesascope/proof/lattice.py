"""A lattice of edits at a hidden layer: every one is tried, and those that change the action are sought in reality.

After Huang, Kwiatkowska, Wang and Wu (2017, arXiv 1610.06940): the units that matter most are moved up and down by
multiples of a span, all combinations of them at once. That no point of the lattice changes the action is a proof for
the lattice alone; where bounds keep the action in the whole box around it, it is one for all between its points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.activations import Inspectable
from mesascope.agents.agent import Agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.progress import Progress, unheard
from mesascope.proof.abstract_property import ActionProperty, Property, possible_actions
from mesascope.proof.box import Box
from mesascope.proof.branch_and_bound import Query
from mesascope.proof.decide import decide
from mesascope.proof.network_reading import of_network
from mesascope.proof.property import bad_outputs
from mesascope.proof.state_set import StateSet
from mesascope.proof.verdict import Counterexample, ProofVerdict, Status, proved, refuted, unknown

MOST_POINTS: int = 3**12
"""Points of a lattice: 531,441."""
MOST_REAL: int = 4096
"""Observations of a set among which real witnesses are looked for."""
SOUGHT: int = 16
"""Points that change the action, the nearest first, for which an input is sought."""
NEWTON: int = 8
"""Steps of Gauss and Newton towards an input with given activations."""


def lattice(
    agent: Any,
    allowed: Bool[np.ndarray, " A"],
    observation: Float[np.ndarray, "..."],
    *,
    site: str,
    span: float,
    radius: float,
    dims: int = 12,
    real: Float[np.ndarray, "R ..."] | None = None,
    seconds: float = 5.0,
) -> ProofVerdict:
    """Returns whether the action stays allowed at all points of a lattice of activations around an observation's own.

    **Arguments:**

    - `agent`: without memory, that can be opened.
    - `allowed`: actions that are allowed there (`ActionProperty.allowed`).
    - `observation`: what it is shown.
    - `site`: where activations are moved.
    - `span`, `radius`: step and end of the lattice, up and down in each unit; 0 < span <= radius.
    - `dims`: units that are moved, those that matter most for the choice; fewer if the lattice would be too large.
    - `real`: observations of the world among which a witness is looked for; beside them an input is solved for.
    - `seconds`: CPU time for the bounds between the points.

    **Returns:** refuted where an input was found whose own activations lie in the region and whose action is not
    allowed; proved where bounds show it for the whole box of the units moved; else unknown: `proved on the lattice`
    only, or points that change the action and that no input was found for, on this layer and the next.

    **Raises:** `UsageError` for an agent that cannot be opened, or numbers that cannot be; `UnknownNameError` for a
    site.
    """
    if not (isinstance(agent, Agent) and agent.memoryless and isinstance(agent, Inspectable)):
        raise UsageError(f"Agent '{agent.name}' cannot be opened, or has a memory: a lattice is laid over activations.")
    if site not in agent.sites():
        raise UnknownNameError(f"site in agent '{agent.name}'", site, agent.sites())
    if not (0 < span <= radius and dims >= 1 and np.isfinite(radius)):
        raise UsageError(f"A lattice needs 0 < span <= radius and dims >= 1, not {span:g}, {radius:g} and {dims}.")
    observation = np.asarray(observation, np.float32)

    def step(rows: int, patch: np.ndarray | None = None):
        shown = np.broadcast_to(observation, (rows, *observation.shape))
        return agent.step(shown, agent.initial_state(rows), None if patch is None else {site: patch})

    centre = step(1).activations[site][0].astype(np.float64)
    units, size = _influential(step, centre, span), int(radius / span + 1e-9)
    dims = min(dims, len(units), int(np.log(MOST_POINTS) / np.log(2 * size + 1) + 1e-9))
    if dims < 1:
        raise UsageError(f"A lattice of {2 * size + 1:,} points a unit is too large; choose a larger span.")
    moves = np.indices((2 * size + 1,) * dims).reshape(dims, -1).T - size
    patch = np.repeat(centre.reshape(1, -1), len(moves), axis=0)
    patch[:, units[:dims]] += span * moves
    policy = step(len(moves), patch.reshape(-1, *centre.shape)).probabilities
    flips = np.flatnonzero((possible_actions(policy) & ~allowed).any(-1))
    how = f"all {len(moves):,} points of a lattice of span {span:g} in {dims} units at '{site}' evaluated"
    numbers = {"checked": len(moves), "size": len(moves)}
    if not len(flips):
        if allowed.all():
            return unknown(how, "every action is allowed", **numbers)
        box = np.repeat(centre.reshape(1, -1), 2, axis=0)
        box[:, units[:dims]] += [[-size * span], [size * span]]
        if _bounded(agent, observation, site, box.reshape(2, *centre.shape), allowed, seconds):
            return proved(f"{how}, and by bounds all that lies between them", exact=False, **numbers)
        return unknown(how, f"proved on the lattice (span {span:g}) only", **numbers)
    nearest = flips[np.argsort(np.abs(moves[flips]).sum(-1), kind="stable")[:SOUGHT]]
    for index in nearest:
        wanted = patch[index].reshape(centre.shape)
        witness = _realised(agent, allowed, observation, site, centre, wanted, radius, real)
        if witness is not None:
            inputs, outputs = witness
            sentence = f"An input whose activations at '{site}' lie within {radius:g} of these: it breaks the property."
            found = Counterexample(sentence, tuple(inputs.ravel().tolist()), tuple(outputs.tolist()))
            return refuted(f"{how}; {len(flips):,} change the action", found, **numbers)
    why = f"{len(flips):,} points change the action; no input was found that has any of the {len(nearest)} nearest"
    later = agent.sites()[agent.sites().index(site) + 1 :]
    if later:
        above = lattice(
            agent, allowed, observation, site=later[0], span=span, radius=radius, dims=dims, real=real, seconds=seconds
        )
        if above.status is Status.REFUTED:
            return above
        why += f"; one layer up: {above.reason or above.how}"
    return unknown(how, why, **numbers)


def lattices(
    agent: Agent,
    wanted: Property,
    states: StateSet,
    *,
    span: float,
    radius: float,
    site: str | None = None,
    seconds: float = 60.0,
    progress: Progress = unheard,
) -> ProofVerdict:
    """Returns whether the action stays allowed on a lattice around every state of a set, until it does not in one.

    **Arguments:** as of `lattice`, and

    - `wanted`: which actions are allowed; one about single choices.
    - `states`: the set; real witnesses are looked for among its observations.
    - `site`: by default the last one.
    - `seconds`: CPU time for all bounds together.

    **Returns:** refuted as `lattice` does, proved where that proves every state, else unknown.

    **Raises:** as `lattice`; `UsageError` for a property that is not about single choices.
    """
    if not isinstance(wanted, ActionProperty):
        raise UsageError(
            f"That it {wanted.words} is not about which actions are allowed; name actions or an attribute."
        )
    names = agent.sites() if isinstance(agent, Inspectable) else ("",)
    parts = [states.part(number) for number in range(states.parts)]
    asked = [wanted.testable(part) for part in parts]
    seen = np.concatenate([part.seen[some] for part, some in zip(parts, asked, strict=True)])
    rows = [
        np.broadcast_to(allowed, (*some.shape, allowed.shape[-1]))[some]
        for part, some in zip(parts, asked, strict=True)
        for allowed in [wanted.allowed(part.levels)]
    ]
    found: list[ProofVerdict] = []
    for number, (one, allowed) in enumerate(zip(seen, np.concatenate(rows), strict=True)):
        progress("laying lattices", number / len(seen))
        each = {"span": span, "radius": radius, "real": seen[:MOST_REAL], "seconds": seconds / len(seen)}
        found.append(lattice(agent, allowed, one, site=site or names[-1], **each))
        if found[-1].status is Status.REFUTED:
            return found[-1]
    points = sum(one.checked for one in found)
    how = f"lattices of span {span:g} around {len(found):,} states ({states.words}), {points:,} points"
    left = [one.reason for one in found if one.status is not Status.PROVED]
    if not left and found and states.whole:
        return proved(how, exact=False, checked=len(found), size=len(found))
    reason = (
        f"in {len(left):,} states: {left[0]}"
        if left
        else "a sample proves nothing"
        if found
        else "nothing to be tested"
    )
    return unknown(how, reason, checked=len(found))


def _influential(step, centre: np.ndarray, span: float) -> np.ndarray:
    """Returns the units in the order in which moving them by a span changes the lead of the likeliest action."""
    moved = np.concatenate([sign * span * np.eye(centre.size) for sign in (-1, 1)]) + centre.ravel()
    logs = np.log(np.maximum(step(len(moved), moved.reshape(-1, *centre.shape)).probabilities, 1e-30))
    own = np.log(np.maximum(step(1).probabilities, 1e-30))
    best = int(own.argmax())
    lead = (logs[:, [best]] - np.delete(logs, best, 1)).min(-1) - (own[0, best] - np.delete(own[0], best)).min()
    return np.argsort(-np.abs(lead.reshape(2, -1)).max(0), kind="stable")


def _bounded(agent: Any, observation, site: str, ends: np.ndarray, allowed: np.ndarray, seconds: float) -> bool:
    """Returns whether bounds keep the action allowed between two ends; false where the network cannot be read."""
    bad = bad_outputs(allowed)
    if not isinstance(agent, NetworkAgent) or bad is None:
        return False
    box = Box(ends[0], ends[1])
    try:
        network = of_network(agent.network, box, site, observation)
    except UsageError:
        return False
    return decide(network, [Query(box, bad)], seconds=seconds)[0].status is Status.PROVED


def _realised(
    agent: Any, allowed, observation, site: str, centre, wanted, radius: float, real: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns an input, and the agent's probabilities there, that lies in the region and breaks the property.

    An input that has nearly the activations wanted will do: its own have to lie in the region, and count.
    """
    tried = observation[None]
    for _ in range(NEWTON):
        inside = agent.step(tried, agent.initial_state(1)).activations[site].reshape(-1).astype(np.float64)
        missing = wanted.ravel() - inside
        step = 1e-2 * np.eye(observation.size, dtype=np.float32).reshape(-1, *observation.shape)
        moved = agent.step(tried + step, agent.initial_state(len(step))).activations[site].reshape(len(step), -1)
        slope = (moved - inside) / 1e-2
        tried = tried + np.linalg.lstsq(slope.T, missing, rcond=1e-3)[0].reshape(tried.shape).astype(np.float32)
    candidates = tried if real is None else np.concatenate([tried, np.asarray(real, np.float32)])
    candidates = candidates[np.isfinite(candidates).reshape(len(candidates), -1).all(-1)]
    found = agent.step(candidates, agent.initial_state(len(candidates)))
    away = np.abs(found.activations[site].reshape(len(candidates), -1) - centre.ravel()).max(-1)
    # Replayed as any observation is, without a hand in its activations.
    policy = agent.act(candidates, agent.initial_state(len(candidates)))[0]
    bad = (possible_actions(policy) & ~allowed).any(-1) & (away <= radius)
    return (candidates[bad][0], policy[bad][0]) if bad.any() else None
