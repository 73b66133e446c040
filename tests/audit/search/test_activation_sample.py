"""Activations: what is sampled, what it is compared with, and agents that go wrong while they are looked at."""

from __future__ import annotations

import copy
import re
from dataclasses import replace

import numpy as np
import pytest

from mesascope.agents.activations import Captured
from mesascope.audit.assay import ASSAYS, Stage, assays_of
from mesascope.audit.context import AuditContext, _activations
from mesascope.audit.run import run_assays
from mesascope.audit.search import activation_sample as module
from mesascope.audit.search.activation_sample import sample_activations
from mesascope.audit.search.decision import decide
from mesascope.audit.search.distances import FAR, all_distances
from mesascope.audit.search.opened_step import NotInspectableError, step_of
from mesascope.core.errors import AgentError, UnknownNameError
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from tests.audit.search.opened_agents import (
    Aged,
    Dicing,
    Garbled,
    Misnaming,
    Narrow,
    Opened,
    Reflex,
    Rewriting,
    Silent,
    Tired,
    Unnamed,
)

KEY = root_key(3)


@pytest.fixture(scope="module")
def plain(cases) -> Reflex:
    return Reflex(*cases)


def spoilt(given: AuditContext, agent) -> AuditContext:
    """The same context with another agent inside: what it does is what it did."""
    return replace(given, agent=agent)


def test_the_sample_is_of_states_with_a_choice(reflex):
    sample = reflex.activations
    level_set = reflex.after.level_set
    assert len(np.unique(sample.level)) == level_set.levels.count
    assert np.unique(sample.level, return_counts=True)[1].max() <= module.STATES
    assert level_set.active[sample.level, sample.state].all()
    assert not level_set.fulfilled[level_set.base, sample.level, sample.state].any()
    assert np.allclose(sample.captured.probabilities, reflex.after.policy[sample.level, sample.state])
    parts = [set(sample.level[mask]) for mask in (sample.split.fit, sample.split.choose, sample.split.judge)]
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == level_set.levels.count


def test_distances_are_those_of_breadth_first_search(reflex):
    sample, levels = reflex.activations, reflex.after.level_set.levels
    found = all_distances(levels, np.array([0, 5]))
    for place, level in enumerate((0, 5)):
        successors = np.asarray(levels.successors)[level, :, :, 0]
        for start in range(0, levels.states, 7):
            steps, border = {start: 0}, [start]
            while border:
                state = border.pop(0)
                for following in successors[state].tolist():
                    if following not in steps:
                        steps[following] = steps[state] + 1
                        border.append(following)
            expected = [steps.get(state, FAR) for state in range(levels.states)]
            assert found[place, start].tolist() == expected
    assert np.array_equal(sample.away[sample.level == 5][0], found[1, sample.state[sample.level == 5][0]])


def test_branches_are_off_every_shortest_way(reflex):
    sample = reflex.activations
    value = reflex.after.level_set.optimal_action_values[reflex.objective]
    successors = np.asarray(reflex.after.level_set.levels.successors)[..., 0]
    for row in range(0, len(sample.level), 11):
        level, goal = sample.level[row], sample.goals[row]
        on_the_way, border = {sample.state[row]}, [sample.state[row]]
        while border:
            state = border.pop()
            if state == goal:
                continue
            best = np.isclose(value[level, state], value[level, state].max(), atol=1e-9)
            for following in successors[level, state][best].tolist():
                if following not in on_the_way:
                    on_the_way.add(following)
                    border.append(following)
        assert not set(np.flatnonzero(sample.branches[row])) & on_the_way
        left = set(np.flatnonzero(sample.active[row])) - on_the_way
        assert set(np.flatnonzero(sample.branches[row])) == left


def test_an_action_towards_a_state_brings_it_nearer(reflex):
    sample = reflex.activations
    rows = np.arange(0, len(sample.level), 5)
    towards = sample.towards(rows, sample.goals[rows])
    value = reflex.after.level_set.optimal_action_values[reflex.objective][sample.level[rows], sample.state[rows]]
    assert np.array_equal(towards, np.isclose(value, value.max(-1, keepdims=True), atol=1e-9))


