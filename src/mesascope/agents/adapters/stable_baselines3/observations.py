"""From what a world shows to what a policy of Stable-Baselines3 sees: axes, one-hot, statistics, frames, masks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.adapters.stable_baselines3.spaces import Part, Space
from mesascope.agents.adapters.stable_baselines3.statistics import Statistics
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.text import quoted

Arrays = dict[str, np.ndarray]
"""By name of a part of the observation."""


@dataclass(frozen=True)
class Seen:
    """One batch of observations as a policy sees them.

    **Arguments:**

    - `parts`: in the shapes of the policy's space; whole numbers one-hot.
    - `masks`: which actions are allowed, `[B, A]`; `None` where the world shows no masks.
    - `frames`: the last ones, which the next call gets; empty where one is enough.
    """

    parts: Arrays
    masks: Bool[np.ndarray, "B A"] | None
    frames: Arrays


class Observations:
    """Prepares observations as Stable-Baselines3's preprocessing and its `VecNormalize` and `VecFrameStack` do.

    **Arguments:**

    - `agent`: its name, for messages.
    - `space`: of the policy.
    - `actions`: how many numbers of a mask may follow an observation; 0 if the agent takes none.
    - `statistics`: of `VecNormalize`, if it was trained with it.
    - `frames`: how many observations are stacked (`VecFrameStack`).

    **Raises:** `UsageError` if statistics or frames do not fit the space.
    """

    def __init__(
        self, agent: str, space: Space, *, actions: int = 0, statistics: Statistics | None = None, frames: int = 1
    ):
        self.agent, self.space, self.actions, self.frames = agent, space, actions, frames
        self.parts = tuple(self._frame(part) for part in space.parts)
        self._before = self._after = None
        if statistics is not None:
            # Whether frames were stacked before or after they were normalized, the shape of the statistics tells.
            for stacked, parts in ((False, self.parts), (True, space.parts)):
                if statistics.fit(parts):
                    self._before, self._after = (None, statistics) if stacked else (statistics, None)
                    break
            else:
                raise UsageError(
                    f"The statistics {quoted(statistics.path, limit=200)} are of observations {statistics.shapes()}; "
                    f"agent {quoted(agent)} reads {self.expected()}. Name those that it was trained with: "
                    "--vecnormalize FILE."
                )

    @property
    def flat(self) -> int:
        """How many numbers one observation has, laid out flat."""
        return sum(part.size for part in self.parts)

    @property
    def plainest(self) -> tuple[int, ...]:
        """A shape that `reads` accepts."""
        return (self.flat,) if self.space.dictionary or self.parts[0].counts else self.parts[0].shape

    def normalizes(self, name: str) -> bool:
        """Says whether a part of the observation is normalized."""
        used = self._before or self._after
        return used is not None and name in used.moments

    def reads(self, shape: tuple[int, ...]) -> bool:
        """Says whether observations of this shape can be shown to the agent."""
        return shape in self._shapes()

    def masked(self, shape: tuple[int, ...]) -> bool:
        """Says whether observations of this shape end in a mask of actions."""
        return bool(self.actions) and shape == (self.flat + self.actions,)

    def expected(self) -> str:
        """Returns what `reads` accepts, for a message."""
        if self.space.dictionary:
            entries = ", ".join(f"{quoted(part.name)}: {part.text()}" for part in self.parts)
            text = f"dictionaries {{{entries}}} laid out as one vector [{self.flat}] in this order"
        else:
            text = self.parts[0].text()
        if self.actions:
            text += f", or vectors [{self.flat + self.actions}] that end in a mask of its {self.actions} actions"
        return text + (f"; {self.frames} of them are stacked" if self.frames > 1 else "")

    def frames_in(self, shape: tuple[int, ...]) -> int | None:
        """Returns how many observations of a shape one of the policy's is made of; `None` if it is not of any."""
        part = self.space.parts[0]
        if self.space.dictionary or part.counts or not part.shape:
            return None
        own, shown = list(part.shape), list(shape)
        if part.image and len(shown) == 3 and shown != own:
            shown = [shown[2], *shown[:2]]
        axis = _axis(part)
        if len(own) != len(shown) or own[axis] % shown[axis]:
            return None
        count, own[axis] = own[axis] // shown[axis], shown[axis]
        return count if own == shown and count > 1 else None

    def initial_frames(self, batch: int) -> Arrays:
        """Returns the frames before an episode begins: zeros, as `VecFrameStack` has them."""
        if self.frames == 1:
            return {}
        return {part.name: np.zeros((batch, *part.shape), np.float32) for part in self.space.parts}

    def see(self, observations: Float[np.ndarray, "B ..."], frames: Mapping[str, np.ndarray]) -> Seen:
        """Returns a batch of observations as the policy sees them.

        **Arguments:**

        - `observations`: as a world shows them, one per episode.
        - `frames`: the last ones, from `initial_frames` or the call before.

        **Raises:** `AgentError` if they have another shape, or values that cannot be.
        """
        shape = observations.shape[1:]
        if not self.reads(shape):
            raise AgentError(
                f"Agent {quoted(self.agent)} reads {self.expected()}; it was shown observations of shape {list(shape)}."
            )
        values, masks = np.asarray(observations, np.float32), None
        if self.masked(shape):
            values, shown = values[:, : self.flat], values[:, self.flat :]
            if not np.isin(shown, (0, 1)).all():
                raise AgentError(f"The masks of actions shown to agent {quoted(self.agent)} are not all 0 or 1.")
            masks = shown == 1
        parts: Arrays = {}
        place = 0
        for part in self.parts:
            own = values[:, place : place + part.size] if self.space.dictionary else values
            place += part.size
            parts[part.name] = self._encoded(part, own)
        parts = self._before.apply(parts) if self._before is not None else parts
        if self.frames > 1:
            parts = {part.name: _stacked(part, parts[part.name], frames[part.name]) for part in self.parts}
        kept = dict(parts) if self.frames > 1 else {}
        return Seen(self._after.apply(parts) if self._after is not None else parts, masks, kept)

    def _frame(self, part: Part) -> Part:
        """One frame of what is stacked in a part."""
        if self.frames == 1:
            return part
        axis = _axis(part)
        if part.counts or not part.shape or part.shape[axis] % self.frames:
            raise UsageError(
                f"Agent {quoted(self.agent)} reads {part.text()}, which are not {self.frames} frames stacked. Give "
                "the number with which it was trained: --frame-stack N, or 1 for none."
            )
        shape = list(part.shape)
        shape[axis] //= self.frames
        return dataclasses.replace(part, shape=tuple(shape))

    def _shapes(self) -> set[tuple[int, ...]]:
        with_mask = {(self.flat + self.actions,)} if self.actions else set()
        if self.space.dictionary:
            return {(self.flat,)} | with_mask
        part = self.parts[0]
        if part.counts:
            return {(part.size,), (len(part.counts),)} | with_mask
        if part.image:
            return {part.shape, (*part.shape[1:], part.shape[0])} | with_mask
        return {part.shape, (part.size,)} | with_mask

    def _encoded(self, part: Part, values: np.ndarray) -> np.ndarray:
        shape = values.shape[1:]
        if part.counts:
            # A world of one value may show it as the number 0 or as the vector [1].
            if part.size == len(part.counts):
                return np.ones((len(values), part.size), np.float32)
            return values if shape == (part.size,) else self._one_hot(part, values)
        if part.image and shape != part.shape:
            channels, *size = part.shape
            return values.reshape(-1, *size, channels).transpose(0, 3, 1, 2)
        return values.reshape(-1, *part.shape)

    def _one_hot(self, part: Part, values: np.ndarray) -> np.ndarray:
        index, counts = np.rint(values).astype(np.int64), np.asarray(part.counts)
        if ((index < 0) | (index >= counts)).any():
            wrong = index[((index < 0) | (index >= counts)).any(-1)][0].tolist()
            shown = wrong[0] if part.kind == "Discrete" else wrong
            raise AgentError(f"Agent {quoted(self.agent)} reads {self.expected()}; it was shown {shown}.")
        result = np.zeros((len(index), part.size), np.float32)
        starts = np.concatenate([[0], counts[:-1].cumsum()])
        np.put_along_axis(result, index + starts, 1, axis=-1)
        return result


def _axis(part: Part) -> int:
    """The axis of one observation along which frames are stacked: channels of images, else the last."""
    return 0 if part.image else len(part.shape) - 1


def _stacked(part: Part, newest: np.ndarray, before: np.ndarray) -> np.ndarray:
    axis = _axis(part) + 1
    kept = np.take(before, np.arange(newest.shape[axis], before.shape[axis]), axis=axis)
    return np.concatenate([kept, newest], axis=axis)
