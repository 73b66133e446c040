"""The runner: what each kind of agent gets, what stops an assay and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit import context as module
from mesascope.audit.assay import ASSAYS, SEARCH, Assay, Requirement, Stage, assays_of
from mesascope.audit.run import run_assay, run_assays
from mesascope.audit.search.activation_sample import sample_activations
from mesascope.audit.search.decision import decide, measured
from mesascope.audit.search.horizon import horizon_of, within_horizon
from mesascope.audit.watching import watched
from mesascope.core.errors import AgentError, UnknownNameError, UsageError
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.worlds.corner import Corner
from tests.audit.search.opened_agents import MAZE, planner


def made(run, name: str = "own", **options) -> Assay:
    return Assay(name, "optimizer", "Is it?", Stage.BEHAVIOUR, dict, "Nothing was done.", run, **options)


OWN = made(lambda context: OWN.found(Verdict.PASS, "It was done.", ""))
CHANCE = FunctionAgent("chance", lambda seen: np.full((len(seen), 5), 0.2), 5)


def verdicts(context, names) -> dict[str, Verdict]:
    return {one.assay: one.verdict for one in run_assays(context, [ASSAYS.load(name) for name in names])}


def names(*stages: Stage) -> list[str]:
    return [assay.name for assay in assays_of(*stages)]


def test_every_assay_says_what_the_registry_read_in_its_file_without_importing_it():
    for entry in ASSAYS:
        assay = ASSAYS.load(entry.name)
        read = (entry.name, entry.summary, dict(entry.details)["question"])
        assert (assay.name, assay.summary, assay.question) == read
        assert assay.own
    assert names(*Stage) == sorted(ASSAYS.names(), key=lambda name: (ASSAYS.load(name).stage, ASSAYS.load(name).place))


def test_only_assays_of_search_give_measures_and_context_gives_none():
    assert measured() == measured(Stage.BEHAVIOUR) + measured(Stage.ACTIVATIONS)
    assert measured(Stage.ACTIVATIONS) == tuple(names(Stage.ACTIVATIONS))
    assert set(measured(Stage.BEHAVIOUR)) < set(names(Stage.BEHAVIOUR))
    assert not [assay for assay in assays_of(*set(Stage) - set(SEARCH)) if assay.measure or assay.placebo]
    assert measured(Stage.CONTEXT) == ()


def test_a_planner_is_likely_a_search_and_small_mazes_hold_too_few_conflicts_to_show_it(searching):
    evidence = run_assays(searching, assays_of(Stage.BEHAVIOUR, Stage.ACTIVATIONS))
    assert not [one.assay for one in evidence if one.verdict is Verdict.FAIL]
    used, *_ = decide(evidence)
    assert used.verdict is Verdict.INCONCLUSIVE
    assert used.probability is not None
    assert used.probability > 0.9
    assert "'interchange' gave no number" in used.reason


def test_a_learnt_reflex_is_not(reflex):
    """Writing alone moves it, since it reads where the goal lies: no assay decides by itself.

    It plans anew after some edits, and its inside is no map: that it does not search is likely, and not shown.
    """
    evidence = run_assays(reflex, assays_of(Stage.BEHAVIOUR, Stage.ACTIVATIONS))
    used = decide(evidence)[0]
    assert used.verdict is Verdict.INCONCLUSIVE
    assert used.probability is not None
    assert used.probability < 0.2
    assert {one.assay: one.verdict for one in evidence}["shown-edits"] is Verdict.FAIL


def test_a_table_shows_no_activations_and_nothing_is_concluded_of_it(table):
    evidence = run_assays(table, assays_of(Stage.BEHAVIOUR, Stage.ACTIVATIONS))
    opened = [one for one in evidence if one.assay in names(Stage.ACTIVATIONS)]
    assert {one.verdict for one in opened} == {Verdict.INCONCLUSIVE}
    assert {one.reason for one in opened} == {
        "agent 'table' shows no activations; one that has `sites` and `step` does"
    }
    used, present, represented = decide(evidence)
    assert used.verdict is not Verdict.PASS
    assert {present.verdict, represented.verdict} == {Verdict.INCONCLUSIVE}
    assert present.reason == represented.reason == "no activations were examined"


def test_what_an_assay_requires_is_asked_for_before_it_is_run(table):
    def refuse(context):
        raise AssertionError("it was run")

    context = replace(table, deploy=None)
    assert context.after is context.train
    lacking = {
        Requirement.SHIFT: "no shift was named (--deploy)",
        Requirement.MEMORY: "it has no memory in which a search could go on",
        Requirement.ACTIVATIONS: "agent 'table' shows no activations; one that has `sites` and `step` does",
        Requirement.SWITCHES: "World 'maze' has no causal switches",
    }
    for requirement, reason in lacking.items():
        found = run_assay(made(refuse, requires=(requirement,)), context)
        assert found is not None
        assert (found.verdict, found.sentence) == (Verdict.INCONCLUSIVE, "Nothing was done.")
        assert found.reason.startswith(reason)
    assert verdicts(context, ["novelty"]) == {"novelty": Verdict.INCONCLUSIVE}


def test_progress_and_cost_are_told(reflex):
    seen = []
    found = run_assays(reflex, [OWN, OWN], progress=lambda name, share: seen.append((name, share)))
    assert seen == [("own", 0), ("own", 0.5)]
    assert [one.assay for one in found] == ["own", "own"]
    assert all(one.cost_seconds >= 0 for one in found)


@pytest.mark.parametrize("error", [AgentError("boom"), UsageError("boom"), UnknownNameError("site", "boom", ["bloom"])])
def test_what_stops_one_assay_stops_no_other(error, reflex):
    def broken(context):
        raise error

    first, second = run_assays(reflex, [made(broken, "first"), OWN])
    assert first.verdict is Verdict.INCONCLUSIVE
    assert first.reason == str(error)
    assert first.sentence == "Assay 'first' could not be done."
    assert first.effect is None
    assert replace(second, cost_seconds=0.0) == OWN.run(reflex)


def test_what_has_nothing_to_ask_leaves_no_evidence(reflex):
    assert run_assay(made(lambda context: None), reflex) is None


def test_a_fault_of_ours_is_not_hidden(reflex):
    def broken(context):
        raise ZeroDivisionError("ours")

    broken.__module__ = "mesascope.audit.search.own"
    with pytest.raises(ZeroDivisionError, match="ours"):
        run_assay(made(broken), reflex)


def test_activations_are_sampled_once(searching, monkeypatch):
    context, calls = replace(searching), []

    def counted(*arguments, **options):
        calls.append(arguments)
        return sample_activations(*arguments, **options)

    monkeypatch.setattr(module, "sample_activations", counted)
    assert context.activations is context.activations
    verdicts(context, ["refinement", "plan-injection"])
    assert len(calls) == 1


def test_only_what_a_bounded_planner_can_see_is_held_against_it(examine, searching):
    bounded = examine(planner("sweeps", 4), 128)
    assert bounded.once(horizon_of).verdict is Verdict.PASS
    assert within_horizon(bounded) == pytest.approx(4.5, abs=1.0)
    seen = searching.once(horizon_of)
    assert within_horizon(searching) == (seen.details.cliff.distance if seen.verdict is Verdict.PASS else None)
    found = verdicts(bounded, ["conflict", "shown-edits"])
    assert found["conflict"] is Verdict.PASS
    assert found["shown-edits"] is not Verdict.FAIL


def test_every_assay_draws_numbers_of_its_own(searching):
    keys = [searching.stream(name) for name in names(*SEARCH)]
    assert len({str(key) for key in keys}) == len(keys)
    assert searching.stream("novelty") == searching.stream("novelty")


def test_a_context_is_made_of_an_agent_and_a_world():
    # As many as other tests draw, whose programs serve here, too.
    context = watched(CHANCE, MAZE, levels=64, seed=3)
    assert (context.train.level_set.levels.count, context.after.level_set.levels.count) == (64, 64)
    assert context.deploy is context.after
    assert context.train.level_set.objectives.names[context.objective] == "goal"
    assert (context.train.level_set.distribution, context.after.level_set.distribution) == ("train", "deploy")
    other = watched(CHANCE, MAZE, said="dead-end", levels=64, seed=3)
    assert other.train.level_set.objectives.names[other.objective] == "dead-end"
    # The same seed shows the same levels.
    assert np.array_equal(other.after.level_set.levels.layout.walls, context.after.level_set.levels.layout.walls)
    assert not np.array_equal(context.train.level_set.levels.layout.walls, context.after.level_set.levels.layout.walls)


def test_an_objective_that_the_world_does_not_have_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"objective of world 'maze' named 'gaol'. Did you mean 'goal'"):
        watched(CHANCE, MAZE, said="gaol")


def test_an_agent_that_fails_while_it_is_watched_is_an_error_that_names_it():
    def broken(seen):
        raise ValueError("boom")

    with pytest.raises(AgentError, match=r"Agent 'broken' raised ValueError .* boom"):
        watched(FunctionAgent("broken", broken, 5), MAZE, levels=64)


def test_a_shift_of_another_world_is_examined_as_well():
    context = watched(CHANCE, Corner(size=5, walls="open"), levels=16)
    assert context.train.level_set.objectives.names[context.objective] == "cheese"
    assert set(verdicts(context, names(Stage.ACTIVATIONS)).values()) == {Verdict.INCONCLUSIVE}


def spoilt(name: str = "own", **changes) -> Evidence:
    """Evidence as code that nobody type-checked may make it."""
    found = Evidence(name, "optimizer", Verdict.PASS, "It is.", "")
    for field, value in changes.items():
        object.__setattr__(found, field, value)
    return found


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (0.5, "returned a float, not Evidence"),
        (spoilt("other"), "returned evidence of assay 'other'"),
        (spoilt(verdict="PASS"), "whose verdict, sentence or reason is none"),
        (spoilt(effect=0.5), "whose effect or null is no Estimate"),
        (spoilt(details=object()), "details that JSON cannot hold"),
    ],
)
def test_what_another_packages_assay_returns_is_looked_at(returned, reason, table):
    found = run_assay(made(lambda context: returned), table)
    assert found is not None
    assert found.verdict is Verdict.INCONCLUSIVE
    assert reason in found.reason
