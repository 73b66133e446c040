"""A causal influence diagram with mechanisms, solved exactly: everything binary, all noise enumerated.

Utilities are integers and noise is uniform, so expected utilities are compared as integers: no tolerance decides
whether an incentive exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

from mesascope.core.errors import UsageError
from mesascope.theory.influence_diagram import Diagram

Values = dict[str, np.ndarray]
"""Of each node, for every draw of all noise."""


@dataclass(frozen=True)
class CausalModel:
    """A structural causal influence model over binary nodes.

    **Arguments:**

    - `diagram`: its graph.
    - `mechanisms`: for each chance node, its value by values of its parents and then by its noise, shape
      `(2, ..., 2, noise)`; for the utility, an integer by values of its parents, shape `(2, ..., 2)`.
    - `noise`: how many equally probable values the noise of each chance node has.
    """

    diagram: Diagram
    mechanisms: Mapping[str, np.ndarray]
    noise: int = 2

    def __post_init__(self):
        for node in (*self.diagram.chance, self.diagram.utility):
            causes = self.diagram.parents[node]
            wanted = (2,) * len(causes) + (() if node == self.diagram.utility else (self.noise,))
            given = self.mechanisms[node].shape if node in self.mechanisms else None
            if given != wanted:
                raise UsageError(f"The mechanism of '{node}' must have shape {wanted}, but has {given}.")

    @cached_property
    def draws(self) -> dict[str, Int[np.ndarray, " draws"]]:
        """The noise of each chance node in every joint draw."""
        nodes = self.diagram.chance
        grid = np.indices((self.noise,) * len(nodes)).reshape(len(nodes), -1)
        return dict(zip(nodes, grid, strict=True))

    @property
    def count(self) -> int:
        """How many joint draws there are, all equally probable."""
        return self.noise ** len(self.diagram.chance)

    def run(self, decided: np.ndarray | int, forced: Mapping[str, np.ndarray | int] | None = None) -> Values:
        """Returns the value of each node in every draw.

        **Arguments:**

        - `decided`: the decision, one number or one a draw.
        - `forced`: values of nodes that are set from outside, one number or one a draw.
        """
        forced, values = forced or {}, {}
        for node, causes in self.diagram.parents.items():
            known = tuple(values[cause] for cause in causes)
            if node == self.diagram.decision:
                values[node] = np.broadcast_to(np.asarray(decided), (self.count,))
            elif node in forced:
                values[node] = np.broadcast_to(np.asarray(forced[node]), (self.count,))
            elif node == self.diagram.utility:
                values[node] = np.broadcast_to(self.mechanisms[node][known], (self.count,))
            else:
                values[node] = self.mechanisms[node][(*known, self.draws[node])]
        return values

    def contexts(self, values: Values) -> Int[np.ndarray, " draws"]:
        """Returns which of the `2**observed` contexts the decision stands in, in every draw of a run."""
        context = np.zeros(self.count, np.int64)
        for node in self.diagram.observed:
            context = 2 * context + values[node]
        return context

    def worth(self) -> Int[np.ndarray, "contexts 2"]:
        """Returns the utility of both choices in each context, summed over the draws in which it comes up."""
        runs = [self.run(choice) for choice in (0, 1)]
        total = np.zeros((2 ** len(self.diagram.observed), 2), np.int64)
        for choice, values in enumerate(runs):
            np.add.at(total[:, choice], self.contexts(values), values[self.diagram.utility])
        return total

    def best(self) -> int:
        """Returns the utility of a best policy, summed over all draws."""
        return int(self.worth().max(1).sum())

    def value(self) -> float:
        """Returns the expected utility of a best policy."""
        return self.best() / self.count

    def best_policies(self) -> Int[np.ndarray, "policies contexts"]:
        """Returns every best policy, as its choice in each context.

        In contexts that never come up any choice is best: interventions may still lead there.
        """
        worth = self.worth()
        policies = np.indices((2,) * len(worth)).reshape(len(worth), -1).T
        return policies[(worth[np.arange(len(worth)), policies] == worth.max(1)).all(1)]
