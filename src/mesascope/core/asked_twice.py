"""Asking code of others twice: does the same question get the same answer, in whatever batch it is asked?"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

SAME: float = 1e-3
"""Answers may differ by this, times the largest of them if that is more than 1: the rounding of another batch size."""

AGAIN: int = 192
"""Questions that are asked again in one batch, in another order."""
ALONE: int = 24
"""Questions that are asked alone."""
ALIKE: int = 48
"""Times that one question is asked in one batch, to find out why answers differ."""

TIES: int = 64
"""One in so many questions may be answered differently."""

Ask = Callable[[Int[np.ndarray, " B"]], Float[np.ndarray, "B ..."]]
"""Asks the questions of these numbers in one batch."""

RANDOM = "it draws random numbers"
COUNTS = "it keeps something between calls, such as a count of them, or draws one random number a call"
PLACE = "it answers by place in the batch"
SIZE = "it answers by the size of the batch"
OTHERS = "it answers by what else is in the batch"


def why_not_the_same(ask: Ask, answers: Float[np.ndarray, "N ..."], *, seed: int = 0) -> str | None:
    """Returns why questions that were answered get another answer now, or `None` if they get the same.

    Some are asked again in another order, in another batch size, and alone.

    **Arguments:**

    - `ask`: asks again.
    - `answers`: what was answered to questions 0 to N-1.
    - `seed`: of the choice of questions.
    """
    count = len(answers)
    if not count:
        return None
    order = np.random.default_rng(seed).permutation(count)[:AGAIN]
    before = _random_states()
    # One of each answer first: an answer that depends on the others in a batch may be given to few.
    _, first = np.unique(np.round(answers.reshape(count, -1)[order], 3), axis=0, return_index=True)
    alone = np.concatenate([order[np.sort(first)], np.delete(order, first)])[:ALONE]
    others = np.concatenate([ask(order), *(ask(alone[place : place + 1]) for place in range(len(alone)))])
    different = ~_alike(others, answers[np.concatenate([order, alone])])
    # Where two choices are nearly as good, rounding may turn the better into the worse.
    if different.sum() <= len(order) // TIES:
        return None
    if _random_states() != before:
        return RANDOM
    alike = np.full(ALIKE, order[0])
    first, second = ask(alike), ask(alike)
    by_place, changes = not _same(first, np.broadcast_to(first[:1], first.shape)), not _same(first, second)
    if changes:
        return RANDOM if by_place else COUNTS
    if by_place:
        return PLACE
    if not _same(ask(alike[:1]), first[:1]):
        return SIZE
    if not _same(ask(order)[0][None], first[:1]):
        return OTHERS
    return COUNTS


def _alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns which answers of two lists are the same."""
    largest = max(1.0, float(np.abs(one).max(initial=0.0)), float(np.abs(other).max(initial=0.0)))
    same = np.asarray(np.abs(one - other) <= SAME * largest)
    return np.asarray(same.reshape(len(one), -1).all(-1))


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(_alike(one, other).all())


def _random_states() -> tuple[object, ...]:
    """Returns the states of the generators that programs share."""
    kind, numbers, *rest = np.random.get_state()  # noqa: NPY002 - what others draw from
    states: tuple[object, ...] = (random.getstate(), (kind, np.asarray(numbers).tobytes(), *rest))
    torch = sys.modules.get("torch")
    return states if torch is None else (*states, torch.get_rng_state().numpy().tobytes())
