"""Choices are attributed to the learner that made them, and to none where no reference would have made them."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.learning.attribution import attribute, ratio
from mesascope.audit.learning.flexible_learner import flexible_nats
from mesascope.audit.learning.learner_attribution import learner_attribution
from mesascope.audit.learning.learner_fit import Choices
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.bandit_rules import EpsilonGreedy, UpperConfidence, WinStayLoseShift
from mesascope.planning.learners.delta_rule import DeltaRule
from mesascope.planning.learners.regression import gradient_steps, preconditioned_step, ridge, transformed_steps
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.copying import Copying
from mesascope.worlds.streams.linear_systems import LinearSystems
from mesascope.worlds.streams.regression import Regression
from tests.audit.learning.scripted import Scripted, context, even, learner
from tests.audit.learning.test_regression_answers import Remembers

ARMS, HORIZON, EPISODES = 2, 6, 150


def choices_of(learner, *, seed=0) -> Choices:
    generator = np.random.default_rng(seed)
    pays = generator.random((EPISODES, ARMS))
    return Choices(*learner.play(pays, HORIZON, generator=generator), ARMS, HORIZON)


def test_an_inner_learning_rate_and_exploration_are_recovered_with_intervals():
    found = attribute(choices_of(DeltaRule(rate=0.6, beta=5.0)), seed=0)
    assert (found.best, found.alike) == ("delta-rule", ())
    assert found.explained.high > 0.95
    rate, beta = found.parameters["rate"], found.parameters["beta"]
    assert rate.low < 0.6 < rate.high < rate.low + 0.3
    assert beta.low < 5.0 < beta.high < 1.5 * beta.low
    assert "slips" not in found.parameters


def test_situations_in_which_order_matters_are_looked_at_one_by_one():
    rule, choices = DeltaRule(0.4, 3.0), choices_of(WinStayLoseShift(0.9, 0.6))
    chosen = np.take_along_axis(choices.of_all(rule), choices.choices[..., None], -1)
    some = np.arange(EPISODES) % 3 == 0
    nats = np.log(choices.of_chosen(rule)) @ choices.counts(some, in_order=True)
    assert nats == pytest.approx(np.log(chosen[some]).sum())


@pytest.mark.parametrize(
    ("learner", "parameters"),
    [(EpsilonGreedy(0.3), {"epsilon": 0.3}), (WinStayLoseShift(0.9, 0.6), {"stay": 0.9, "shift": 0.6})],
)
def test_the_family_and_its_parameters_are_found(learner, parameters):
    found = attribute(choices_of(learner), seed=0)
    assert found.best == learner.family
    assert found.explained.high > 0.95
    for name, value in parameters.items():
        assert found.parameters[name].confidence == 0.9
        assert abs(found.parameters[name].value - value) < 0.06
        assert found.parameters[name].high - found.parameters[name].low < 0.15
    assert sum(probability for _, probability in found.posterior) == pytest.approx(1.0)


def test_who_prefers_the_worse_arm_is_like_none_of_them():
    generator = np.random.default_rng(3)
    pays = generator.random((EPISODES, ARMS))
    paid, missed = np.zeros((2, EPISODES, ARMS))
    made, got = np.empty((EPISODES, HORIZON), int), np.empty((EPISODES, HORIZON))
    for step in range(HORIZON):
        scores = (paid + 1) / (paid + missed + 2) + 1e-6 * generator.random(paid.shape)
        chosen = scores.argmin(-1)
        reward = generator.random(EPISODES) < pays[np.arange(EPISODES), chosen]
        paid[np.arange(EPISODES), chosen] += reward
        missed[np.arange(EPISODES), chosen] += ~reward
        made[:, step], got[:, step] = chosen, reward
    found = attribute(Choices(made, got, ARMS, HORIZON), seed=0)
    assert found.explained.high < 0.9
    assert found.predictable.value > 0.3


def test_an_order_in_which_arms_are_taken_that_are_held_alike_does_not_count_against_a_learner():
    generator = np.random.default_rng(4)
    pays = generator.random((EPISODES, ARMS))
    made, got = np.zeros((EPISODES, HORIZON), int), np.empty((EPISODES, HORIZON))
    for step in range(HORIZON):
        table = Choices(made, np.zeros_like(got), ARMS, HORIZON)
        if step:
            table = Choices(made[:, : step + 1], got[:, : step + 1] * (np.arange(step + 1) < step), ARMS, HORIZON)
        # The first of those that are best.
        made[:, step] = table.of_all(UpperConfidence(1.0))[:, step].argmax(-1)
        got[:, step] = generator.random(EPISODES) < pays[np.arange(EPISODES), made[:, step]]
    found = attribute(Choices(made, got, ARMS, HORIZON), seed=0)
    assert found.best == "upper-confidence"
    assert found.explained.low > 0.95


def test_situations_are_looked_at_once_and_mean_the_same():
    rule = UpperConfidence(0.7)
    choices = choices_of(rule)
    np.testing.assert_allclose(choices.of_all(rule), rule.probabilities(choices.history), atol=1e-12)
    assert len(choices.situations[1].reshape(-1)) > 3 * len(choices.situations[0].successes)
    chosen = np.take_along_axis(choices.of_all(rule), choices.choices[..., None], -1)
    counts = choices.counts(np.ones(EPISODES, bool), in_order=False)
    assert np.log(choices.of_chosen(rule)) @ counts == pytest.approx(np.log(chosen).sum())


def test_the_flexible_learner_is_judged_on_other_episodes_and_knows_a_mixture():
    generator = np.random.default_rng(5)
    one, other = choices_of(EpsilonGreedy(0.1), seed=1), choices_of(WinStayLoseShift(1.0, 1.0), seed=2)
    half = generator.random(EPISODES) < 0.5
    mixed = Choices(
        np.where(half[:, None], one.choices, other.choices),
        np.where(half[:, None], one.rewards, other.rewards),
        ARMS,
        HORIZON,
    )
    tables = [mixed.of_all(rule) for rule in (EpsilonGreedy(0.1), WinStayLoseShift(1.0, 1.0))]
    fitting = np.arange(EPISODES) % 2 == 0
    nats = flexible_nats(mixed, tables, fitting)[~fitting].mean()
    alone = [
        np.log(np.maximum(np.take_along_axis(table, mixed.choices[..., None], -1), 1e-3))[~fitting].mean()
        for table in tables
    ]
    assert nats > max(alone)


def test_an_agent_in_a_bandit_is_named():
    found = learner_attribution(context(learner(), Bandits(arms=3, horizon=9)))
    assert found.verdict is Verdict.PASS
    assert "greedy" in found.sentence
    found = learner_attribution(context(even(memoryless=False)))
    assert found.details.best == "random"


def test_ridge_regression_is_named_with_its_penalty():
    stream = Regression(dimensions=2, examples=5, last_only=False, noise=0.5, law="normal")

    remembers = Remembers(lambda xs, ys: ridge(xs, ys, penalty=0.25), 2)
    found = learner_attribution(context(remembers, stream))
    assert found.verdict is Verdict.PASS
    assert found.details.best == "ridge"
    assert found.details.setting["penalty"] == pytest.approx(0.25, rel=0.3)
    assert found.effect.value > 0.99


def test_ridge_regression_is_named_in_linear_systems_too():
    stream = LinearSystems(dimensions=2, horizon=8, noise=0.3)

    class Foretells(Scripted):
        def initial_state(self, batch):
            return np.zeros((batch, 0, 2))

    def answer(seen, memory):
        memory = np.concatenate([memory, seen[:, None]], 1)
        following = np.concatenate([memory[:, 1:], np.zeros_like(memory[:, :1])], 1)
        told = [ridge(memory, following[..., entry], penalty=0.18)[:, -1] for entry in range(2)]
        return np.stack(told, -1), memory

    found = learner_attribution(context(Foretells(answer), stream))
    assert found.verdict is Verdict.PASS
    assert found.details.best == "ridge"
    assert found.details.setting["penalty"] == pytest.approx(0.18, rel=0.35)


UNEVEN = np.array([[3.0, 0.0], [0.6, 0.4]])


@pytest.mark.parametrize(
    ("family", "rule", "setting"),
    [
        ("gradient descent", lambda xs, ys: gradient_steps(xs, ys, steps=2, rate=1.12, examples=4), {"steps": 2}),
        (
            "preconditioned gradient descent",
            lambda xs, ys: preconditioned_step(xs, ys, rate=1.0, preconditioner=UNEVEN, examples=4),
            {"rate": 1.7, "uneven": np.linalg.norm(UNEVEN - 1.7 * np.eye(2)) / np.linalg.norm(UNEVEN)},
        ),
        (
            "transformed gradient descent",
            lambda xs, ys: transformed_steps(xs, ys, steps=3, rate=1.0, curvature=0.75, examples=4),
            {"steps": 3, "curvature": 0.75},
        ),
    ],
)
def test_kinds_of_descent_are_told_from_one_another(family, rule, setting):
    found = learner_attribution(context(Remembers(rule, 2), Regression(dimensions=2, examples=5)))
    assert found.verdict is Verdict.PASS
    assert found.details.best == family
    assert found.details.alike == ()
    assert {name: found.details.setting[name] for name in setting} == pytest.approx(setting, rel=1e-3)
    assert found.effect.value > 0.99
    rate = found.details.parameters.get("rate")
    assert (rate is None) == (setting.get("steps", 1) > 1)
    assert rate is None or rate.low <= setting["rate"] <= rate.high


def test_an_inner_learning_rate_is_told_of_a_learner_with_noise():
    noise = np.random.default_rng(0)
    step = Remembers(
        lambda xs, ys: gradient_steps(xs, ys, steps=1, rate=1.3, examples=4) + 0.1 * noise.standard_normal(ys.shape), 2
    )
    found = learner_attribution(context(step, Regression(dimensions=2, examples=5)))
    assert found.details.best == "gradient descent"
    rate = found.details.parameters["rate"]
    assert rate.low < 1.3 < rate.high < rate.low + 0.2
    assert rate.confidence == 0.9
    assert f"[{rate.low:.3g}, {rate.high:.3g}]" in found.sentence


def test_intervals_of_ratios_cover_as_often_as_they_say():
    generator, hits, cases = np.random.default_rng(0), 0, 400
    for case in range(cases):
        below = generator.gamma(2.0, size=100)
        found = ratio(1.3 * below + generator.normal(size=100) * below, below, seed=case, confidence=0.9)
        hits += found.low <= 1.3 <= found.high
    # At a coverage of 0.9 it is outside of this in less than one run of a hundred.
    assert 0.855 <= hits / cases <= 0.935


def test_where_there_are_no_references_nothing_is_told():
    stream = Copying()
    silent = Scripted(lambda seen, memory: (np.zeros((len(seen), stream.outputs)), memory))
    found = learner_attribution(context(silent, stream, episodes=8))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no reference learners of stream copy" in found.reason


def test_who_answers_zero_every_time_is_like_nobody_and_no_fault():
    stream = Regression(dimensions=2, examples=5)
    silent = Scripted(lambda seen, memory: (np.zeros((len(seen), 1)), memory))
    found = learner_attribution(context(silent, stream, episodes=8))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "answers 0 every time" in found.reason
