"""Do graphs and mechanisms agree on incentives? Random small diagrams, each filled with random mechanisms.

An incentive that some mechanism has and the graph does not admit would refute the criterion's soundness; one that the
graph admits and no mechanism of thousands has would speak against its completeness. Both count as disagreements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mesascope.theory.causal_model import CausalModel
from mesascope.theory.incentive_criteria import CRITERIA
from mesascope.theory.incentives import ENUMERATED
from mesascope.theory.influence_diagram import Diagram

MOST_PARENTS = 3
"""Of any node of a random diagram: policies and mechanisms are enumerated over their values."""
TRIALS = 4000
"""Models that are tried before an admitted incentive counts as not found."""
ENOUGH = 12
"""Models that are tried at least, so that what is not admitted has a chance to show up."""


@dataclass(frozen=True)
class Agreement:
    """What came of a comparison.

    **Arguments:**

    - `compared`: pairs of a node and an incentive.
    - `admitted`: those that the graph admits.
    - `unsound`: those with an incentive that the graph does not admit.
    - `unfound`: those that the graph admits and no model tried has.
    """

    compared: int
    admitted: int
    unsound: int
    unfound: int

    @property
    def disagreements(self) -> int:
        """Pairs on which graph and enumeration differ."""
        return self.unsound + self.unfound


def random_diagram(random: np.random.Generator, chance: int) -> Diagram:
    """Returns a diagram of some chance nodes, a decision and a utility, each edge present with probability 1/2.

    **Arguments:**

    - `random`: drawn from.
    - `chance`: how many chance nodes, 1 or more.
    """
    names = [f"x{index}" for index in range(chance)]
    place = int(random.integers(0, chance + 1))
    order = [*names[:place], "decision", *names[place:], "utility"]
    parents: dict[str, tuple[str, ...]] = {}
    for index, node in enumerate(order):
        causes = [other for other in order[:index] if random.random() < 0.5]
        if len(causes) > MOST_PARENTS:
            causes = sorted(random.choice(causes, MOST_PARENTS, replace=False).tolist(), key=order.index)
        parents[node] = tuple(causes)
    return Diagram(parents, "decision", "utility")


def random_model(random: np.random.Generator, diagram: Diagram, noise: int = 2) -> CausalModel:
    """Returns a model with a diagram's graph and random mechanisms; many are simple, because incentives need structure.

    **Arguments:**

    - `random`: drawn from.
    - `diagram`: the graph.
    - `noise`: values of the noise of each node.
    """
    mechanisms = {node: random.integers(0, 2, (2,) * len(diagram.parents[node]) + (noise,)) for node in diagram.chance}
    most = int(random.choice([1, 9]))
    mechanisms[diagram.utility] = random.integers(0, most + 1, (2,) * len(diagram.parents[diagram.utility]))
    return CausalModel(diagram, mechanisms, noise)


def agreement(diagrams: int, *, seed: int = 0, trials: int = TRIALS, chance: tuple[int, ...] = (2, 3)) -> Agreement:
    """Compares graph and enumeration on random diagrams, for every chance node and all four incentives.

    **Arguments:**

    - `diagrams`: how many.
    - `seed`: of graphs and mechanisms.
    - `trials`: models a diagram at most.
    - `chance`: numbers of chance nodes to choose from.
    """
    random = np.random.default_rng(seed)
    counts = np.zeros(4, np.int64)
    for _ in range(diagrams):
        diagram = random_diagram(random, int(random.choice(chance)))
        counts += _compared(random, diagram, trials)
    return Agreement(*(int(count) for count in counts))


def _compared(random: np.random.Generator, diagram: Diagram, trials: int) -> np.ndarray:
    pairs = [(incentive, node) for incentive in CRITERIA for node in diagram.chance]
    admitted = {(incentive, node) for incentive, node in pairs if CRITERIA[incentive](diagram, node)}
    missing, unsound = set(admitted), set()
    for trial in range(trials):
        if trial >= ENOUGH and not missing:
            break
        model = random_model(random, diagram)
        for incentive, node in pairs if trial < ENOUGH else sorted(missing):
            if ENUMERATED[incentive](model, node):
                missing.discard((incentive, node))
                if (incentive, node) not in admitted:
                    unsound.add((incentive, node))
    return np.array([len(pairs), len(admitted), len(unsound), len(missing)])
