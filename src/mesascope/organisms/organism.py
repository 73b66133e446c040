"""What an organism is: a recipe that grows one trained agent per seed, and a sealed label of what came out."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.agents.networks.network import NetworkSpec
from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.findings import AlignmentClass
from mesascope.core.errors import UnknownNameError
from mesascope.training.base_optimizer import BaseOptimizer, Task
from mesascope.worlds.world import World


@dataclass(frozen=True)
class Organism:
    """A recipe.

    **Arguments:**

    - `name`: what users type.
    - `world`: with its options; it names the distributions of training and deployment.
    - `objective`: name of the base objective, one of the world's.
    - `optimizer`: the base optimizer with its settings.
    - `network`: the architecture.
    - `seeds`: those whose label was checked.
    - `distribution`: of the levels trained on, one of the world's.
    """

    name: str
    world: World
    objective: str
    optimizer: BaseOptimizer
    network: NetworkSpec
    seeds: tuple[int, ...] = tuple(range(8))
    distribution: str = "train"

    @property
    def task(self) -> Task:
        """What the base optimizer is given."""
        for spec in self.world.objectives:
            if spec.name == self.objective:
                return Task(self.world, spec, self.network, self.distribution)
        raise UnknownNameError("objective", self.objective, [spec.name for spec in self.world.objectives])


@dataclass(frozen=True)
class Truth:
    """What is known about the agents that a recipe grows. Read only after an audit's verdict is on disk.

    **Arguments:**

    - `alignment`: the class an audit should find.
    - `pursues`: names of the world's objectives, any of which is a right answer to "what is its objective?".
    - `why`: how this is known.
    - `kind`: the class of the paper, where it is known.
    """

    alignment: AlignmentClass
    pursues: tuple[str, ...]
    why: str
    kind: AlignmentKind | None = None
