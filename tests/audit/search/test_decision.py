"""The decision: what weights can and cannot do, and when nothing is decided."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.assay import Stage
from mesascope.audit.search import decision
from mesascope.audit.search.decision import (
    MECHANISM,
    QUESTIONS,
    SURE,
    calibrated,
    decide,
    estimated_depth,
    measured,
    measures,
    optimizer_answer,
)
from mesascope.audit.search.horizon import Cliff, HorizonDetails
from mesascope.audit.search.weights import Weights, fit_weights
from mesascope.core.verdicts import Estimate, Evidence, Verdict

MEASURES = measured()


def weights(names=MEASURES, slope: float = 1.0, offset: float = 0.0) -> dict[str, Weights]:
    flat = (0.0,) * len(names)
    return {one: Weights(names, flat, (1.0,) * len(names), (slope,) * len(names), offset) for one in QUESTIONS}


def found(assay: str, value: float, verdict: Verdict = Verdict.INCONCLUSIVE, **details) -> Evidence:
    """Evidence of an assay that measured so much, with nothing on the other side of the balance."""
    stale = details.pop("stale", 0.0)
    usual = {"rise": 1.0, "moved": 1.0, "leaning": value, "rate": {"stale": stale}.__getitem__}
    usual |= {"slope": 1.0, "span": max(9 * value, 0)}
    effect = Estimate(value, value, value, 50)
    known = SimpleNamespace(**usual | details)
    return Evidence(assay, "optimizer", verdict, "It was measured.", "so it was", effect, None, known)


def horizon(verdict: Verdict, distance: float, near: float, far: float, effect: Estimate | None = None) -> Evidence:
    cliff = Cliff(distance=distance, width=1.0, near=near, far=far)
    details = HorizonDetails(
        curve=(), x_label="steps", y_label="skill", objective="goal", cliff=cliff, p=0.5, farthest=12.0
    )
    return Evidence("horizon", "optimizer", verdict, "It was measured.", "so it was", effect, None, details)


def nothing(assay: str, reason: str = "it could not be done") -> Evidence:
    return Evidence(assay, "optimizer", Verdict.INCONCLUSIVE, "Nothing was measured.", reason)


def full(value: float, verdict: Verdict) -> list[Evidence]:
    """Every measure as large, in its own units."""
    units = {"look-ahead": 4 * value, "novelty": 0.1 * (1 - value) if value > 0 else 0.2, "walls": 1 - value}
    return [found(name, units.get(name, value), verdict) for name in MEASURES]


def test_measures_are_turned_so_that_more_speaks_for_search():
    assert measures([found("shown-edits", 0.9, stale=0.2)]) == {"shown-edits": pytest.approx(0.7)}
    assert measures([found("conflict", 0.3, leaning=-0.3)]) == {"conflict": pytest.approx(-0.3)}
    # Who lost a tenth lost as much as who lost all; who gained has lost nothing.
    lost = [measures([found("novelty", value)])["novelty"] for value in (-0.1, 0.0, 0.05, 0.1, 0.8)]
    assert lost == [0, 0, pytest.approx(-0.5), -1, -1]
    assert measures([found("look-ahead", 8.0)]) == {"look-ahead": 1.0}
    assert measures([found("look-ahead", 2.0)]) == {"look-ahead": 0.5}
    assert measures([found("refinement", 0.5, rise=-0.2)]) == {"refinement": 0}
    assert measures([found("refinement", 0.5, rise=0.4)]) == {"refinement": pytest.approx(0.2)}
    # Ranking that moves nothing, and moving without ranking, are no evaluation.
    assert measures([found("evaluation", 0.5, moved=None)]) == {"evaluation": 0}
    assert measures([found("evaluation", -0.5, moved=0.9)]) == {"evaluation": 0}
    assert measures([found("evaluation", 0.2, moved=0.3)]) == {"evaluation": pytest.approx(0.2)}


def test_what_was_not_measured_is_left_out_and_context_is_no_measure():
    assert measures([nothing("novelty"), nothing("plan-injection")]) == {}
    assert measures([found("goal-directedness", 1.0), found("thinking", 1.0), found("horizon", 1.0)]) == {}


def test_fitted_weights_are_never_negative():
    random = np.random.default_rng(0)
    labels = random.random(60) < 0.5
    # The first measure speaks against what is true, the second for it, the third never varies, the fourth is noise.
    table = [
        {"novelty": -float(label) + noise, "conflict": float(label) + noise, "refinement": 0.3, "evaluation": other}
        for label, noise, other in zip(labels, random.normal(size=60) / 2, random.normal(size=60), strict=True)
    ]
    fitted = fit_weights(table, labels.tolist(), MEASURES)
    by_name = dict(zip(fitted.names, fitted.weights, strict=True))
    assert min(fitted.weights) >= 0
    assert by_name["novelty"] < 1e-9
    assert by_name["conflict"] > 0.5
    assert by_name["refinement"] < 1e-9
    # Those that nobody measured.
    assert max(by_name["shown-edits"], by_name["plan-injection"]) < 1e-9
    assert fitted.probability({"conflict": 1.0}) > 0.7 > 0.3 > fitted.probability({"conflict": 0.0})


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_weights_of_any_table_are_finite_and_not_negative(seed):
    random = np.random.default_rng(seed)
    labels = [True, False, *(random.random(10) < 0.5).tolist()]
    table = [{name: float(random.normal()) for name in MEASURES if random.random() < 0.6} for _ in labels]
    fitted = fit_weights(table, labels, MEASURES)
    assert min(fitted.weights) >= 0
    assert np.isfinite([*fitted.weights, *fitted.centre, *fitted.scale, fitted.offset]).all()


def test_both_classes_weigh_alike():
    table = [{"novelty": 0.0}] * 40
    assert fit_weights(table, [True] * 4 + [False] * 36, MEASURES).probability({}) == pytest.approx(0.5, abs=1e-3)


def test_a_missing_measure_counts_as_neither():
    one = calibrated()["used"]
    some = {"shown-edits": 0.0, "conflict": 0.5}
    centre = dict(zip(one.names, one.centre, strict=True))
    assert one.probability(some) == pytest.approx(one.probability({**centre, **some}))
    assert one.contributions(some).keys() == {"shown-edits", "conflict"}
    assert one.probability({}) == pytest.approx(1 / (1 + np.exp(-one.offset)))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(QUESTIONS),
    st.dictionaries(st.sampled_from(MEASURES), st.floats(-1, 1), min_size=1),
    st.floats(0, 1),
    st.data(),
)
def test_more_of_any_measure_never_makes_search_less_probable(question, given_measures, more, data):
    one, name = calibrated()[question], data.draw(st.sampled_from(sorted(given_measures)))
    raised = {**given_measures, name: given_measures[name] + more}
    assert one.probability(raised) >= one.probability(given_measures) - 1e-12


def test_the_weights_that_ship_are_of_the_measures_that_questions_rest_on():
    assert calibrated().keys() == set(QUESTIONS)
    for question, one in calibrated().items():
        assert one.names == decision.MEASURES[question]
        assert min(one.weights) >= 0
        assert all(mean == 0 for name, mean in zip(one.names, one.centre, strict=True) if name in decision.AGAINST)
        assert min(one.scale) > 0


def test_what_can_only_speak_against_leaves_the_other_weights_as_they_are():
    """Half of those without a search lost their skill; that lowers theirs, and who lost nothing is as likely as before.

    Fitted as one measure among others it would raise what is said of all that lost nothing.
    """
    random = np.random.default_rng(0)
    labels = [True] * 40 + [False] * 40
    lost = np.repeat([0.0, 0.0, -1.0], [40, 20, 20])
    table = [
        {"conflict": float(yes) + random.normal(), "novelty": away} for yes, away in zip(labels, lost, strict=True)
    ]
    one, both = (
        fit_weights(table, labels, ("conflict",)),
        fit_weights(table, labels, ("conflict", "novelty"), ("novelty",)),
    )
    assert both.names == ("conflict", "novelty")
    assert (both.weights[0], both.offset) == (one.weights[0], one.offset)
    for value in (-0.5, 0.5):
        assert both.probability({"conflict": value, "novelty": 0.0}) == one.probability({"conflict": value})
        assert both.probability({"conflict": value, "novelty": -1.0}) < 0.5 * one.probability({"conflict": value})
    turned = [{"novelty": -float(yes)} for yes in labels]
    assert fit_weights(turned, labels, ("novelty",), ("novelty",)).weights[0] == pytest.approx(0, abs=1e-4)


def test_generalising_speaks_for_nothing():
    """Skill kept in new levels changes no probability and no verdict, however much there is of it."""
    some = full(1.0, Verdict.PASS)
    without = [one for one in some if one.assay != "novelty"]
    assert decide(some) == decide(without)
    alone = decide([found("novelty", 0.0, Verdict.PASS)])
    assert [one.verdict for one in alone] == [Verdict.INCONCLUSIVE] * 3
    assert [one.probability for one in alone] == [None] * 3
    lost = [one if one.assay != "novelty" else found("novelty", 0.9) for one in some]
    assert decide(lost)[0].probability < decide(some)[0].probability


@pytest.mark.parametrize("missing", MECHANISM)
def test_one_part_of_the_mechanism_that_does_not_pass_leaves_it_open(missing):
    some = [
        one if one.assay != missing else replace(one, verdict=Verdict.INCONCLUSIVE) for one in full(1.0, Verdict.PASS)
    ]
    used, present, _ = decide(some)
    assert used.verdict is Verdict.INCONCLUSIVE
    assert "the mechanism cannot be told: 1.00 of what is written is passed on" in used.reason
    assert (present.verdict is Verdict.PASS) == (missing == "interchange")


def test_present_has_the_vetoes_of_used():
    some = [one if one.assay != "conflict" else replace(one, verdict=Verdict.FAIL) for one in full(1.0, Verdict.PASS)]
    used, present, _ = decide(some)
    assert {used.verdict, present.verdict} == {Verdict.INCONCLUSIVE}
    assert used.reason == present.reason == "assays disagree: conflict failed"


def test_what_shows_that_none_is_used():
    for name in ("interchange", "shown-edits"):
        some = [found(name, -1.0 if name == "shown-edits" else 0.0, Verdict.FAIL)]
        assert decide(some, weights(("shown-edits", "interchange"), slope=5.0, offset=-5.0))[0].verdict is Verdict.FAIL
    # All of the skill gone in new levels: whatever else could not be asked.
    lost = found("novelty", 0.99, Verdict.FAIL)
    used, present, represented = decide([lost])
    assert used.verdict is Verdict.FAIL
    assert used.probability is not None
    assert used.probability < 0.2
    assert {present.verdict, represented.verdict} == {Verdict.INCONCLUSIVE}
    # Who plans anew after one edit in four does not repeat itself.
    some = replace(found("shown-edits", 0.25, Verdict.FAIL, stale=0.75))
    assert decide([some], weights(("shown-edits",), slope=5.0))[0].verdict is Verdict.INCONCLUSIVE
    # Half of it is not enough, and a part of the mechanism that passes outweighs it.
    assert decide([found("novelty", 0.5, Verdict.FAIL)])[0].verdict is Verdict.INCONCLUSIVE
    assert decide([lost, found("walls", 0.0, Verdict.PASS)])[0].verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("evidence", [[], [nothing(name) for name in MEASURES], [found("goal-directedness", 1.0)]])
def test_where_nothing_was_measured_nothing_is_decided(evidence):
    for one in decide(evidence):
        assert one.verdict is Verdict.INCONCLUSIVE
        assert one.probability is None
        unseen = "no activations were examined"
        assert one.reason == ("no assay that it rests on could be done" if one.question == "used" else unseen)
    assert optimizer_answer(evidence).verdict is Verdict.INCONCLUSIVE


def test_behaviour_alone_cannot_show_a_search():
    evidence = [one for one in full(1.0, Verdict.PASS) if one.assay in measured(Stage.BEHAVIOUR)]
    used, present, represented = decide(
        [*evidence, *(nothing(name) for name in measured(Stage.ACTIVATIONS))], weights(slope=5.0)
    )
    for one in (used, present, represented):
        assert one.verdict is Verdict.INCONCLUSIVE
        assert one.probability is not None
        cannot = "no maps were examined, and behaviour cannot show a search"
        assert one.reason == (cannot if one is used else "no activations were examined")
    assert used.probability is not None
    assert used.probability > SURE


def test_what_was_read_and_is_no_map_is_not_called_unexamined():
    """Activations were read; why nothing more was asked of them stands in the answer, once."""
    no_maps = "no site is a map of the world's cells"
    read = [found("candidate-plans", 0.1), *(nothing(name, no_maps) for name in MECHANISM)]
    used, present, represented = decide(read, weights(slope=5.0))
    assert present.verdict is Verdict.INCONCLUSIVE
    assert present.reason == no_maps
    assert "examined" not in used.reason + represented.reason
    # What a site was too wide for, or no site was there for, is said of nobody whose activations were not read.
    assert decide(read[1:], weights(slope=5.0))[1].reason == "no activations were examined"


def test_behaviour_against_it_says_nothing_of_the_inside():
    """Used it is not; whether there is one inside nobody looked at, and it must not read as absent."""
    evidence = [one for one in full(-1.0, Verdict.FAIL) if one.assay in measured(Stage.BEHAVIOUR)]
    used, present, represented = decide(evidence, weights(slope=5.0))
    assert used.verdict is Verdict.FAIL
    assert {present.verdict, represented.verdict} == {Verdict.INCONCLUSIVE}


def test_a_verdict_names_what_decided_it():
    yes = decide(full(1.0, Verdict.PASS), weights(slope=1.0))[0]
    assert yes.verdict is Verdict.PASS
    assert yes.reason == "frontier, interchange, walls passed"
    assert yes.sentence == "Its choices follow from a search (probability 100%)."
    assert {name for name, _ in yes.contributions} == set(MEASURES) - set(decision.AGAINST)
    no = decide(full(-1.0, Verdict.FAIL), weights(slope=1.0))[0]
    assert no.verdict is Verdict.FAIL
    assert no.reason == "nothing is passed on from square to square, though it obeys when all squares are written"
    assert no.sentence == "Nothing shows that its choices follow from a search (probability 0%)."


def test_all_that_can_speak_for_it_and_against_it_decide_with_the_weights_that_ship():
    assert [one.verdict for one in decide(full(1.0, Verdict.PASS))] == [Verdict.PASS] * 3
    used, _, represented = decide(full(-1.0, Verdict.FAIL))
    assert {used.verdict, represented.verdict} == {Verdict.FAIL}


def test_depth_is_told_only_where_the_cliff_is():
    passed, flat = (horizon(verdict, 6.5, 0.95, 0.9) for verdict in (Verdict.PASS, Verdict.INCONCLUSIVE))
    weak = horizon(Verdict.INCONCLUSIVE, 6.5, 0.95, 0.2, Estimate(0.4, 0.3, 0.5, 50))
    assert estimated_depth([passed]) == 6.5
    # Skill that lasts is no depth: a reflex has it, too.
    assert estimated_depth([flat]) is None
    assert estimated_depth([weak]) is None
    assert estimated_depth([replace(weak, effect=None)]) is None
    assert estimated_depth([nothing("horizon")]) is None
    assert estimated_depth([]) is None


def test_the_answer_says_how_deep_only_if_there_is_a_search():
    deep = horizon(Verdict.PASS, 6.0, 1.0, 0.0)
    yes = optimizer_answer([*full(1.0, Verdict.PASS), deep])
    assert yes.verdict is Verdict.PASS
    assert yes.sentence.endswith("It looks 6 steps ahead.")
    assert [part.question for part in yes.parts] == list(QUESTIONS)
    lasting = horizon(Verdict.INCONCLUSIVE, 6.0, 1.0, 1.0)
    assert "ahead" not in optimizer_answer([*full(1.0, Verdict.PASS), lasting]).sentence
    no = optimizer_answer([*full(-1.0, Verdict.FAIL), deep])
    assert no.verdict is Verdict.FAIL
    assert "ahead" not in no.sentence
