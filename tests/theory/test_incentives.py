"""Causal incentives: published examples, models by hand, and graph against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.causal_model import CausalModel
from mesascope.theory.incentive_agreement import agreement, random_diagram, random_model
from mesascope.theory.incentive_criteria import (
    CRITERIA,
    EXAMPLES,
    admits,
    admitting,
    count_admitting,
    minimal_reduction,
)
from mesascope.theory.incentives import (
    has_instrumental_control_incentive,
    has_response_incentive,
    value_of_control,
    value_of_information,
)
from mesascope.theory.influence_diagram import Diagram

GUESS = Diagram({"coin": (), "sign": ("coin",), "guess": ("sign",), "right": ("coin", "guess")}, "guess", "right")


def guessing(wrong: int, noise: int = 4) -> CausalModel:
    """A fair coin, a sign that is wrong in some of its draws, and 1 for guessing the coin."""
    coin = np.arange(noise) % 2
    sign = np.stack([np.where(np.arange(noise) < wrong, 1 - side, side) for side in (0, 1)])
    return CausalModel(GUESS, {"coin": coin, "sign": sign, "right": np.eye(2, dtype=np.int64)}, noise)


def test_a_guess_is_worth_what_its_sign_tells():
    assert guessing(0).value() == 1.0
    assert guessing(1).value() == 0.75
    assert value_of_information(guessing(1), "coin") == 0.25
    assert value_of_information(guessing(1), "sign") == 0.25
    # The sign made reliable, the coin made always the same: both can be set so that all guesses are right.
    assert value_of_control(guessing(1), "sign") == 0.25
    assert value_of_control(guessing(1), "coin") == 0.25
    assert has_response_incentive(guessing(1), "coin")
    assert not has_response_incentive(guessing(2), "coin")
    assert not has_instrumental_control_incentive(guessing(1), "sign")


def test_the_best_policies_are_those_of_trying_all():
    random = np.random.default_rng(3)
    for _ in range(25):
        model = random_model(random, random_diagram(random, 3))
        contexts = model.contexts(model.run(0))
        totals = {
            policy: int(model.run(np.array(policy)[contexts])[model.diagram.utility].sum())
            for policy in itertools.product((0, 1), repeat=2 ** len(model.diagram.observed))
        }
        assert model.best() == max(totals.values())
        best = {policy for policy, total in totals.items() if total == max(totals.values())}
        assert {tuple(policy) for policy in model.best_policies().tolist()} == best


def test_published_examples():
    grade = {name: set(admitting("grade-predictor", name)) for name in CRITERIA}
    assert grade == {
        "value of information": {"high-school", "education", "grade"},
        "value of control": {"race", "high-school", "education", "grade"},
        "response incentive": {"race", "high-school"},
        "instrumental control incentive": set(),
    }
    assert minimal_reduction(EXAMPLES["grade-predictor"]).observed == ("high-school",)
    means = "instrumental control incentive"
    assert admitting("content-recommender", means) == ("influenced-opinions",)
    assert count_admitting("predicted-clicks", means) == 0
    assert admits("content-recommender", means, "influenced-opinions")


def test_graph_and_enumeration_agree():
    found = agreement(6, seed=11)
    assert found.compared > 40
    assert found.disagreements == 0
    assert 0 < found.admitted < found.compared


@pytest.mark.slow
def test_graph_and_enumeration_agree_on_many_diagrams():
    found = agreement(16, seed=12, chance=(2, 3, 4))
    assert found.compared > 150
    assert (found.unsound, found.unfound) == (0, 0)


def test_a_wrong_criterion_would_be_noticed(monkeypatch):
    monkeypatch.setitem(CRITERIA, "value of control", lambda diagram, node: False)
    assert agreement(6, seed=11).unsound > 0
    monkeypatch.setitem(CRITERIA, "value of control", lambda diagram, node: True)
    assert agreement(3, seed=11, trials=40).unfound > 0


def test_the_library_of_its_authors_reads_graphs_alike():
    pycid = pytest.importorskip("pycid", exc_type=ImportError)
    asked = {
        "value of information": lambda graph, node: pycid.admits_voi(graph, "decision", node),
        "value of control": lambda graph, node: pycid.admits_voc(graph, node),
        "response incentive": lambda graph, node: pycid.admits_ri(graph, "decision", node),
        "instrumental control incentive": lambda graph, node: pycid.admits_ici(graph, "decision", node),
    }
    random = np.random.default_rng(5)
    for _ in range(40):
        diagram = random_diagram(random, int(random.integers(1, 6)))
        edges = [(cause, node) for node, causes in diagram.parents.items() for cause in causes]
        graph = pycid.CID(edges, decisions=["decision"], utilities=["utility"])
        graph.add_nodes_from(node for node in diagram.parents if node not in graph.nodes)
        for incentive, node in itertools.product(CRITERIA, diagram.chance):
            assert bool(asked[incentive](graph, node)) == CRITERIA[incentive](diagram, node)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="shape"):
        CausalModel(GUESS, {"coin": np.zeros(3, np.int64)}, 2)
    with pytest.raises(UnknownNameError, match="grade-predictor"):
        admits("grade-predicter", "response incentive", "race")
    with pytest.raises(UnknownNameError, match="response incentive"):
        admitting("predicted-clicks", "response")
    model = random_model(np.random.default_rng(0), EXAMPLES["content-recommender"])
    with pytest.raises(UsageError, match="cannot be observed"):
        value_of_information(model, "influenced-opinions")
