"""Counters in environments: what they hold that keeps states apart though nothing follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from mesascope.worlds.gymnasium.stepping import Step

BRANCHES: int = 400
"""Steps that are tried from the first states, breadth first."""
WALKS: int = 2
WALK_STEPS: int = 300
"""Steps of each walk that goes as far as it can: what only ends an episode late is seen there."""

Fields = dict[str, tuple[bytes, float | None]]
"""What an environment holds, by the names of its attributes: a digest and a size, as `fingerprint.fields` returns."""


@dataclass(frozen=True)
class Counters:
    """What was found.

    **Arguments:**

    - `growing`: attributes that only grow (or only shrink) with every step, so that no state ever comes back.
    - `needless`: attributes without which states were seen to do the same: the growing ones among them, and what
      remembers the last step.
    """

    growing: tuple[str, ...]
    needless: tuple[str, ...]

    @property
    def endless(self) -> tuple[str, ...]:
        """What only grows and has no part in what happens."""
        return tuple(name for name in self.growing if name in self.needless)


@dataclass
class _Probe:
    """States and steps that were seen, before anything is called equal."""

    fields: list[Fields] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)
    steps: list[tuple[int, int, float, bool, int]] = field(default_factory=list)

    def state(self, fields: Fields, observation: bytes) -> int:
        self.fields.append(fields)
        self.seen.append(observation)
        return len(self.fields) - 1


def find_counters(
    start: Any,
    observation: bytes,
    *,
    actions: int,
    attempt: Callable[[Any, int], tuple[Any, Step]],
    fields_of: Callable[[Any], Fields],
    encode: Callable[[Any], np.ndarray],
) -> Counters:
    """Tries an environment for a few seconds and says which of its attributes count and do not matter.

    **Arguments:**

    - `start`: the environment after a reset; stays as it is.
    - `observation`: of it, as bytes.
    - `actions`: how many there are.
    - `attempt`: takes an action on a copy and returns the copy and what followed.
    - `fields_of`: what an environment holds.
    - `encode`: turns observations into arrays.
    """
    probe = _Probe()
    generator = np.random.default_rng(0)
    first = probe.state(fields_of(start), observation)

    def take(environment: Any, number: int, action: int) -> tuple[Any, int, bool]:
        following, step = attempt(environment, action)
        reached = probe.state(fields_of(following), encode(step.observation).tobytes())
        probe.steps.append((number, action, step.reward, step.terminated, reached))
        return following, reached, step.terminated

    waiting = [(start, first)]
    while waiting and len(probe.steps) < BRANCHES:
        environment, number = waiting.pop(0)
        for action in range(actions):
            following, reached, over = take(environment, number, action)
            if not over:
                waiting.append((following, reached))
    for _ in range(WALKS):
        environment, number = start, first
        for _ in range(WALK_STEPS):
            for action in generator.permutation(actions):
                following, reached, over = take(environment, number, int(action))
                if not over:
                    break
            else:
                break
            environment, number = following, reached
    return _judged(probe)


def _judged(probe: _Probe) -> Counters:
    names = sorted({name for fields in probe.fields for name in fields})
    columns = np.stack([_ranks([fields.get(name, (b"", None))[0] for fields in probe.fields]) for name in names], 1)
    going_on = [(before, after) for before, _, _, over, after in probe.steps if not over]
    growing = tuple(name for name in names if _grows(probe, name, going_on))
    varying = [index for index in range(len(names)) if columns[:, index].max() > 0]
    dropped: list[int] = []
    while True:
        kept = [index for index in varying if index not in dropped]
        # Attributes that say the same as one another go together: each alone would seem to change nothing.
        groups: dict[bytes, list[int]] = {}
        for index in kept:
            groups.setdefault(_first_met(columns[:, index]).tobytes(), []).append(index)
        now = len(np.unique(columns[:, kept], axis=0)) if kept else 1
        for group in groups.values():
            rest = [index for index in kept if index not in group]
            classes = _classes(columns, rest)
            if classes.max() + 1 < now and _same_follows(probe, classes):
                dropped += group
                break
        else:
            return Counters(growing, tuple(names[index] for index in sorted(dropped)))


def _grows(probe: _Probe, name: str, steps: list[tuple[int, int]]) -> bool:
    sizes = [fields.get(name, (b"", None))[1] for fields in probe.fields]
    if not steps or any(size is None for size in sizes):
        return False
    change = np.array([sizes[after] - sizes[before] for before, after in steps], float)  # pyright: ignore[reportOperatorIssue]
    return bool((change > 0).all() or (change < 0).all())


def _same_follows(probe: _Probe, classes: Int[np.ndarray, " n"]) -> bool:
    """Whether states of one class show the same, and do the same after each action."""
    if not _decides(classes[:, None], _ranks(probe.seen)):
        return False
    before, action, reward, over, after = (np.array(column) for column in zip(*probe.steps, strict=True))
    asked = np.stack([classes[before], action], 1)
    ends = over.astype(bool)
    # Where an episode ends it does not matter in which state.
    outcome = np.where(ends, -1, classes[after])
    return all(_decides(asked, answer) for answer in (_ranks(reward.tolist()), ends.astype(int), outcome))


def _decides(asked: Int[np.ndarray, "n k"], answer: Int[np.ndarray, " n"]) -> bool:
    """Whether equal rows always have equal answers."""
    both = np.concatenate([asked, answer[:, None]], 1)
    return len(np.unique(asked, axis=0)) == len(np.unique(both, axis=0))


def _classes(columns: Int[np.ndarray, "n f"], kept: list[int]) -> Int[np.ndarray, " n"]:
    if not kept:
        return np.zeros(len(columns), int)
    return np.unique(columns[:, kept], axis=0, return_inverse=True)[1].reshape(-1)


def _first_met(column: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Returns a column with its values numbered in the order in which they are met."""
    _, first, inverse = np.unique(column, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)]


def _ranks(values: list[Any]) -> Int[np.ndarray, " n"]:
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values])
