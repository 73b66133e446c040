"""What is read beside an agent's own curve is what paper and pencil say of it."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.learning.in_context_gain import in_context_gain
from mesascope.audit.learning.references import ReferenceOptimizer, ReferenceRegression, references
from mesascope.audit.learning.shifted_learning import shifted_learning
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.descent import Momentum
from mesascope.planning.learners.regression import best_loss, best_rate
from mesascope.worlds.streams.linear_systems import LinearSystems
from mesascope.worlds.streams.optimisees import DigitsNetwork, QuadraticProblems
from mesascope.worlds.streams.regression import Regression
from tests.audit.learning.scripted import Scripted, context

PROMPTS = Regression()


def lines_of(found):
    return {line.name: np.asarray(line.values) for line in found.details.lines}


def one_step() -> Scripted:
    """One step of gradient descent at the best rate of these prompts (von Oswald et al. 2022, proposition 1)."""

    def answer(seen, memory):
        memory = memory + seen[:, 10:20] * seen[:, 20:]
        return best_rate(10, 10) / 10 * (memory * seen[:, :10]).sum(1, keepdims=True), memory

    return Scripted(answer)


@pytest.fixture(scope="module")
def seen():
    return context(one_step(), PROMPTS, episodes=512)


def test_the_loss_of_regressions_is_read_beside_gradient_descent(seen):
    found = in_context_gain(seen)
    lines = lines_of(found)
    assert found.details.y_label == "squared error"
    assert found.details.logarithmic
    assert best_loss(10, 10) == pytest.approx(1.6498317)
    assert lines["1 step of gradient descent"][-1] == pytest.approx(1.6498317, abs=0.3)
    # The rate that was found best is within a step of the grid from the best there is.
    assert lines["as it is"][-1] == pytest.approx(lines["1 step of gradient descent"][-1], rel=0.01)
    assert lines["3 steps of gradient descent"][-1] == pytest.approx(1.0737, abs=0.3)
    assert lines["without learning"].mean() == pytest.approx(10 / 3, abs=0.2)
    assert lines["ridge regression"][-1] < 1e-2
    assert "the squared error of late steps is" in found.sentence


def test_who_takes_one_step_does_worse_than_nothing_where_inputs_are_twice_as_large(seen):
    found = shifted_learning(seen)
    assert found.verdict is Verdict.FAIL
    assert "(larger)" in found.sentence
    shares = {rate.name: rate.value for rate in found.details.rates}
    # 3.33 less 1.65 of 3.33; and 13.3 less 67.2 of 13.3, as paper and pencil say.
    assert shares["as trained"] == pytest.approx(0.505, abs=0.06)
    assert shares["larger"] == pytest.approx(-4.04, abs=0.8)
    assert found.details.reference == "ridge regression"


def test_a_reference_beside_itself_is_the_same_line():
    lines = lines_of(in_context_gain(context(ReferenceRegression("ridge", PROMPTS, 1e-6), PROMPTS)))
    assert (lines["as it is"] == lines["ridge regression"]).all()
    systems = LinearSystems(dimensions=2, horizon=5)
    lines = lines_of(in_context_gain(context(Scripted(lambda seen, memory: (seen, memory)), systems)))
    assert (np.diff(lines["ridge regression"]) < 0).mean() >= 0.5
    assert lines["ridge regression"][-1] < lines["without learning"][-1] / 4


def test_optimizers_are_read_beside_rules_at_their_best_rates():
    problems = QuadraticProblems(horizon=8)
    rule = ReferenceOptimizer("mine", Momentum(0.01, decay=0.0), problems)
    seen = context(rule, problems)
    lines = lines_of(in_context_gain(seen))
    assert set(lines) == {
        "as it is", "feedback shuffled", "gradient descent", "momentum", "Nesterov", "Adam", "no update",
        "conjugate gradients",
    }  # fmt: skip
    # |W x - y|^2 of standard normal numbers is 110 on average.
    assert lines["no update"] == pytest.approx(110.0, abs=20.0)
    assert lines["gradient descent"][-1] <= lines["as it is"][-1] * (1 + 1e-6)
    assert lines["conjugate gradients"][-1] < min(values[-1] for name, values in lines.items() if name[:2] != "co")
    assert references(seen, problems)[-1].name == "no update"
    shares = {rate.name: rate.value for rate in shifted_learning(seen).details.rates}
    assert 0.7 < shares["as trained"] <= 1.0


@pytest.mark.slow
def test_who_trains_a_network_is_read_beside_no_update_also_under_shifts():
    pytest.importorskip("sklearn")
    digits = DigitsNetwork(horizon=6, hidden=3, batch=64)
    seen = context(ReferenceOptimizer("mine", Momentum(0.3), digits), digits, episodes=8)
    lines = lines_of(in_context_gain(seen))
    # Ten classes that nothing is known of.
    assert lines["no update"] == pytest.approx(np.log(10), abs=0.1)
    assert lines["as it is"][-1] < lines["no update"][-1]
    shares = {rate.name: rate.value for rate in shifted_learning(seen).details.rates}
    assert shares["as trained"] == pytest.approx(1.0)
    assert shares["longer"] > 1.0
