"""Learners of the two-step task: by what was rewarded, by a model of where choices lead, or by both (Daw et al. 2011).

Without choices in the second step, values of places are learned by a delta rule. Who plans weighs them by the chances
to come there; who does not moves a choice's value towards the place's value and, by its trace, towards the reward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

START: float = 0.5
"""What places and choices are held to be worth at first."""
PARTS: tuple[str, ...] = ("planned", "traced", "bootstrapped", "last")
"""What speaks for the second choice: values by the model, by rewards (a trace of 1) and by values of places (a trace of
0), and what was chosen last (1 or -1). A trace between 0 and 1 is a mixture of the two in the middle."""


def evidence(
    choices: Int[np.ndarray, "B T"],
    places: Int[np.ndarray, "B T"],
    rewards: Float[np.ndarray, "B T"],
    *,
    rates: Float[np.ndarray, " R"],
    common: float,
) -> Float[np.ndarray, "R B T 4"]:
    """Returns what speaks for the second choice before each trial, by inner learning rate, in the order of `PARTS`.

    **Arguments:**

    - `choices`, `places`, `rewards`: of T trials in B episodes, choices and places being 0 or 1.
    - `rates`: inner learning rates, of places and choices alike.
    - `common`: chance that a choice leads to the place of its own number.
    """
    memory = Memory.of(len(rates), len(choices))
    found = np.empty((len(rates), *choices.shape, len(PARTS)))
    for trial in range(choices.shape[1]):
        found[:, :, trial] = memory.parts(common)
        memory = memory.after(choices[:, trial], places[:, trial], rewards[:, trial], rates)
    return found


@dataclass(frozen=True)
class Memory:
    """Values after some trials, of two places or choices at each of R rates in B episodes.

    **Arguments:**

    - `places`, `traced`, `bootstrapped`: values of places, and of choices by rewards and by values of places.
    - `last`: what was chosen last: 1, -1, or 0 before the first trial, `[B]`.
    """

    places: Float[np.ndarray, "R B 2"]
    traced: Float[np.ndarray, "R B 2"]
    bootstrapped: Float[np.ndarray, "R B 2"]
    last: Float[np.ndarray, " B"]

    @classmethod
    def of(cls, rates: int, episodes: int) -> Memory:
        """Returns what is held before the first trial."""
        start = np.full((rates, episodes, 2), START)
        return cls(start, start, start, np.zeros(episodes))

    def parts(self, common: float) -> Float[np.ndarray, "R B 4"]:
        """Returns what speaks for the second choice."""
        places, traced, bootstrapped = (
            one[..., 1] - one[..., 0] for one in (self.places, self.traced, self.bootstrapped)
        )
        last = np.broadcast_to(self.last, places.shape)
        return np.stack([(2 * common - 1) * places, traced, bootstrapped, last], -1)

    def after(self, choice: np.ndarray, place: np.ndarray, reward: np.ndarray, rates: np.ndarray) -> Memory:
        """Returns what is held after a trial of each episode, `[B]` each."""
        made, come = ((one[:, None] == np.arange(2)) * rates[:, None, None] for one in (choice, place))
        worth = np.take_along_axis(self.places, np.broadcast_to(place[None, :, None], (len(rates), len(place), 1)), -1)
        paid = reward[:, None]
        return Memory(
            self.places + come * (paid - self.places),
            self.traced + made * (paid - self.traced),
            self.bootstrapped + made * (worth - self.bootstrapped),
            2.0 * choice - 1,
        )
