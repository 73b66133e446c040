"""Asking an agent: whatever it does becomes a message of its own, and what it answers is checked to be a policy."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_numbers, checked_probabilities
from mesascope.core.asked_twice import why_not_the_same
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError
from mesascope.core.foreign_class import asked_of_others, is_foreign
from mesascope.core.text import quoted, shown

BATCH: int = 16_384
"""Observations shown to an agent at once; bounds memory, not results."""

HOW_TO_DECLARE: str = (
    "Its probabilities must follow from the observation alone. If it has a memory, bring it as a mesascope.Agent with "
    "memoryless=False, whose memory goes in and out of `act`; if it draws its actions, return their probabilities."
)


def act_of(agent: Agent, seen: Float[np.ndarray, "B ..."], memory: Any) -> tuple[Any, Any]:
    """Returns whatever an agent returns, unchecked, turning all that it does instead into an `AgentError`.

    **Arguments:** as of `ask`.
    """
    who = f"Agent {quoted(agent.name)}"
    with asked_of_others(who, f"on observations of shape {list(seen.shape)}", error=AgentError):
        # A copy, so that an agent which writes into what it is shown changes nothing for others.
        found = agent.act(np.array(seen) if is_foreign(type(agent)) else seen, memory)
    if not (isinstance(found, tuple) and len(found) == 2):
        raise AgentError(
            f"{who} returned {shown(type(found).__name__)} from act(), not a pair: action probabilities, and "
            "the memory after acting (None without one)."
        )
    return found


def ask(agent: Agent, seen: Float[np.ndarray, "B ..."], memory: Any, *, actions: int) -> tuple[np.ndarray, Any]:
    """Asks an agent for its action probabilities.

    **Arguments:**

    - `agent`: the agent.
    - `seen`: observations.
    - `memory`: its memory, `None` for a memoryless agent.
    - `actions`: how many actions the world has.

    **Returns:** checked probabilities `[B, A]` and the memory after acting.

    **Raises:** `AgentError` if it raises, or returns something that is not a policy.
    """
    returned, memory = act_of(agent, seen, memory)
    return checked_probabilities(returned, name=agent.name, rows=len(seen), actions=actions), memory


def ask_all(agent: Agent, seen: Float[np.ndarray, "B ..."], *, actions: int) -> Float[np.ndarray, "B A"]:
    """Returns a memoryless agent's probabilities on any number of observations, none included.

    **Arguments and raises:** as of `ask`.
    """
    parts = [seen[first : first + BATCH] for first in range(0, len(seen), BATCH)]
    answers = [ask(agent, part, agent.initial_state(len(part)), actions=actions)[0] for part in parts]
    return np.concatenate(answers) if answers else np.zeros((0, actions))


def ask_numbers(
    agent: Agent, seen: Float[np.ndarray, "B ..."], memory: Any, *, outputs: int
) -> tuple[Float[np.ndarray, "B O"], Any]:
    """Asks an agent for the numbers that it answers in a stream without actions.

    **Arguments:** as of `ask`, and `outputs`, how many numbers an answer has.

    **Returns:** finite numbers `[B, O]` and the memory after answering.

    **Raises:** `AgentError` if it raises, or returns anything else.
    """
    returned, memory = act_of(agent, seen, memory)
    return checked_numbers(returned, name=agent.name, rows=len(seen), outputs=outputs), memory


def check_agent(agent: Agent) -> None:
    """Checks what an agent says about itself; `AgentError` names what is missing."""
    if not is_foreign(type(agent)):
        return
    kind = shown(type(agent).__name__, limit=80)
    with code_of_others(f"Agent {kind}", "when it was looked at", error=AgentError):
        found = {field: getattr(agent, field, None) for field in ("name", "kind", "memoryless", "notes")}
    for field, wanted in (("name", str), ("kind", str), ("memoryless", bool | np.bool_)):
        if not isinstance(found[field], wanted) or found[field] == "":
            what = "True or False" if field == "memoryless" else "a text"
            raise AgentError(f"Agent {kind} has {field}={shown(repr(found[field]), limit=80)}; it must be {what}.")
    if not (isinstance(found["notes"], tuple) and all(isinstance(note, str) for note in found["notes"])):
        raise AgentError(f"Agent {quoted(found['name'])} has notes that are no tuple of texts.")


def check_same_answers(agent: Agent, seen: Float[np.ndarray, "B ..."], answers: Float[np.ndarray, "B A"]) -> None:
    """Asks an agent of others again about what it was asked: the same observation must get the same answer.

    **Arguments:**

    - `agent`: whose first answers, from an empty memory, are given.
    - `seen`: what it was shown.
    - `answers`: the probabilities that it gave.

    **Raises:** `AgentError` saying why answers differ, and how to declare a memory.
    """
    if not agent.foreign:
        return

    before = agent.initial_state(len(seen))

    def again(rows: np.ndarray) -> np.ndarray:
        # Who begins with another memory at each place of a batch is asked again with that of the same place.
        memory = _rows_of(before, rows, len(seen))
        memory = agent.initial_state(len(rows)) if memory is None else memory
        return ask(agent, seen[rows], memory, actions=answers.shape[1])[0]

    if why := why_not_the_same(again, answers):
        memory = HOW_TO_DECLARE if agent.memoryless else "From an equal memory it must do the same again."
        raise AgentError(
            f"Agent {quoted(agent.name)} answers the same observations differently when asked again: {why}. {memory}"
        )


def _rows_of(memory: Any, rows: np.ndarray, batch: int) -> Any:
    """Returns a memory of some rows of a batch; `None` where it does not say what belongs to which."""
    if isinstance(memory, np.ndarray) and memory.ndim and len(memory) == batch:
        return memory[rows]
    if isinstance(memory, tuple | list) and memory:
        parts = [_rows_of(part, rows, batch) for part in memory]
        joined = getattr(memory, "_make", type(memory))
        return None if any(part is None for part in parts) else joined(parts)
    if isinstance(memory, dict) and memory:
        parts = {name: _rows_of(part, rows, batch) for name, part in memory.items()}
        return None if any(part is None for part in parts.values()) else parts
    return None
