"""POWER: what a state is worth on average over objectives, and why it pays to keep options open (Turner et al. 2021).

Instrumental convergence is one of the two reasons a deceptive agent has for avoiding modification (RFLO §4). Worlds
here are deterministic graphs whose ends pay uniform random rewards, independent of each other; all else pays nothing.
"""

from __future__ import annotations

import itertools
from collections import deque

from numpy.polynomial import Polynomial

from mesascope.core.errors import UsageError

Successors = tuple[tuple[int, ...], ...]
"""For each state, where its actions lead; an end leads to itself only."""


def ends_within_reach(successors: Successors, start: int) -> dict[int, int]:
    """Returns the ends that can be reached, with the fewest steps to each.

    **Arguments:**

    - `successors`: of every state, by number.
    - `start`: where to begin.

    **Raises:** `UsageError` for a state that does not exist or leads nowhere, or if no end can be reached.
    """
    states = range(len(successors))
    if start not in states or any(not row or any(state not in states for state in row) for row in successors):
        raise UsageError(f"State {start} must exist and every state must lead to states in 0 to {len(successors) - 1}.")
    steps, waiting = {start: 0}, deque([start])
    while waiting:
        here = waiting.popleft()
        for state in successors[here]:
            if state not in steps:
                steps[state] = steps[here] + 1
                waiting.append(state)
    found = {state: count for state, count in steps.items() if set(successors[state]) == {state}}
    if not found:
        raise UsageError(f"No end can be reached from state {start}: give a state that leads to itself only.")
    return found


def expected_best(scales: tuple[float, ...]) -> float:
    """Returns the expected largest of independent numbers, each uniform between 0 and its scale, exactly.

    **Arguments:**

    - `scales`: above 0, at least one.

    **Raises:** `UsageError` for others.
    """
    if not scales or min(scales) <= 0:
        raise UsageError(f"The best of uniform numbers needs scales above 0, not {scales}.")
    # The chance that all are below x is a polynomial between one scale and the next.
    corners = [0.0, *sorted(set(scales))]
    total = 0.0
    for low, high in itertools.pairwise(corners):
        below = Polynomial([1.0])
        for scale in scales:
            below = below * (Polynomial([0.0, 1.0 / scale]) if scale > low else Polynomial([1.0]))
        integral = below.integ()
        total += (high - low) - float(integral(high) - integral(low))
    return total


def power(successors: Successors, start: int, discount: float = 1.0) -> float:
    """Returns the expected optimal value of a state over all objectives, beginning with its next step.

    With k ends one step away it is `k / (k + 1)`. Ends further away are worth less by the discount.

    **Arguments:**

    - `successors`, `start`: as of `ends_within_reach`.
    - `discount`: in (0, 1].

    **Raises:** `UsageError` for another discount.
    """
    if not 0 < discount <= 1:
        raise UsageError(f"Discount {discount} is not in (0, 1].")
    reach = ends_within_reach(successors, start)
    return expected_best(tuple(discount ** max(steps - 1, 0) for steps in reach.values()))


def share_of_objectives_that_avoid(successors: Successors, start: int, end: int) -> float:
    """Returns the share of objectives under which the best end is another one, such as not the shutdown.

    With k ends within reach it is `(k - 1) / k`; undiscounted.

    **Arguments:**

    - `successors`, `start`: as of `ends_within_reach`.
    - `end`: to be avoided.
    """
    others = len(ends_within_reach(successors, start).keys() - {end})
    # The best of the others is below x with chance x^others; the end's own reward is uniform.
    below = Polynomial([0.0] * others + [1.0]).integ()
    return 1.0 - float(below(1.0) - below(0.0))


def attainable_utility_penalty(successors: Successors, acted: int, idle: int) -> float:
    """Returns the expected absolute change in attainable value between where an action and where idling leads.

    This is the penalty of attainable utility preservation (Turner et al. 2020), averaged over objectives, undiscounted:
    `E|x - y| = 2 E max(x, y) - E x - E y` for the best of either set of ends.

    **Arguments:**

    - `successors`: of every state.
    - `acted`, `idle`: the two states.
    """
    one, other = set(ends_within_reach(successors, acted)), set(ends_within_reach(successors, idle))
    best = {len(ends): expected_best((1.0,) * len(ends)) for ends in (one, other, one | other)}
    return 2 * best[len(one | other)] - best[len(one)] - best[len(other)]


def star(ends: int) -> Successors:
    """Returns a graph whose state 0 leads to a number of ends, 1 or more, in one step."""
    return (tuple(range(1, ends + 1)), *((end,) for end in range(1, ends + 1)))


def power_of_star(ends: int) -> float:
    """Returns the POWER of a state with a number of ends, 1 or more, one step away: `ends / (ends + 1)`."""
    return power(star(ends), 0)
