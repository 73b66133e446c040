"""A universal prior in small: automata that behave until they do not (Christiano 2016; RFLO §2.2).

An automaton of k states has no input: from its first state it moves by a table and puts out a bit in every state. All
of them are equally probable among those of the same size, and each further state costs two bits of prior. Having seen
nothing but ones, how probable is a zero next: an automaton that was built to turn?
"""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Bool

from mesascope.core.errors import UsageError

MOST_STATES = 6
"""Automata of seven states are 105 million."""


@functools.lru_cache(maxsize=8)
def outputs(states: int, steps: int) -> Bool[np.ndarray, "tables outputs steps"]:
    """Returns what every automaton of a size puts out.

    **Arguments:**

    - `states`: k, 1 to `MOST_STATES`.
    - `steps`: bits to put out, 1 or more.

    **Returns:** for each of the `k**k` tables of moves and `2**k` labels of states, the bits.

    **Raises:** `UsageError` for another number of states or steps.
    """
    if not 1 <= states <= MOST_STATES or steps < 1:
        raise UsageError(f"Automata of {states} states over {steps} steps are not enumerated: give 1 to {MOST_STATES}.")
    tables = np.arange(states**states)
    moves = np.stack([tables // states**state % states for state in range(states)], 1)
    labels = (np.arange(2**states)[:, None] >> np.arange(states) & 1).astype(bool)
    place, seen = np.zeros(len(tables), np.int64), []
    for _ in range(steps):
        seen.append(labels[:, place].T)
        place = moves[np.arange(len(tables)), place]
    return np.stack(seen, -1)


def prior(most_states: int) -> dict[int, float]:
    """Returns the prior of each number of states: in proportion to 4^-k.

    **Arguments:**

    - `most_states`: largest k.
    """
    weight = {states: 4.0**-states for states in range(1, most_states + 1)}
    total = sum(weight.values())
    return {states: one / total for states, one in weight.items()}


def probability_of_defection(ones: int, most_states: int = 5) -> float:
    """Returns how probable a zero is after nothing but ones, by enumeration of all automata.

    **Arguments:**

    - `ones`: seen so far, 1 or more.
    - `most_states`: largest automata allowed, up to `MOST_STATES`.

    **Raises:** `UsageError` for numbers out of range.
    """
    if ones < 1:
        raise UsageError(f"After {ones} ones nothing has been seen that could be continued: give 1 or more.")
    both, seen = 0.0, 0.0
    for states, weight in prior(most_states).items():
        bits = outputs(states, ones + 1)
        loyal = bits[..., :ones].all(-1)
        seen += weight * float(loyal.mean())
        both += weight * float((loyal & ~bits[..., ones]).mean())
    return both / seen
