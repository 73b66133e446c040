"""Labellers who know the base objective and are wrong at times: by noise, mistakes, a liking, or what they see."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.rounding import DIGITS
from mesascope.objectives.objective import Objectives
from mesascope.oversight.rewards.labeller import Labeller
from mesascope.oversight.rewards.segments import Pairs, Segments
from mesascope.worlds.world import World

TEMPERATURE: float = 0.05
"""Difference of returns at which a Boltzmann labeller is right with probability .73: that of reaching a goal at once or
one step later, at a discount of .95."""


@final
@dataclass(frozen=True)
class SimulatedLabeller(Labeller):
    """Prefers one of two segments by the return that it sees, `P(first) = sigmoid((R1 - R2) / temperature)` (Bradley
    and Terry 1952; Christiano et al. 2017, §2.2.3), and else answers at random.

    **Arguments:**

    - `temperature`: in units of return, 0 or more; at 0 it always prefers the larger, and equal ones toss a coin.
    - `mistaken`: share of answers that a coin decides, in [0, 1) (Ibarz et al. 2018: 0.1).
    - `likes`: an attribute that pleases it whatever the base objective says; empty for none.
    - `liking`: how much each discounted time of it is worth, in units of return.
    - `horizon`: steps from the start that it sees; 0 for all.
    - `seen`: share of a level's states, drawn anew for each pair, in which it sees what happens, in (0, 1].
    - `advice`: what a helper takes each attribute to be worth each time, in units of return: that is believed of the
      steps that it does not see.
    """

    temperature: float = TEMPERATURE
    mistaken: float = 0.0
    likes: str = ""
    liking: float = 0.0
    horizon: int = 0
    seen: float = 1.0
    advice: tuple[float, ...] = ()

    def __post_init__(self):
        if self.temperature < 0 or not 0 <= self.mistaken < 1 or self.horizon < 0 or not 0 < self.seen <= 1:
            raise UsageError(
                f"A labeller's temperature and horizon are 0 or more, mistaken lies in [0, 1) and seen in (0, 1]; "
                f"given: {self}."
            )

    def label(self, world: World, objectives: Objectives, pairs: Pairs, *, key: RandomKey) -> Float[np.ndarray, " N"]:
        random = np.random.default_rng(seed_of(key))
        visible = random.random((pairs.levels.count, pairs.levels.states)) < self.seen
        difference = self._return(world, objectives, pairs.levels, pairs.first, visible)
        difference -= self._return(world, objectives, pairs.levels, pairs.second, visible)
        return self.answers(difference, random)

    def assisted(self, weights: Float[np.ndarray, " F"]) -> SimulatedLabeller:
        if not self.temperature:
            raise UsageError(
                "A labeller of temperature 0 cannot be assisted: answers without noise do not tell how much better, so "
                "what a helper learns from them has no scale."
            )
        return dataclasses.replace(self, advice=tuple((weights * self.temperature).tolist()))

    def answers(self, difference: Float[np.ndarray, " N"], random: np.random.Generator) -> Float[np.ndarray, " N"]:
        """Returns its choices, 1 or 0, between pairs whose first segment it sees to be better by so much."""
        coin = random.random(len(difference))
        # Which of two returns is larger must not hang on the last bits of a sum.
        difference = difference.round(DIGITS)
        sure = expit(difference / self.temperature) if self.temperature else (np.sign(difference) + 1) / 2
        return (coin < (1 - self.mistaken) * sure + self.mistaken / 2).astype(np.float64)

    def _return(self, world: World, objectives: Objectives, levels, segments: Segments, visible) -> np.ndarray:
        gains = segments.gains(levels, objectives)
        if self.likes:
            if self.likes not in world.attributes:
                raise UnknownNameError(
                    f"attribute of world '{world.name}' for a labeller to like", self.likes, world.attributes
                )
            liked = segments.attributes(levels)[..., world.attributes.index(self.likes)]
            gains = gains + self.liking * liked * segments.weights(levels)
        shown = visible[np.arange(levels.count)[:, None], segments.states]
        if self.horizon:
            shown = shown & (np.arange(segments.steps) < self.horizon)
        if self.advice:
            told = segments.attributes(levels) @ np.array(self.advice) * (1 - levels.discount)[:, None]
            return np.where(shown, gains, told * segments.weights(levels)).sum(1)
        return (gains * shown).sum(1)


PERFECT = SimulatedLabeller(temperature=0.0)
BOLTZMANN = SimulatedLabeller()
MISTAKEN = SimulatedLabeller(mistaken=0.1)
BIASED = SimulatedLabeller(likes="stay", liking=0.05)
MYOPIC = SimulatedLabeller(horizon=5)
SEES_PART = SimulatedLabeller(seen=0.5)
