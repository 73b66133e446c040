"""The context of a learner's audit: one agent in one stream, with every way in which it was made to live there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np

from mesascope.agents.agent import Agent
from mesascope.agents.asking import check_agent
from mesascope.audit.learning.episodes import Episodes, play
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, root_key, seed_of
from mesascope.core.random import stream as named_stream
from mesascope.core.verdicts import Estimate
from mesascope.worlds.streams.stream import Stream

T = TypeVar("T")

MOST_EPISODES, LEAST_EPISODES, STEPS = 512, 96, 51_200
"""Where nobody says how many episodes: as many as have so many steps, within bounds."""
WIDE: int = 256
"""Numbers of an answer that cost as much as a step."""


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
        return self.of(self.agent)

    def of(self, agent: Agent, stream: Stream | None = None, **void: Any) -> Episodes:
        """Returns episodes of the same tasks and chances, played once.

        **Arguments:**

        - `agent`: whose.
        - `stream`: where; by default where it was trained.
        - `void`: what is made void, as of `play`.
        """
        where, key = stream or self.stream, self.key("episodes")
        # Kept, so that no other agent comes to have its number.
        self._found["agent", id(agent)] = agent
        name = (id(agent), where, *sorted(void.items()))
        return self.once(name, partial(play, agent, where, episodes=self.episodes, key=key, **void))

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


def learning_context(agent: Agent, stream: Stream, *, episodes: int | None = None, seed: int = 0) -> LearningContext:
    """Returns an agent that was watched in a stream.

    **Arguments:**

    - `agent`: who shall be asked.
    - `stream`: where it was trained.
    - `episodes`: by default as many as take 51,200 steps, between 96 and 512; fewer where an answer has many numbers.
    - `seed`: of tasks and everything drawn.

    **Raises:** `AgentError` or `WorldError`, as `play`.
    """
    check_agent(agent)
    many = STEPS // (stream.steps * (1 + stream.outputs // WIDE))
    count = max(LEAST_EPISODES, min(MOST_EPISODES, many)) if episodes is None else episodes
    context = LearningContext(agent, stream, count, seed)
    context.of(agent)
    return context
