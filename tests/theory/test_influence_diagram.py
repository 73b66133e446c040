from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.incentive_agreement import random_diagram
from mesascope.theory.influence_diagram import Diagram

CHAIN = Diagram({"cause": (), "sign": ("cause",), "act": ("sign",), "pay": ("cause", "act")}, "act", "pay")


def blocked(diagram: Diagram, first: str, last: str, given: set[str]) -> bool:
    """D-separation by its definition: every path without repetition is blocked."""
    neighbours = {
        node: set(diagram.parents[node]) | {other for other, causes in diagram.parents.items() if node in causes}
        for node in diagram.parents
    }
    open_paths, waiting = 0, [[first]]
    while waiting:
        path = waiting.pop()
        if path[-1] == last:
            open_paths += all(passes(diagram, *part, given) for part in zip(path, path[1:], path[2:], strict=False))
            continue
        waiting += [[*path, node] for node in neighbours[path[-1]] if node not in path]
    return open_paths == 0


def passes(diagram: Diagram, before: str, node: str, after: str, given: set[str]) -> bool:
    causes = diagram.parents[node]
    if before in causes and after in causes:
        return any(diagram.leads(node, known) for known in given)
    return node not in given


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_separation_is_that_of_all_paths(seed):
    random = np.random.default_rng(seed)
    diagram = random_diagram(random, 3)
    nodes = list(diagram.parents)
    for first, last in itertools.permutations(nodes, 2):
        known = {node for node in nodes if node not in (first, last) and random.random() < 0.4}
        assert diagram.separated(first, last, known) == blocked(diagram, first, last, known)


def test_paths_and_links():
    assert CHAIN.chance == ("cause", "sign")
    assert CHAIN.leads("cause", "act")
    assert not CHAIN.leads("act", "sign")
    assert set(CHAIN.observing("cause").observed) == {"sign", "cause"}
    assert CHAIN.observing("sign") is CHAIN
    assert CHAIN.ignoring("sign").observed == ()


def test_a_later_node_can_be_observed_if_the_decision_does_not_influence_it():
    early = Diagram({"act": (), "luck": (), "pay": ("act", "luck")}, "act", "pay")
    assert early.observing("luck").observed == ("luck",)
    with pytest.raises(UsageError, match="cannot be observed"):
        Diagram({"act": (), "result": ("act",), "pay": ("result",)}, "act", "pay").observing("result")


def test_what_cannot_be_is_refused():
    with pytest.raises(UnknownNameError, match="pay"):
        Diagram({"act": ()}, "act", "pay")
    with pytest.raises(UsageError, match="does not stand before"):
        Diagram({"act": ("late",), "late": (), "pay": ("act",)}, "act", "pay")
    with pytest.raises(UsageError, match="influences nothing"):
        Diagram({"act": (), "pay": ("act",), "late": ("pay",)}, "act", "pay")
    with pytest.raises(UnknownNameError, match="cause"):
        CHAIN.leads("cuase", "act")