def test_sites_are_spread_evenly_and_wide_ones_are_left_out_and_named(mazes, examine, plain, monkeypatch):
    class Many(Opened):
        def sites(self):
            return tuple(f"layer-{index}" for index in range(30))

        def step(self, observations, state, patches=None):
            found = super().step(observations, state)
            activations = dict.fromkeys(self.sites(), found.activations["hidden"])
            return replace(found, activations=activations | {"layer-0": np.zeros((len(observations), 100))})

    monkeypatch.setattr(module, "WIDEST", 99)
    sample = examine(Many(plain), 64).activations
    assert sample.left_out == ("layer-0",)
    assert len(sample.sites) == module.MOST_READ
    assert (sample.sites[0], sample.sites[-1]) == ("layer-1", "layer-29")
    assert len(sample.few_sites) == module.MOST_WRITTEN
    assert set(sample.few_sites) <= set(sample.sites)
    monkeypatch.setattr(module, "WIDEST", 40)
    with pytest.raises(NotInspectableError, match="every site of agent 'many' is wider than 40"):
        assert examine(Many(plain), 64).activations


def test_too_few_levels_are_not_looked_into(examine, plain):
    with pytest.raises(NotInspectableError, match="only 30 of 30 levels hold a choice, and 40 are needed"):
        assert examine(plain, 30).activations


def test_an_objective_that_is_never_reached_has_no_branches(reflex):
    level_set = reflex.after.level_set
    index = level_set.objectives.index("avoid-goal")
    with pytest.raises(NotInspectableError, match="'avoid-goal' is never reached"):
        sample_activations(reflex.agent, reflex.after, index, key=KEY)


def test_the_same_sample_is_taken_again(reflex):
    one, other = (sample_activations(reflex.agent, reflex.after, reflex.objective, key=KEY) for _ in range(2))
    assert np.array_equal(one.state, other.state)
    assert np.array_equal(one.split.fit, other.split.fit)
    assert np.array_equal(one.split.judge, other.split.judge)
    assert np.array_equal(one.features("hidden"), other.features("hidden"))


def test_where_training_changed_nothing_there_is_nothing_to_compare_with(searching):
    assert searching.activations.untrained_probe is None


# What goes wrong in an agent is INCONCLUSIVE, says which site and which agent, and leaves all else as it is.

