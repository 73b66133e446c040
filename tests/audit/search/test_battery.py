"""The battery: what each kind of agent gets, what stops an assay and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.assay import ASSAYS
from mesascope.audit.search import examinee as module
from mesascope.audit.search.battery import BATTERY, BLACK_BOX, CONTEXT, WHITE_BOX, run_assay, search_battery
from mesascope.audit.search.decision import ACTIVATIONS, BEHAVIOUR, decide
from mesascope.audit.search.examination import examinee
from mesascope.audit.search.inside import look_inside
from mesascope.core.errors import AgentError, UnknownNameError, UsageError
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.worlds.corner import Corner
from tests.audit.search.opened_agents import MAZE, planner

OWN = Evidence("own", "optimizer", Verdict.PASS, "It was done.", "")


def verdicts(given, names) -> dict[str, Verdict]:
    evidence = search_battery(given, assays={name: BATTERY[name] for name in names})
    return {one.assay: one.verdict for one in evidence}


def test_every_assay_is_registered_and_in_the_battery_once():
    assert list(BATTERY) == [*CONTEXT, *BLACK_BOX, *WHITE_BOX]
    assert set(BATTERY) <= {entry.name for entry in ASSAYS}
    assert set(WHITE_BOX) == set(ACTIVATIONS)
    assert set(BEHAVIOUR) < set(BLACK_BOX)


def test_a_planner_is_called_a_search(searching):
    evidence = search_battery(searching, assays={**BLACK_BOX, **WHITE_BOX})
    found = {one.assay: one.verdict for one in evidence}
    assert not [name for name, verdict in found.items() if verdict is Verdict.FAIL]
    used, *_ = decide(evidence)
    assert used.verdict is Verdict.PASS


def test_a_learnt_reflex_is_not(reflex):
    """Writing alone moves it, since it reads where the goal lies: no assay decides by itself."""
    evidence = search_battery(reflex, assays={**BLACK_BOX, **WHITE_BOX})
    assert decide(evidence)[0].verdict is Verdict.FAIL
    assert {one.assay: one.verdict for one in evidence}["shown-edits"] is Verdict.FAIL


def test_a_table_shows_no_inside_and_nothing_is_concluded_of_it(table):
    found = verdicts(table, WHITE_BOX)
    assert set(found.values()) == {Verdict.INCONCLUSIVE}
    evidence = search_battery(table, assays={**BLACK_BOX, **WHITE_BOX})
    reasons = {one.assay: one.reason for one in evidence}
    assert all("agent 'table' shows no activations" in reasons[name] for name in WHITE_BOX)
    used, present, represented = decide(evidence)
    assert used.verdict is not Verdict.PASS
    assert {present.verdict, represented.verdict} == {Verdict.INCONCLUSIVE}
    assert present.reason == represented.reason == "no activations were examined"


def test_who_was_not_shown_a_shift_is_judged_in_training(searching):
    given = replace(searching, deploy=None)
    assert given.after is given.train
    assert verdicts(given, ["novelty"]) == {"novelty": Verdict.INCONCLUSIVE}


def test_progress_and_cost_are_told(reflex):
    seen = []
    found = search_battery(
        reflex,
        progress=lambda name, share: seen.append((name, share)),
        assays={"one": lambda given: OWN, "other": lambda given: OWN},
    )
    assert seen == [("one", 0), ("other", 0.5)]
    assert [one.assay for one in found] == ["own", "own"]
    assert all(one.cost_seconds >= 0 for one in found)


@pytest.mark.parametrize("error", [AgentError("boom"), UsageError("boom"), UnknownNameError("site", "boom", ["bloom"])])
def test_what_stops_one_assay_stops_no_other(error, reflex):
    def broken(given):
        raise error

    assays = {"first": broken, "second": lambda given: OWN}
    first, second = search_battery(reflex, assays=assays)
    assert first.verdict is Verdict.INCONCLUSIVE
    assert first.reason == str(error)
    assert first.sentence == "Assay 'first' could not be done."
    assert first.effect is None
    assert replace(second, cost_seconds=0.0) == OWN


def test_a_fault_of_ours_is_not_hidden(reflex):
    def broken(given):
        raise ZeroDivisionError("ours")

    with pytest.raises(ZeroDivisionError, match="ours"):
        run_assay("first", broken, reflex)


def test_the_inside_is_looked_into_once(searching, monkeypatch):
    given = replace(searching)
    calls = []

    def counted(*arguments, **options):
        calls.append(arguments)
        return look_inside(*arguments, **options)

    monkeypatch.setattr(module, "look_inside", counted)
    assert given.inside is given.inside
    verdicts(given, ["refinement", "plan-injection"])
    assert len(calls) == 1


def test_only_what_a_bounded_planner_can_see_is_held_against_it(examine, searching):
    bounded = examine(planner("sweeps", 4), 128)
    assert bounded.horizon.verdict is Verdict.PASS
    assert bounded.within == pytest.approx(4.5, abs=1.0)
    flat = replace(searching, agent=searching.agent)
    assert flat.within == (flat.horizon.details.cliff.distance if flat.horizon.verdict is Verdict.PASS else None)
    found = verdicts(bounded, ["conflict", "shown-edits"])
    assert found["conflict"] is Verdict.PASS
    assert found["shown-edits"] is not Verdict.FAIL


def test_every_assay_draws_numbers_of_its_own(searching):
    keys = [searching.stream(name) for name in BATTERY]
    assert len({str(key) for key in keys}) == len(BATTERY)
    assert searching.stream("novelty") == searching.stream("novelty")


def test_an_examinee_is_made_of_an_agent_and_a_world():
    agent = FunctionAgent("chance", lambda seen: np.full((len(seen), 5), 0.2), 5)
    given = examinee(agent, MAZE, levels=12, seed=3)
    assert (given.train.level_set.levels.count, given.after.level_set.levels.count) == (12, 12)
    assert given.deploy is given.after
    assert given.train.level_set.objectives.names[given.objective] == "goal"
    assert (given.train.level_set.distribution, given.after.level_set.distribution) == ("train", "deploy")
    other = examinee(agent, MAZE, objective="dead-end", levels=12, seed=3)
    assert other.train.level_set.objectives.names[other.objective] == "dead-end"
    # The same seed shows the same levels.
    assert np.array_equal(other.after.level_set.levels.layout.walls, given.after.level_set.levels.layout.walls)
    assert not np.array_equal(given.train.level_set.levels.layout.walls, given.after.level_set.levels.layout.walls)


def test_an_objective_that_the_world_does_not_have_names_the_nearest():
    agent = FunctionAgent("chance", lambda seen: np.full((len(seen), 5), 0.2), 5)
    with pytest.raises(UnknownNameError, match=r"objective of world 'maze' named 'gaol'. Did you mean 'goal'"):
        examinee(agent, MAZE, objective="gaol")


def test_an_agent_that_fails_while_it_is_watched_is_an_error_that_names_it():
    def broken(seen):
        raise ValueError("boom")

    with pytest.raises(AgentError, match=r"Agent 'broken' raised ValueError .* boom"):
        examinee(FunctionAgent("broken", broken, 5), MAZE, levels=12)


def test_a_shift_of_another_world_is_examined_as_well():
    agent = FunctionAgent("chance", lambda seen: np.full((len(seen), 5), 0.2), 5)
    given = examinee(agent, Corner(), levels=12)
    assert given.train.level_set.objectives.names[given.objective] == "cheese"
    assert set(verdicts(given, WHITE_BOX).values()) == {Verdict.INCONCLUSIVE}
