"""Demonstrations: episodes of states and actions, checked against the levels that they are said to come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level

OVER: str = (
    "Say how episodes end: with a terminal state or an attribute that stops them (`stops`), or pass "
    "`truncated=True` if they were cut off from outside, which then says nothing about the agent."
)


@dataclass(frozen=True)
class Episode:
    """One episode.

    **Arguments:**

    - `states`: one more than there are actions: the last is where it ended, `[T + 1]`.
    - `actions`: `[T]`.
    - `level`: index of its level.
    - `truncated`: whether it was cut off rather than over.
    """

    states: Int[np.ndarray, " T1"]
    actions: Int[np.ndarray, " T"]
    level: int = 0
    truncated: bool = False

    def __post_init__(self):
        for part in ("states", "actions"):
            numbers = np.asarray(getattr(self, part))
            if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
                raise UsageError(
                    f"The {part} of an episode are whole numbers, not {numbers.dtype}; episodes of observations are "
                    "brought by mesascope.demonstrations(recordings, world)."
                )
            object.__setattr__(self, part, numbers.astype(np.int64))
        if self.states.ndim != 1 or self.actions.ndim != 1 or len(self.states) != len(self.actions) + 1:
            raise UsageError(
                f"An episode of {np.size(self.actions)} actions has {np.size(self.actions) + 1} states, the last one "
                f"included; given are {np.size(self.states)}."
            )


@dataclass(frozen=True)
class Demonstrations:
    """Episodes in one or several levels.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `episodes`: at least one, with at least one action among them.
    - `stops`: attributes, by index, whose occurrence ends an episode.

    **Raises:** `UsageError` naming the episode and step if there are none, a state or action does not exist, a step is
    impossible in its level, or an episode ends where nothing says that it may.
    """

    levels: Level
    episodes: tuple[Episode, ...]
    stops: tuple[int, ...] = ()

    def __post_init__(self):
        if not (isinstance(self.levels, Level) and all(isinstance(one, Episode) for one in self.episodes)):
            raise UsageError(
                "Demonstrations are of a Level and a sequence of Episodes; recordings of another form are brought by "
                "mesascope.demonstrations(recordings, world)."
            )
        if not self.episodes or not any(len(episode.actions) for episode in self.episodes):
            raise UsageError("The demonstrations are empty: there is no choice to learn from.")
        for index, episode in enumerate(self.episodes):
            self._check(index, episode)

    def _check(self, index: int, episode: Episode) -> None:
        levels = self.levels
        if not 0 <= episode.level < levels.count:
            raise UsageError(f"Episode {index} is of level {episode.level}; there are {levels.count}.")
        states, actions = episode.states, episode.actions
        for kind, numbers, count in (("state", states, levels.states), ("action", actions, levels.actions)):
            outside = (numbers < 0) | (numbers >= count)
            if outside.any():
                step = int(outside.argmax())
                raise UsageError(f"Episode {index}, step {step}: {kind} {numbers[step]} is not one of {count}.")
        if not len(actions):
            return
        here, terminal = states[:-1], np.asarray(levels.terminal)[episode.level]
        if terminal[here].any():
            step = int(terminal[here].argmax())
            raise UsageError(f"Episode {index} goes on after step {step}, in a terminal state.")
        outcomes = np.asarray(levels.successors)[episode.level][here, actions]
        possible = (outcomes == states[1:, None]) & (np.asarray(levels.probabilities)[episode.level][here, actions] > 0)
        if not possible.any(-1).all():
            step = int((~possible.any(-1)).argmax())
            raise UsageError(
                f"Episode {index}, step {step}: action {actions[step]} in state {states[step]} cannot lead to state "
                f"{states[step + 1]}. The demonstrations contradict the dynamics: another level, or other dynamics?"
            )
        if episode.truncated:
            return
        last = np.asarray(levels.attributes)[episode.level][here[-1], actions[-1]][possible[-1]]
        stopped = bool((last[:, list(self.stops)].sum(-1) > 0).any()) if self.stops else False
        if not (terminal[states[-1]] or stopped):
            raise UsageError(
                f"Episode {index} is over after {len(actions)} steps, and nothing in its level says why. {OVER}"
            )

    def starts(self) -> Float[np.ndarray, "N S"]:
        """Returns how many episodes begin in each state of each level."""
        found = np.zeros((self.levels.count, self.levels.states))
        np.add.at(found, tuple(np.array([(episode.level, episode.states[0]) for episode in self.episodes]).T), 1.0)
        return found

    def counts(self) -> Float[np.ndarray, "N S A"]:
        """Returns how often each action was taken in each state of each level."""
        return _counts(self.levels, self.episodes)

    def alternate(self) -> Float[np.ndarray, "N S A"]:
        """Returns the counts of every other episode of each level: what is fitted to it is judged on the rest."""
        before, kept = [0] * self.levels.count, []
        for episode in self.episodes:
            # Begun alternately, so that of levels with one episode each half is kept, too.
            if (before[episode.level] + episode.level) % 2 == 0:
                kept.append(episode)
            before[episode.level] += 1
        return _counts(self.levels, kept)

    def visits(self, discount: float = 1.0) -> Float[np.ndarray, "N S A"]:
        """Returns the mean discounted number of times that each action was taken in each state, per episode."""
        episodes = self.starts().sum(-1)
        return _counts(self.levels, self.episodes, discount) / np.maximum(episodes, 1.0)[:, None, None]


def _counts(levels: Level, episodes: Iterable[Episode], discount: float = 1.0) -> Float[np.ndarray, "N S A"]:
    found = np.zeros((levels.count, levels.states, levels.actions))
    for episode in episodes:
        weight = discount ** np.arange(len(episode.actions))
        np.add.at(found[episode.level], (episode.states[:-1], episode.actions), weight)
    return found
