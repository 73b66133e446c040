"""An overseer of segments who looks one step ahead, amplified by asking itself about the places a step leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.core.rounding import DIGITS
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.oversight.rewards.labeller import Labeller
from mesascope.oversight.rewards.segments import Pairs, Segments
from mesascope.planning.evaluation import without_layout
from mesascope.planning.value_iteration import action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import World


@final
@dataclass(frozen=True)
class AmplifiedOverseer(Labeller):
    """Prefers the segment with the larger return, if what follows it is as good as can be foreseen.

    By itself it sees what happened, and what one step more would bring. To see further it asks copies of itself about
    the places that this step leads to, as in the tasks of Christiano et al. (2018): what is `k` steps away is known
    after `k` rounds.

    **Arguments:**

    - `rounds`: how often it is amplified, 0 or more; at 0 it sees only what happened.
    - `noise`: chance in each round that distillation mistakes a state for any other of its level, in [0, 1].
    """

    rounds: int = 32
    noise: float = 0.0

    def __post_init__(self):
        if self.rounds < 0 or not 0 <= self.noise <= 1:
            raise UsageError(f"An overseer is amplified 0 times or more, with noise in [0, 1]; given: {self}.")

    def label(self, world: World, objectives: Objectives, pairs: Pairs, *, key: RandomKey) -> Float[np.ndarray, " N"]:
        levels, rounds, noise = without_layout(pairs.levels), jnp.int32(self.rounds), jnp.float32(self.noise)
        values = np.asarray(foreseen(levels, objectives, rounds, noise, key=key))
        first, second = (_worth(objectives, pairs.levels, one, values) for one in (pairs.first, pairs.second))
        return (np.sign((first - second).round(DIGITS)) + 1) / 2


@eqx.filter_jit
def foreseen(
    levels: Level, objectives: Objectives, rounds: Int[Array, ""], noise: Float[Array, ""], *, key: RandomKey
) -> Float[Array, "N S"]:
    """Returns how good each state of a batch of levels looks after so many rounds, under one objective."""
    reward, continuation = rewards(objectives, levels), continuations(objectives, levels)

    def amplify(turn, values):
        key_which, key_other = jax.random.split(jax.random.fold_in(key, turn))
        better = jnp.where(levels.terminal[..., None], 0, action_values(levels, reward, continuation, values).max(-2))
        other = jax.random.randint(key_other, values.shape[:2], 0, values.shape[1])
        mistaken = jax.random.bernoulli(key_which, noise, values.shape[:2])
        asked = jnp.where(mistaken, other, jnp.arange(values.shape[1]))
        return jnp.take_along_axis(better, asked[..., None], axis=1)

    start = jnp.zeros((*levels.initial.shape, 1), levels.attributes.dtype)
    return jax.lax.fori_loop(0, rounds, amplify, start)[..., 0]


def _worth(
    objectives: Objectives, levels: Level, segments: Segments, values: Float[np.ndarray, "N S"]
) -> Float[np.ndarray, " N"]:
    """The return of each segment, and the discounted value of the state it ends in unless the episode is over."""
    row, last = np.arange(levels.count), np.maximum(segments.lengths - 1, 0)
    state, action, outcome = (part[row, last] for part in (segments.states, segments.actions, segments.outcomes))
    end = np.where(segments.lengths > 0, np.asarray(levels.successors)[row, state, action, outcome], state)
    over = (segments.attributes(levels) @ np.asarray(objectives.stops, np.float64)[0] > 0).any(1)
    later = np.asarray(levels.discount, np.float64) ** segments.lengths * values[row, end]
    return segments.gains(levels, objectives).sum(1) + np.where(over, 0.0, later)


AMPLIFIED = AmplifiedOverseer()
