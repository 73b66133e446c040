"""Causal influence diagrams with one decision: who knows what, and what influences what (Everitt et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mesascope.core.errors import UnknownNameError, UsageError


@dataclass(frozen=True)
class Diagram:
    """A directed graph without cycles of chance nodes, one decision and one utility.

    **Arguments:**

    - `parents`: of every node; those of the decision are what it observes. Causes stand before their effects.
    - `decision`, `utility`: which nodes these are. The utility influences nothing.
    """

    parents: Mapping[str, tuple[str, ...]]
    decision: str
    utility: str

    def __post_init__(self):
        for name in (self.decision, self.utility):
            if name not in self.parents:
                raise UnknownNameError("node of the diagram", name, self.parents)
        seen: set[str] = set()
        for node, causes in self.parents.items():
            late = [cause for cause in causes if cause not in seen]
            if late:
                raise UsageError(f"Node '{node}' has the parent '{late[0]}', which does not stand before it.")
            if self.utility in causes:
                raise UsageError(f"Utility '{self.utility}' is a parent of '{node}': a utility influences nothing.")
            seen.add(node)

    @property
    def chance(self) -> tuple[str, ...]:
        """Every node but the decision and the utility."""
        return tuple(node for node in self.parents if node not in (self.decision, self.utility))

    @property
    def observed(self) -> tuple[str, ...]:
        """What the decision observes."""
        return self.parents[self.decision]

    def ancestors(self, nodes: set[str]) -> set[str]:
        """Returns some nodes and all that influences them."""
        found = set(nodes)
        for node in reversed(list(self.parents)):
            if node in found:
                found |= set(self.parents[node])
        return found

    def leads(self, first: str, last: str) -> bool:
        """Returns whether a directed path runs from one node to another; every node leads to itself.

        **Raises:** `UnknownNameError` for a node that is not there.
        """
        for name in (first, last):
            if name not in self.parents:
                raise UnknownNameError("node of the diagram", name, self.parents)
        return first in self.ancestors({last})

    def observing(self, node: str) -> Diagram:
        """Returns the diagram in which the decision observes a node, too.

        **Raises:** `UsageError` if the decision influences the node.
        """
        if self.leads(self.decision, node):
            raise UsageError(f"'{node}' comes after the decision '{self.decision}' and cannot be observed by it.")
        if node in self.observed:
            return self
        # The decision moves behind what it observes now; all that depends on it stays behind it.
        after = {other for other in self.parents if self.leads(self.decision, other)}
        before = {other: causes for other, causes in self.parents.items() if other not in after}
        late = {other: causes for other, causes in self.parents.items() if other in after}
        late[self.decision] = (*self.observed, node)
        return replace(self, parents={**before, **late})

    def ignoring(self, node: str) -> Diagram:
        """Returns the diagram in which the decision does not observe a node, which it need not have done anyway."""
        kept = tuple(other for other in self.observed if other != node)
        return replace(self, parents={**self.parents, self.decision: kept})

    def separated(self, first: str, last: str, given: set[str]) -> bool:
        """Returns whether two nodes are d-separated by those given: nothing learnt of one tells of the other."""
        if first in given or last in given:
            return True
        # In the graph of ancestors, parents of a common child joined, every path must run through what is known.
        kept = self.ancestors({first, last} | given)
        joined: dict[str, set[str]] = {node: set() for node in kept}
        for node in kept:
            family = [node, *self.parents[node]]
            for member in family:
                joined[member] |= set(family) - {member}
        waiting, reached = [first], {first}
        while waiting:
            for node in joined[waiting.pop()] - reached - given:
                reached.add(node)
                waiting.append(node)
        return last not in reached
