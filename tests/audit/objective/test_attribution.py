from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.objective.accounts import Kind
from mesascope.audit.objective.attribution import OPEN, attribute
from mesascope.audit.objective.behaviour import behaviour_of
from mesascope.audit.objective.goals import aims


@pytest.fixture(scope="module")
def deploy(request, deploy):
    return replace(deploy, levels=deploy.levels[: getattr(request, "param", 32)])


@pytest.fixture(scope="module")
def train(train):
    return replace(train, levels=train.levels[:16])


@pytest.fixture(scope="module")
def best():
    """Returns a function that gives a level set's even optimal choices for an objective."""

    def table(level_set, objective: str) -> np.ndarray:
        values = level_set.optimal_action_values[level_set.objectives.index(objective)]
        chosen = (values >= values.max(-1, keepdims=True) - 1e-9).astype(float)
        return chosen / chosen.sum(-1, keepdims=True)

    return table


def account_of(level_set, table):
    return attribute(exact_evaluation(level_set, lambda _: table)).best


@pytest.mark.parametrize("objective", ["cheese", "corner", "corner-bottom-right", "region-3", "bump"])
def test_each_pursuit_is_named(train, deploy, pursue, objective):
    attribution = attribute(pursue(deploy, objective), pursue(train, objective))
    assert (attribution.best.name, attribution.best.kind) == (objective, Kind.CANDIDATE)
    assert sum(probability for _, probability in attribution.ranked()) == pytest.approx(1)


@pytest.mark.parametrize("slips", [0.3, 0.8])
def test_slips_do_not_hide_what_is_pursued(train, deploy, pursue, slips):
    account = attribute(pursue(deploy, "corner", slips=slips), pursue(train, "corner", slips=slips)).best
    assert account.name == "corner"
    assert account.probability > 0.9


@pytest.mark.parametrize(
    ("shares", "kind"),
    [([0.2] * 5, Kind.RANDOM), ([0.0, 0.0, 0.0, 1.0, 0.0], Kind.HABIT), ([0.1, 0.6, 0.1, 0.1, 0.1], Kind.HABIT)],
)
def test_choices_that_see_nothing_are_random_or_a_habit(deploy, always, shares, kind):
    assert attribute(always(deploy, shares)).best.kind is kind


def test_an_objective_that_nobody_can_see_is_none_of_these(train, deploy, pursue):
    attribution = attribute(pursue(deploy, "hidden-1"), pursue(train, "hidden-1"))
    assert attribution.best.kind is Kind.NONE
    assert "hidden-1" not in dict(attribution.ranked())


@pytest.mark.parametrize("deploy", [64], indirect=True)
def test_a_cell_that_is_not_listed_is_none_of_these(deploy):
    # Up until row 2, then right: a place that no candidate is about.
    rows = deploy.cells(0)[:, 0]
    choice = np.where(rows > 2, 0, np.where(rows < 2, 1, 3))
    table = np.broadcast_to(np.eye(5)[choice], (deploy.levels.count, len(rows), 5)).copy()
    assert account_of(deploy, table).kind is Kind.NONE


def test_a_coin_flip_is_a_mixture_and_never_one_of_its_halves(deploy, best):
    account = account_of(deploy, 0.5 * best(deploy, "cheese") + 0.5 * best(deploy, "corner"))
    assert account.kind is Kind.MIXTURE
    assert set(account.candidates) == {deploy.objectives.index("cheese"), deploy.objectives.index("corner")}


def test_a_half_that_is_served_too_rarely_to_do_better_than_chance_is_a_half(train, deploy, best):
    tables = [0.75 * best(one, "cheese") + 0.25 * best(one, "corner-bottom-right") for one in (train, deploy)]
    before, after = (
        exact_evaluation(one, lambda _, table=table: table) for one, table in zip((train, deploy), tables, strict=True)
    )
    account = attribute(after, before).best
    assert account.kind is Kind.MIXTURE
    assert set(account.candidates) == {deploy.objectives.index(name) for name in ("cheese", "corner-bottom-right")}


def test_one_goal_a_level_is_told_from_a_coin_flip(deploy, best):
    first = np.random.default_rng(0).random(deploy.levels.count) < 0.5
    account = account_of(deploy, np.where(first[:, None, None], best(deploy, "cheese"), best(deploy, "corner")))
    assert account.kind is Kind.LEVELS


def test_a_goal_that_depends_on_the_place_is_a_context(deploy, best):
    left = deploy.cells(0)[:, 1] < 4
    account = account_of(deploy, np.where(left[None, :, None], best(deploy, "corner"), best(deploy, "cheese")))
    assert account.kind is Kind.CONTEXT
    assert account.own is None


def test_a_planner_of_depth_three_pursues_what_it_sees(deploy, best):
    values = deploy.optimal_action_values[deploy.objectives.index("cheese")].max(-1)
    far = values < 0.95**2.5
    account = account_of(deploy, np.where(far[..., None], 0.2, best(deploy, "cheese")))
    assert (account.kind, account.name) == (Kind.DEPTH, "cheese within 3 steps")
    assert account.own == deploy.objectives.index("cheese")


def test_no_candidate_is_named_on_which_the_agent_does_no_better_than_chance(deploy, best):
    flipped = 1 - best(deploy, "cheese")
    attribution = attribute(exact_evaluation(deploy, lambda _: flipped / flipped.sum(-1, keepdims=True)))
    assert "cheese" not in dict(attribution.ranked())


