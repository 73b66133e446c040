"""Model-free, model-based and mixed learners are told by their choices, better than by stay probabilities alone."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.learning.learner_attribution import learner_attribution
from mesascope.audit.learning.two_step_choices import TwoStepChoices, attribute_two_step
from mesascope.core.verdicts import Verdict
from mesascope.worlds.streams.two_step import TwoStep, stay_probabilities
from tests.audit.learning.scripted import Scripted, context

EPISODES, TRIALS, COMMON = 60, 80, 0.8
RATE, BETA = 0.5, 5.0


def play(planning: float, *, trace: float = 1.0, worse: bool = False, seed: int = 0) -> TwoStepChoices:
    """Plays the equations of Daw et al. (2011) in plain numpy."""
    generator, rows = np.random.default_rng(seed), np.arange(EPISODES)
    stage, first = np.full((2, EPISODES, 2), 0.5)
    good = generator.integers(2, size=EPISODES)
    made = np.zeros((3, EPISODES, TRIALS))
    for trial in range(TRIALS):
        model = COMMON * stage + (1 - COMMON) * stage[:, ::-1]
        scores = BETA * (planning * model + (1 - planning) * first) * (-1 if worse else 1)
        choice = (generator.random(EPISODES) < 1 / (1 + np.exp(scores[:, 0] - scores[:, 1]))).astype(int)
        place = np.where(generator.random(EPISODES) < COMMON, choice, 1 - choice)
        reward = (generator.random(EPISODES) < np.where(place == good, 0.9, 0.1)).astype(float)
        made[:, :, trial] = choice, place, reward
        later = reward - stage[rows, place]
        first[rows, choice] += RATE * (stage[rows, place] - first[rows, choice] + trace * later)
        stage[rows, place] += RATE * later
        good = np.where(generator.random(EPISODES) < 0.025, 1 - good, good)
    return TwoStepChoices(made[0].astype(int), made[1].astype(int), made[2], COMMON)


def interaction(trials: TwoStepChoices) -> float:
    table = stay_probabilities(trials.choices, trials.choices == trials.places, trials.rewards)
    return table[1, 1] - table[1, 0] - table[0, 1] + table[0, 0]


def test_pure_learners_are_told_though_stay_probabilities_interact_in_both():
    free, based = play(0.0), play(1.0)
    # Who does not plan has an interaction, too, where one place pays for long: a rewarded common trial is mostly one of
    # the better choice, which was liked before (Akam, Costa and Dayan 2015).
    assert interaction(based) > 2 * interaction(free) > 0.2
    for trials, family in ((free, "model-free"), (based, "model-based")):
        found = attribute_two_step(trials, seed=0)
        assert (found.best, found.alike) == (family, ())
        assert found.explained.low > 0.94
        assert "planning" not in found.parameters
        assert found.parameters["rate"].low - 0.02 < RATE < found.parameters["rate"].high + 0.02
        assert found.parameters["beta"].low < BETA < found.parameters["beta"].high


def test_how_much_is_planned_is_recovered_with_an_interval():
    found = attribute_two_step(play(0.4, trace=0.6), seed=0)
    assert found.best == "model-free and model-based"
    planning, trace = found.parameters["planning"], found.parameters["trace"]
    assert planning.low < 0.4 < planning.high < planning.low + 0.2
    assert trace.low < 0.6 < trace.high < trace.low + 0.4
    assert planning.confidence == 0.9


def test_who_prefers_what_is_worse_is_like_none_of_them():
    found = attribute_two_step(play(1.0, worse=True), seed=0)
    assert found.explained.high < 0.9
    assert found.predictable is not None
    assert found.predictable.low > 0.01


def test_chance_is_chance():
    generator = np.random.default_rng(2)
    trials = TwoStepChoices(*generator.integers(0, 2, (2, 40, 50)), generator.random((40, 50)).round(), COMMON)
    found = attribute_two_step(trials, seed=0)
    assert (found.best, found.parameters) == ("random", {})
    assert found.posterior[0][1] == pytest.approx(1.0, abs=0.05)


def test_an_agent_in_the_task_is_named():
    def answer(seen, memory):
        # Values of places alone, in the memory: who knows where choices lead.
        stage = memory["stage"] if isinstance(memory, dict) else np.full((len(seen), 2), 0.5)
        came, reward = seen[:, 2:4], seen[:, 4:5]
        stage = stage + RATE * came * (reward - stage)
        second = 1 / (1 + np.exp(-BETA * 0.6 * (stage[:, 1] - stage[:, 0])))
        return np.stack([1 - second, second], 1), {"stage": stage}

    found = learner_attribution(context(Scripted(answer), TwoStep(trials=40), episodes=150))
    assert found.verdict is Verdict.PASS
    assert found.details.best == "model-based"
    assert "model-based (rate" in found.sentence
