"""What a property is: something that is true or false of what an agent does in a state, or from there on."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.errors import UsageError
from mesascope.proof.state_set import Part
from mesascope.worlds.level import Level

TIE: float = 1e-6
"""Actions whose logits differ by no more than this are equally likely: networks compute in single precision."""


def possible_actions(
    policy: Float[np.ndarray, "*batch A"], taken_above: float | None = None
) -> Bool[np.ndarray, "*batch A"]:
    """Returns which actions an agent may be seen to take: its likeliest one, and those that tie with it.

    **Arguments:**

    - `policy`: action probabilities.
    - `taken_above`: every action with more than this probability counts, too; in [0, 1).
    """
    possible = policy >= policy.max(-1, keepdims=True) * np.exp(-TIE)
    return possible if taken_above is None else possible | (policy > taken_above)


@dataclass(frozen=True, eq=False)
class Choices:
    """What an agent without memory does in a part of a set.

    **Arguments:**

    - `policy`: action probabilities; `possible`: those that it may be seen to take.
    - `ask`: returns its possible actions `[B, A]` for other observations `[B, ...]`.
    """

    policy: Float[np.ndarray, "N S A"]
    possible: Bool[np.ndarray, "N S A"]
    ask: Callable[[np.ndarray], np.ndarray]


class Property(abc.ABC):
    """Something that is true or false of what an agent does in a state, or from there on."""

    from_start: bool = False
    """Whether it is about a whole episode from a state, rather than about the choice there."""

    @property
    @abc.abstractmethod
    def words(self) -> str:
        """What shall be true, after "it"."""

    @abc.abstractmethod
    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        """Returns in which states it is false."""

    def counted(self, part: Part) -> Bool[np.ndarray, "N S"]:
        """Returns which states it says something about."""
        return part.there

    def testable(self, part: Part) -> Bool[np.ndarray, "N S"]:
        """Returns in which states some choice would violate it: elsewhere, that it is not violated means nothing."""
        return self.counted(part)

    def ends(self, levels: Level) -> Bool[np.ndarray, "N S A K"]:
        """Returns the transitions after which it says nothing any more."""
        return np.zeros(np.shape(levels.successors), bool)


class ActionProperty(Property):
    """One about which actions may be taken in which state."""

    @abc.abstractmethod
    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        """Returns which actions are allowed in each state; axes may be 1 long where all levels or states are alike."""

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        return np.asarray((choices.possible & ~self.allowed(part.levels)).any(-1))

    def testable(self, part: Part) -> Bool[np.ndarray, "N S"]:
        return self.counted(part) & ~self.allowed(part.levels).all(-1)


def levels_of_part(levels: Level | None, wanted: Property) -> Level:
    """Returns levels that are there; `UsageError` says of bare observations that the property needs levels."""
    if levels is None:
        raise UsageError(
            f"That it {wanted.words} is about levels, in which things happen; this is a set of observations only. Name "
            "actions that it never or always takes."
        )
    return levels
