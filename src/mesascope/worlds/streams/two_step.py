"""The two-step task (Daw et al. 2011; without choices in the second step, Wang et al. 2016): who knows why it was paid?

A choice leads to one of two places, commonly or rarely, and the place pays. Who repeats what was rewarded ignores the
way there; who plans with a model stays after a common reward and leaves after a rare one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream


@dataclass(frozen=True)
class TwoStep(Stream):
    """One place pays often, the other rarely, and from time to time they change roles; one trial is one step.

    **Arguments:**

    - `trials`: in an episode.
    - `common`: chance that a choice leads to its own place.
    - `pays`: chance of a reward in the place that pays often; the other one has what is missing to 1.
    - `reversal`: chance that the places change roles before a trial.
    """

    trials: int = 100
    common: float = 0.8
    pays: float = 0.9
    reversal: float = 0.025

    name = "two-step"
    summary = "Choices lead to places, commonly or rarely, and places pay: model-free or model-based?"
    signals = ("reward",)

    def __post_init__(self):
        chances = (self.common, self.pays, self.reversal)
        if self.trials < 2 or not all(0 <= chance <= 1 for chance in chances):
            raise WorldError(
                f"trials={self.trials} must be 2 or more, and common={self.common}, pays={self.pays} and "
                f"reversal={self.reversal} in [0, 1]."
            )

    @property
    def actions(self) -> tuple[str, ...]:
        return ("left", "right")

    @property
    def observed(self) -> tuple[str, ...]:
        return ("chose left", "chose right", "came to A", "came to B", "reward")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"reward": (4,)}

    @property
    def steps(self) -> int:
        return self.trials

    def sample(self, *, key: RandomKey) -> Int[Array, ""]:
        """Draws which place pays often at first: 0 or 1."""
        return jax.random.bernoulli(key).astype(jnp.int32)

    def begin(self, task: Array, *, key: RandomKey) -> tuple[Array, Float[Array, " D"]]:
        return task, jnp.zeros(5)

    def step(
        self, task: Array, state: Array, answer: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Array, Float[Array, " D"], Float[Array, " N"]]:
        drawn = jax.random.uniform(key, (3,))
        place = jnp.where(drawn[0] < self.common, answer, 1 - answer)
        reward = (drawn[1] < jnp.where(place == state, self.pays, 1 - self.pays)).astype(jnp.float32)
        seen = jnp.concatenate([jax.nn.one_hot(answer, 2), jax.nn.one_hot(place, 2), reward[None]])
        return jnp.where(drawn[2] < self.reversal, 1 - state, state), seen, reward[None]

    def shifts(self) -> Mapping[str, Stream]:
        return {
            "crossed": replace(self, common=1 - self.common),
            "restless": replace(self, reversal=min(4 * self.reversal, 1.0)),
            "longer": replace(self, trials=2 * self.trials),
        }


def stay_probabilities(
    choices: Int[np.ndarray, "B T"], common: Bool[np.ndarray, "B T"], rewards: Float[np.ndarray, "B T"]
) -> Float[np.ndarray, "2 2"]:
    """Returns how often choices are repeated, by whether they led to a rare or a common place, and paid nothing or 1.

    `table[1, 1] - table[1, 0] - table[0, 1] + table[0, 0]` is 0 for who goes by the last reward alone, and above 0 for
    who considers how it came there. Who learns without a model from earlier rewards, too, shows some of it.

    **Arguments:**

    - `choices`, `common`, `rewards`: of T trials in B episodes.
    """
    stayed, before = choices[:, 1:] == choices[:, :-1], (common[:, :-1], rewards[:, :-1] > 0)
    return np.array([[stayed[(before[0] == way) & (before[1] == paid)].mean() for paid in (0, 1)] for way in (0, 1)])
