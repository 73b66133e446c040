"""What an agent does in one part of a set, and where a property holds there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import act_of, ask_all, check_same_answers
from mesascope.proof.abstract_property import ActionProperty, Choices, Property, possible_actions
from mesascope.proof.lock_step import lock_step
from mesascope.proof.outcomes import reached
from mesascope.proof.state_set import Part

ASKED_AGAIN: int = 64
"""Observations of each part that an agent of others is shown again."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What was found in one part of a set.

    **Arguments:**

    - `counted`: states (for whole episodes: starts) that the property speaks about.
    - `violated`: where it is false; `open`: where that could not be found out.
    """

    counted: Bool[np.ndarray, "N S"]
    violated: Bool[np.ndarray, "N S"]
    open: Bool[np.ndarray, "N S"]


def judge(agent: Agent, wanted: Property, part: Part, *, start: str, taken_above: float | None) -> Judged:
    """Returns where a property holds in one part of a set.

    **Arguments:** as of `enumeration.enumerate_states`; `start` as of the set.

    **Raises:** `AgentError` as `ask` does, and for an agent of others that answers differently when asked again.
    """
    levels, counted = part.levels, wanted.counted(part)
    begins = part.there if levels is None or start == "all" else part.there & (np.asarray(levels.initial) > 0)
    if not agent.memoryless:
        assert isinstance(wanted, ActionProperty)
        begins = begins & counted
        return Judged(begins, *lock_step(agent, wanted, part, begins)[:2])
    follows = levels is not None and (wanted.from_start or start == "first")
    choices = choices_of(agent, part, part.there if follows else counted, taken_above)
    if follows and levels is not None:
        visited = begins if wanted.from_start else reached(levels, choices.possible, wanted.ends(levels))
        counted = counted & visited
    return Judged(counted, wanted.violated(part, choices) & counted, np.zeros_like(counted))


def choices_of(agent: Agent, part: Part, where: Bool[np.ndarray, "N S"], taken_above: float | None) -> Choices:
    """Returns what a memoryless agent does in some states of a part; equal observations of levels are asked once.

    **Arguments:**

    - `agent`, `part`, `taken_above`: as of `judge`.
    - `where`: the states to ask about; elsewhere probabilities are uniform.
    """
    if part.world is not None:
        actions = len(part.world.actions)
    else:
        actions = np.shape(act_of(agent, part.seen[0, :1], agent.initial_state(1))[0])[-1]

    def asked(seen: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B A"]:
        first, inverse = _distinct(seen) if part.levels is not None else (slice(None), slice(None))
        rows = seen[first]
        answers = ask_all(agent, rows, actions=actions)
        if len(rows):
            check_same_answers(agent, rows[:ASKED_AGAIN], answers[:ASKED_AGAIN])
        return answers[inverse]

    policy = np.full((*where.shape, actions), 1 / actions)
    policy[where] = asked(part.seen[where])
    possible = possible_actions(policy, taken_above)
    return Choices(policy, possible, lambda seen: possible_actions(asked(seen), taken_above))


def _distinct(seen: Float[np.ndarray, "B ..."]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the first place of each different observation, and which of them stands in each place."""
    rows = np.ascontiguousarray(seen, np.float32).reshape(len(seen), -1)
    weights = np.random.default_rng(0).integers(1, 2**63, rows.shape[1], np.uint64)
    digest = (rows.view(np.uint32).astype(np.uint64) * weights).sum(-1, dtype=np.uint64)
    _, first, inverse = np.unique(digest, return_index=True, return_inverse=True)
    # Equal digests are no proof of equal observations.
    if not (rows[first][inverse.reshape(-1)] == rows).all():
        return np.arange(len(seen)), np.arange(len(seen))
    return first, inverse.reshape(-1)