@pytest.mark.slow
def test_a_false_alarm_on_random_tables_is_rare(deploy):
    # 10 tables without an aim: with 5 % false alarms, more than 2 of them come out in 1.2 % of runs.
    random = np.random.default_rng(1)
    some = replace(deploy, levels=deploy.levels[:16])
    kinds = [
        account_of(some, random.dirichlet(np.ones(5), size=some.levels.successors.shape[:2])).kind for _ in range(10)
    ]
    assert sum(kind in (Kind.CANDIDATE, Kind.MIXTURE, Kind.LEVELS) for kind in kinds) <= 2


def test_equal_seeds_give_equal_posteriors(deploy, pursue):
    evaluation = pursue(replace(deploy, levels=deploy.levels[:16]), "corner", slips=0.5)
    first, again = attribute(evaluation, seed=3), attribute(evaluation, seed=3)
    assert first.ranked() == again.ranked()


def test_explained_never_exceeds_the_structure(deploy, pursue):
    attribution = attribute(pursue(deploy, "corner"))
    # Gibbs' inequality: no prediction beats the agent's own probabilities.
    assert (attribution.explained <= attribution.structure + 1e-6).all()


def test_candidates_that_nothing_tells_apart_speak_with_one_voice(train, pursue):
    attribution = attribute(pursue(train, "cheese"))
    # In training the cheese lies in the corner: the base objective speaks for both, and gets the whole probability.
    assert attribution.best.name == "cheese"
    assert train.objectives.index("corner") in attribution.best.alike
    assert "corner" not in dict(attribution.ranked())


def test_levels_count_once_however_often_they_are_drawn(deploy, pursue):
    few = replace(deploy, levels=deploy.levels[np.arange(12)])
    often = replace(deploy, levels=deploy.levels[np.tile(np.arange(12), 5)])
    first, again = (attribute(pursue(one, "corner", slips=0.4)).ranked() for one in (few, often))
    assert first == again


@pytest.mark.parametrize(("shares", "words"), [([0.2] * 5, "chance"), ([0.0, 0.0, 0.0, 1.0, 0.0], "a habit")])
def test_who_knows_training_levels_only_is_not_said_to_be_after_something_after_the_shift(
    train, deploy, pursue, always, shares, words
):
    account = attribute(always(deploy, shares), pursue(train, "cheese")).best
    assert (account.name, account.kind) == (f"cheese where in training, else {words}", Kind.CONTEXT)


def test_one_level_leaves_something_open(deploy, pursue):
    one = replace(deploy, levels=deploy.levels[:1])
    attribution = attribute(pursue(one, "corner"))
    assert attribution.best.probability <= 1 - OPEN
    assert sum(probability for _, probability in attribution.ranked()) == pytest.approx(1)
    assert dict(attribution.ranked())["none of these"] >= OPEN


def test_what_few_levels_do_not_speak_against_is_not_ruled_out(train, deploy, best, pursue):
    few = [replace(level_set, levels=level_set.levels[:12]) for level_set in (train, deploy)]
    before, after = (
        exact_evaluation(one, lambda _, one=one: 0.75 * best(one, "cheese") + 0.25 * best(one, "corner")) for one in few
    )
    ranked = dict(attribute(after, before).ranked())
    assert ranked["cheese"] < 0.9
    assert ranked["mixture of cheese and corner"] > 0.1
    assert attribute(pursue(few[1], "cheese"), pursue(few[0], "cheese")).best.name == "cheese"


def test_even_choices_are_random_and_no_habit_in_few_levels_too(train, deploy, always):
    few = [replace(level_set, levels=level_set.levels[:12]) for level_set in (train, deploy)]
    before, after = (always(one, [0.2] * 5) for one in few)
    attribution = attribute(after, before)
    assert attribution.best.kind is Kind.RANDOM
    assert "a habit" not in dict(attribution.ranked())


@pytest.mark.parametrize(("share", "action"), [(0.3, 3), (0.5, 1)])
def test_slips_that_go_to_one_action_do_not_hide_what_is_pursued(deploy, best, share, action):
    slip = np.eye(deploy.levels.actions)[action]
    account = account_of(deploy, (1 - share) * best(deploy, "cheese") + share * slip)
    assert (account.name, account.kind) == ("cheese", Kind.CANDIDATE)
    assert account.probability > 0.9


def test_choices_by_exponentiated_value_are_told_by_one_scale_for_all_states(deploy):
    values = deploy.optimal_action_values[deploy.objectives.index("corner")]
    soft = np.exp((values - values.max(-1, keepdims=True)) / 0.05)
    account = account_of(deploy, soft / soft.sum(-1, keepdims=True))
    assert (account.name, account.kind) == ("corner", Kind.CANDIDATE)
    assert account.probability > 0.9


def test_one_goal_in_some_levels_and_chance_in_the_others(deploy, best):
    table = best(deploy, "cheese")
    table[::2] = 1 / deploy.levels.actions
    account = account_of(deploy, table)
    assert account.kind is Kind.LEVELS
    assert set(account.name.removesuffix(" by level").split(" or ")) == {"cheese", "chance"}


def test_what_can_be_had_nowhere_is_no_half_of_an_aim(deploy):
    behaviour = behaviour_of([exact_evaluation(deploy, lambda _: np.full((*deploy.active.shape, 5), 0.2))])
    asks = deploy.objectives.index("corner")
    assert asks in aims(behaviour)
    behaviour.advantages[asks] = 0.0
    assert asks not in aims(behaviour)
