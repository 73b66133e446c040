"""One step of gradient descent, ridge regression and remembered tasks are told from one another."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.learning.regression_answers import gradient_likeness, two_distances
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.regression import best_rate, gradient_steps, posterior_mean_of_tasks, ridge
from mesascope.worlds.streams.regression import Regression
from tests.audit.learning.scripted import Scripted, context, learner

FEW = Regression(dimensions=2, examples=5, last_only=False, noise=0.5, tasks=4, law="normal")
TASKS = np.asarray(FEW.known_tasks(), np.float64)


class Remembers(Scripted):
    """Keeps whatever it was shown, and answers by a rule for all of it."""

    def __init__(self, rule, wide: int):
        def answer(seen, memory):
            memory = np.concatenate([memory, seen[:, None]], 1)
            values = np.concatenate([memory[:, 1:, -1], np.zeros((len(seen), 1))], 1)
            return rule(memory[..., :wide], values)[:, -1:], memory

        super().__init__(answer)
        self.wide = wide

    def initial_state(self, batch):
        return np.zeros((batch, 0, 2 * self.wide + 1))


def test_one_step_of_gradient_descent_has_cosine_one_and_chance_has_none():
    stream = Regression(dimensions=3, examples=5)
    rate = best_rate(3, 4)
    step = Remembers(lambda xs, ys: gradient_steps(xs, ys, steps=1, rate=rate, examples=4), 3)
    found = gradient_likeness(context(step, stream, episodes=100))
    assert found.verdict is Verdict.PASS
    assert found.effect.value == pytest.approx(1.0, abs=1e-4)
    assert abs(found.null.value) < 0.3
    far = Remembers(lambda xs, ys: ridge(xs, -np.roll(ys, 1, axis=0), penalty=1.0), 3)
    assert gradient_likeness(context(far, stream, episodes=100)).verdict is Verdict.FAIL
    assert gradient_likeness(context(learner())) is None


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (lambda xs, ys: ridge(xs, ys, penalty=0.25), Verdict.PASS),
        (lambda xs, ys: posterior_mean_of_tasks(xs, ys, tasks=TASKS, noise=0.5), Verdict.FAIL),
    ],
)
def test_who_learns_tasks_is_told_from_who_remembers_them(rule, verdict):
    found = two_distances(context(Remembers(rule, 2), FEW))
    assert found.verdict is verdict
    distances = {rate.name: rate.value for rate in found.details.rates}
    near, far = ("ridge", "remembered") if verdict is Verdict.PASS else ("remembered", "ridge")
    assert distances[f"fresh, {near}"] == pytest.approx(0.0, abs=1e-9)
    assert distances[f"fresh, {far}"] > 0.1