FAULTS = {
    "no sites": (lambda one: Unnamed(one), "agent 'unnamed' names no sites"),
    "a site at which nothing shows": (lambda one: Silent(one), "Site 'hidden' of agent 'silent' is named, and showed"),
    "fewer rows than observations": (
        lambda one: Rewriting(one, lambda hidden, step: hidden[1:]),
        r"Site 'hidden' of agent 'rewriting' gave activations of shape \[383, 48\] for 384 observations",
    ),
    "one row of all": (
        lambda one: Rewriting(one, lambda hidden, step: np.float64(1.0)),
        r"Site 'hidden' of agent 'rewriting' gave activations of shape \[\] for 384",
    ),
    "not finite": (
        lambda one: Rewriting(one, lambda hidden, step: np.where(hidden == hidden.max(), np.nan, hidden)),
        "Site 'hidden' of agent 'rewriting' .* not finite",
    ),
    "no numbers": (
        lambda one: Rewriting(one, lambda hidden, step: hidden.astype(object)),
        "Site 'hidden' of agent 'rewriting' .* not finite",
    ),
    "another shape each time": (
        lambda one: Rewriting(one, lambda hidden, step: hidden[:, : 48 - step % 2]),
        "agent 'rewriting' draws its own random numbers: site 'hidden' differed",
    ),
    "dice for a choice": (lambda one: Dicing(one), "agent 'dicing' draws its own random numbers: its probabilities"),
    "noise inside": (
        lambda one: Rewriting(one, lambda hidden, step: hidden + np.random.default_rng(step).normal(size=hidden.shape)),
        "agent 'rewriting' draws its own random numbers: site 'hidden' differed",
    ),
    "an error of its own": (
        lambda one: Tired(one, ValueError("boom"), after=0),
        r"Agent 'tired' raised ValueError on observations of shape \[384, 7, 7, 3\]: boom",
    ),
    "an error of ours": (lambda one: Tired(one, AgentError("worn out"), after=0), "worn out"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_an_agent_that_cannot_be_opened_is_inconclusive_and_all_else_is_asked(fault, reflex, plain):
    make, message = FAULTS[fault]
    given = spoilt(reflex, make(plain))
    opened = assays_of(Stage.ACTIVATIONS)
    evidence = run_assays(given, [*opened, ASSAYS.load("conflict")])
    assert [one.assay for one in evidence] == [*(assay.name for assay in opened), "conflict"]
    for one in evidence[:-1]:
        assert one.verdict is Verdict.INCONCLUSIVE
        assert re.search(message, one.reason), one.reason
        assert f"'{one.assay}'" in one.sentence
        assert one.effect is None
    assert evidence[-1].effect is not None
    # Nothing of it reads as absent.
    for one in decide(evidence)[1:]:
        assert one.verdict is Verdict.INCONCLUSIVE
        assert one.reason == "no activations were examined"


READ, WRITTEN = ("candidate-plans",), ("plan-injection", "retargeting")


@pytest.fixture(scope="module")
def opened(examine, plain) -> AuditContext:
    """The reflex in as many levels as are needed to write, its probes fitted."""
    given = examine(plain)
    run_assays(given, [ASSAYS.load(name) for name in (*READ, *WRITTEN)])
    return given


MID_ASSAY = {
    "raises its own error": (
        lambda one: Tired(one, ValueError("boom")),
        "Agent 'tired' raised ValueError on observations .* after a patch of (seen|hidden): boom",
    ),
    "raises ours": (lambda one: Tired(one, AgentError("worn out")), "worn out"),
    "names its sites wrongly": (
        lambda one: Misnaming(one),
        "no site in agent 'reflex' named 'hiden'. Did you mean 'hidden'",
    ),
    "takes another shape": (
        lambda one: Narrow(one),
        "Agent 'narrow' raised ValueError on observations .* after a patch of hidden: ",
    ),
    "returns no numbers": (
        lambda one: Garbled(one, lambda found: replace(found, probabilities=found.probabilities * np.nan)),
        "Agent 'garbled' gave probabilities that are not finite after a patch of",
    ),
    "returns too few": (
        lambda one: Garbled(one, lambda found: replace(found, probabilities=found.probabilities[1:])),
        "Agent 'garbled' gave probabilities of shape .* observations after a patch of",
    ),
    "returns other actions": (
        lambda one: Garbled(one, lambda found: replace(found, probabilities=found.probabilities[:, 1:])),
        r"Agent 'garbled' gave probabilities of shape \[\d+, 4\] after a patch of .*; there are 5 actions",
    ),
    "returns something else": (
        lambda one: Garbled(one, lambda found: (found.probabilities, None)),
        "Agent 'garbled' returned tuple from a step after a patch of",
    ),
}


@pytest.mark.parametrize("fault", sorted(MID_ASSAY))
def test_an_agent_that_fails_in_mid_assay_is_inconclusive_and_all_else_is_asked(fault, opened, plain):
    make, message = MID_ASSAY[fault]
    given = spoilt(opened, make(plain))
    if not isinstance(given.agent, Misnaming):
        # It was well when it was looked into.
        sample = copy.copy(opened.activations)
        object.__setattr__(sample, "agent", given.agent)
        given._found[_activations] = sample, None
    assays = [ASSAYS.load(name) for name in (*READ, *WRITTEN)]
    evidence = {one.assay: one for one in run_assays(given, assays)}
    for name in WRITTEN:
        assert evidence[name].verdict is Verdict.INCONCLUSIVE
        assert re.search(message, evidence[name].reason), evidence[name].reason
        assert evidence[name].effect is None
    # What only reads is done.
    assert evidence["candidate-plans"].effect is not None
    assert not any(one.verdict is Verdict.PASS for one in evidence.values())


def test_a_shape_that_changes_later_on_is_an_error(examine, plain):
    agent = Rewriting(plain, lambda hidden, step: hidden[:, : 48 if step <= 2 else 40])
    sample = examine(agent, 64).activations
    message = r"Site 'hidden' of agent 'rewriting' gave activations of shape \[40\] .* of shape \[48\] for others"
    with pytest.raises(AgentError, match=message):
        sample.step(sample.seen)


def test_a_network_without_the_site_names_the_nearest(searching):
    with pytest.raises(UnknownNameError, match=r"site in agent 'sweeps' named 'sweep1'. Did you mean 'sweep-1'"):
        step_of(searching.agent, searching.activations.seen[:4], {"sweep1": np.zeros((4, 7, 7, 1))})


@pytest.mark.parametrize("shape", [(4, 7, 7), (3, 7, 7, 1), (4, 5, 5, 1)])
def test_a_patch_of_the_wrong_shape_names_the_site(shape, searching):
    with pytest.raises(AgentError, match=r"site '?sweep-1|patch of site 'sweep-1'"):
        step_of(searching.agent, searching.activations.seen[:4], {"sweep-1": np.zeros(shape)})


def test_an_agent_that_fails_to_be_untrained_is_inconclusive(examine, plain):
    given = examine(Aged(plain), 64)
    found = run_assays(given, [ASSAYS.load("candidate-plans")])[0]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert re.search("Agent 'aged' raised ValueError .* before training: no birth certificate", found.reason)


def test_what_a_well_behaved_agent_gives_is_given_on(plain, reflex):
    seen = reflex.activations.seen[:8]
    found = step_of(plain, seen)
    assert isinstance(found, Captured)
    assert np.array_equal(found.probabilities, plain.step(seen, None).probabilities)
