"""What the recipe of a learner is: it grows one agent per seed, which learns within an episode of a stream."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.agents.networks.network import NetworkSpec
from mesascope.training.base_optimizer import BaseOptimizer
from mesascope.training.stream_task import StreamTask
from mesascope.worlds.streams.stream import Stream


@dataclass(frozen=True)
class LearnerRecipe:
    """A recipe.

    **Arguments:**

    - `name`: what users type.
    - `stream`: with its options; its first signal is the base objective.
    - `optimizer`: the base optimizer with its settings.
    - `network`: the architecture.
    - `seeds`: those whose label was checked.
    - `long`: it takes longer than two minutes of one core, and is trained only when it is named.
    """

    name: str
    stream: Stream
    optimizer: BaseOptimizer
    network: NetworkSpec
    seeds: tuple[int, ...] = tuple(range(5))
    long: bool = False

    @property
    def objective(self) -> str:
        """The base objective: the signal that training maximises."""
        return self.stream.signals[0]

    @property
    def task(self) -> StreamTask:
        """What the base optimizer is given."""
        return StreamTask(self.stream, self.network)
