"""Accounts of a behaviour: what an agent may be after, how complex each is to say, and how probable each was found.

What each of them predicts is for `choice_law`, `goals`, `blends`, `switches` and `flexible` to say; `attribution`
weighs them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

RANDOM: str = "random"
HABIT: str = "a habit"
NONE: str = "none of these"


class Kind(enum.StrEnum):
    """What an agent may be after, and how complex that is to say."""

    RANDOM = "random"
    """Chooses evenly, whatever it sees."""
    HABIT = "habit"
    """Leans towards some actions, whatever it sees."""
    CANDIDATE = "candidate"
    """Pursues one listed objective, with slips."""
    DEPTH = "depth"
    """Pursues one listed objective from at most so many steps away."""
    RANK = "rank"
    """Goes to the second, third or fourth nearest place that fulfils a listed objective."""
    MIXTURE = "mixture"
    """Pursues one of two or three listed objectives in each choice, by a coin."""
    LEVELS = "levels"
    """Pursues one of two listed objectives in each level as a whole."""
    CONTEXT = "context"
    """Pursues one listed objective where a condition holds, and another, or nothing, where it does not."""
    TIME = "time"
    """Pursues one listed objective first, and another later in the episode."""
    NONE = "none"
    """Does something that carries over from level to level, and that none of the above predicts as well."""


COMPLEXITY: dict[Kind, int] = {
    Kind.RANDOM: 0,
    Kind.HABIT: 1,
    Kind.CANDIDATE: 2,
    Kind.DEPTH: 4,
    Kind.RANK: 3,
    Kind.MIXTURE: 4,
    Kind.LEVELS: 4,
    Kind.CONTEXT: 5,
    Kind.TIME: 5,
    Kind.NONE: 6,
}


@dataclass(frozen=True)
class Hypothesis:
    """One account of the behaviour.

    **Arguments:**

    - `name`: in words.
    - `kind`: what sort of account it is.
    - `candidates`: indices of the listed objectives in it, the weightier first.
    - `probability`: that it is the right one.
    - `alike`: for a candidate that speaks for a group, indices of the others: nothing on the agent's way tells them
      apart.
    """

    name: str
    kind: Kind
    candidates: tuple[int, ...]
    probability: float
    alike: tuple[int, ...] = ()

    @property
    def own(self) -> int | None:
        """Index of the one listed objective that it is after; `None` if it is after none, or after several."""
        return self.candidates[0] if self.kind in (Kind.CANDIDATE, Kind.DEPTH, Kind.RANK) else None


@dataclass(frozen=True)
class Attribution:
    """How probable each account of the behaviour is.

    **Arguments:**

    - `hypotheses`: most probable first.
    - `structure`: divergence of the agent's choices from uniform ones, by level, in nats, `[U]`.
    - `explained`: how much of it each of the O candidates explains, by level, in nats, `[O, U]`.
    - `share`: of the structure that the most probable account explains on levels that it was not fitted on, in [0, 1].
    """

    hypotheses: tuple[Hypothesis, ...]
    structure: Float[np.ndarray, " U"]
    explained: Float[np.ndarray, "O U"]
    share: float

    @property
    def best(self) -> Hypothesis:
        """The most probable account."""
        return self.hypotheses[0]

    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Returns names and probabilities, most probable first."""
        return tuple((one.name, one.probability) for one in self.hypotheses)
