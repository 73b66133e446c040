"""The context of a learner's audit: one agent in one stream, with every way in which it was made to live there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np

from mesascope.agents.agent import Agent
from mesascope.agents.asking import check_agent
from mesascope.audit.learning.episodes import Episodes, Feedback, Memory, play
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, root_key, seed_of
from mesascope.core.random import stream as named_stream
from mesascope.core.verdicts import Estimate
from mesascope.worlds.streams.stream import Stream

T = TypeVar("T")

MOST_EPISODES, LEAST_EPISODES, STEPS = 512, 96, 16_384
"""Where nobody says how many episodes: as many as have so many steps, within bounds."""


@dataclass(frozen=True)
class LearningContext:
    """An agent observed in episodes of a stream.

    **Arguments:**

    - `agent`: who is asked.
    - `stream`: where it was trained.
    - `episodes`: of each kind; all of them are of the same tasks.
    - `seed`: of the audit; whatever is random follows from it.
    """

    agent: Agent
    stream: Stream
    episodes: int
    seed: int = 0
    _found: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def key(self, name: str) -> RandomKey:
        """Returns the key of a named use."""
        return named_stream(name, key=named_stream("learning", key=root_key(self.seed)))

    @property
    def reference(self) -> Episodes:
        """Its episodes as it is, where it was trained."""
        return self.lived()

    def lived(self, *, feedback: Feedback = None, memory: Memory = None) -> Episodes:
        """Returns its episodes with feedback or memory made void, played once; arguments as of `play`."""
        return self._played(("own", feedback, memory), self.agent, self.stream, feedback=feedback, memory=memory)

    def shifted(self, name: str) -> Episodes:
        """Returns its episodes under a shift of the stream.

        **Arguments:**

        - `name`: of one of `stream.shifts()`.
        """
        return self._played(("shift", name), self.agent, self.stream.shifts()[name])

    def of(self, other: Agent, stream: Stream | None = None) -> Episodes:
        """Returns the episodes of another agent with the same tasks, in another stream if one is given."""
        return self._played(("other", other.name, stream), other, stream or self.stream)

    def once(self, name: Hashable, work: Callable[[], T]) -> T:
        """Returns what some work finds, done once however often it is asked for; what it raises is raised again."""
        if name not in self._found:
            self._found[name] = work()
        return self._found[name]

    def mean(self, values: np.ndarray) -> Estimate:
        """Returns the mean of one number an episode, with its bootstrap interval."""
        return bootstrap_mean(values, seed=self._bootstrap_seed, unit="episodes")

    @cached_property
    def _bootstrap_seed(self) -> int:
        return seed_of(self.key("bootstrap")) % 2**32

    def _played(self, name: Hashable, agent: Agent, stream: Stream, **options: Any) -> Episodes:
        key = self.key("episodes")
        return self.once(name, partial(play, agent, stream, episodes=self.episodes, key=key, **options))


def learning_context(agent: Agent, stream: Stream, *, episodes: int | None = None, seed: int = 0) -> LearningContext:
    """Returns an agent that was watched in a stream.

    **Arguments:**

    - `agent`: who shall be asked.
    - `stream`: where it was trained.
    - `episodes`: by default as many as take 16,384 steps, between 96 and 512.
    - `seed`: of tasks and everything drawn.

    **Raises:** `AgentError` or `WorldError`, as `play`.
    """
    check_agent(agent)
    count = max(LEAST_EPISODES, min(MOST_EPISODES, STEPS // stream.steps)) if episodes is None else episodes
    context = LearningContext(agent, stream, count, seed)
    context.lived()
    return context
