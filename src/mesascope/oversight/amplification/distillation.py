"""Amplification and distillation in turns: the overseer asks a table of its own last answers, and writes the next one.

What an agent that is trained to answer as the amplified overseer does gets wrong, the noise here stands for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.oversight.amplification.tasks import AmplificationTask


@dataclass(frozen=True)
class Course:
    """How well questions are answered after each round.

    **Arguments:**

    - `accuracy`: share of right answers of each level after each round, `[rounds, levels]`.
    """

    accuracy: Float[np.ndarray, "rounds levels"]

    @property
    def solved(self) -> tuple[int, ...]:
        """The round from which on each level is answered without a mistake, from 1; 0 for one that never is."""
        right = np.logical_and.accumulate(self.accuracy[::-1] == 1)[::-1]
        return tuple(np.where(right.any(0), right.argmax(0) + 1, 0).tolist())

    @property
    def final(self) -> Float[np.ndarray, " levels"]:
        """The accuracy of each level after the last round."""
        return self.accuracy[-1]


@functools.cache
def course(
    task: Callable[..., AmplificationTask], *, rounds: int, noise: float = 0.0, repeats: int = 1, seed: int = 0
) -> Course:
    """Lets an overseer answer all questions in rounds, each time asking a distilled copy of its last answers.

    **Arguments:**

    - `task`: draws the questions, given a numpy generator.
    - `rounds`: 1 or more. Before the first, answers are drawn at random.
    - `noise`: chance that distillation gets an answer wrong, independently, in [0, 1].
    - `repeats`: how many tasks are drawn; accuracies are means over them.
    - `seed`: of everything that is drawn.

    **Raises:** `UsageError` for fewer rounds or another noise.
    """
    if rounds < 1 or repeats < 1 or not 0 <= noise <= 1:
        raise UsageError(
            f"rounds={rounds}, repeats={repeats}, noise={noise}: amplification takes 1 or more and noise in [0, 1]."
        )
    random, courses = np.random.default_rng(seed), []
    for _ in range(repeats):
        one = task(random)
        count, sizes = len(one.levels), np.bincount(one.levels)
        answers, accuracy = random.integers(one.answers, size=count), []
        for _ in range(rounds):
            # Another answer, so that `noise` is the chance of a wrong one.
            shift = np.where(random.random(count) < noise, random.integers(1, one.answers, size=count), 0)
            answers = (one.amplified(answers) + shift) % one.answers
            accuracy.append(np.bincount(one.levels, answers == one.truth) / sizes)
        courses.append(accuracy)
    return Course(np.mean(courses, axis=0))


def independent_accuracy(noise: float, levels: int) -> Float[np.ndarray, " levels"]:
    """Returns the accuracy of each level if nothing on the way were asked twice: `(1 - e)^(2^(k+1) - 1)`."""
    return (1 - noise) ** (2.0 ** (np.arange(levels) + 1) - 1)


def powering_accuracy(noise: float, *, values: int, levels: int) -> Float[np.ndarray, " levels"]:
    """Returns the accuracy of powering, where what is asked twice is answered alike; a derivation of our own.

    Question `k` asks `2^(k-j)` questions of each level `j`, at every `2^j`-th place of its value's cycle. A random
    permutation puts a value on a cycle of each length `L` alike, and there `min(2^(k-j), L / gcd(L, 2^j))` of them are
    different. Errors that make up for one another are left out.
    """
    length = np.arange(1, values + 1)[:, None, None]
    k, j = np.arange(levels)[:, None], np.arange(levels)
    asked = np.where(j <= k, np.minimum(2.0 ** np.maximum(k - j, 0), length // np.gcd(length, 2**j)), 0).sum(-1)
    return ((1 - noise) ** asked).mean(0)
