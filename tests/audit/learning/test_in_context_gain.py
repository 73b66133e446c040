"""Who learns is told from who does not, and from who cannot."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.audit.assay import ASSAYS, AUDIT, Stage
from mesascope.audit.learning.in_context_gain import IN_CONTEXT_GAIN, in_context_gain
from mesascope.audit.learning.learner_attribution import learner_attribution
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.regression import ridge
from mesascope.worlds.streams.bandits import Bandits, BanditTask
from mesascope.worlds.streams.copying import Copying
from mesascope.worlds.streams.optimisees import QuadraticProblems
from mesascope.worlds.streams.regression import Regression
from tests.audit.learning.scripted import Scripted, context, even, learner
from tests.audit.learning.test_regression_answers import Remembers


def test_regressions_are_drawn_beside_what_paper_and_pencil_bring():
    stream = Regression(dimensions=2, examples=5, last_only=False, noise=0.5, tasks=4, law="normal")
    remembers = Remembers(lambda xs, ys: ridge(xs, ys, penalty=0.25), 2)
    found = in_context_gain(context(remembers, stream))
    lines = {line.name: np.array(line.values) for line in found.details.lines}
    # The same answers; what differs is the noise of values, which references are not judged by.
    assert lines["ridge regression"] == pytest.approx(lines["as it is"], abs=0.25)
    assert lines["remembered tasks"].mean() < lines["ridge regression"].mean()
    assert lines["1 step of gradient descent"][-1] > lines["ridge regression"][-1] > 0.5**2


def test_a_learner_gains_and_its_placebos_do_not():
    found = in_context_gain(context(learner()))
    assert found.verdict is Verdict.PASS
    assert found.effect.low > 0.02
    assert abs(found.details.shuffled.value) < 0.06
    names = [line.name for line in found.details.lines]
    assert names == ["as it is", "memory frozen", "feedback shuffled", "bayes-adaptive", "thompson", "greedy", "random"]
    # The reference is the very rule that was asked.
    lines = {line.name: line.values for line in found.details.lines}
    assert lines["greedy"] == lines["as it is"]


@pytest.mark.parametrize(("keeps", "verdict"), [(True, Verdict.PASS), (False, Verdict.FAIL)])
def test_where_all_is_shown_before_it_is_asked_for_late_steps_are_not_held_against_early_ones(keeps, verdict):
    stream = Copying(width=2, shortest=2, longest=3)

    def copies(seen, memory):
        # Rows so far, in order, and how many were given back; -1 before the mark.
        rows, given = memory[:, :-1].reshape(len(seen), 3, 2), memory[:, -1].astype(int)
        shown, every = memory[:, -1] == -1, np.arange(len(seen))
        answers = rows[every, np.clip(given, 0, 2)] * 8.0
        count = (rows[..., 0] != 0).sum(1)
        writes = shown & (seen[:, -1] == 0) & (count < 3)
        rows[every[writes], count[writes]] = 2 * seen[writes, :2] - 1
        given = np.where(given >= 0, given + 1, np.where(seen[:, -1] > 0, 0, -1))
        return answers if keeps else 0 * answers, np.concatenate([rows.reshape(len(seen), -1), given[:, None]], 1)

    class Copies(Scripted):
        def initial_state(self, batch):
            return np.concatenate([np.zeros((batch, 6)), -np.ones((batch, 1))], 1)

    found = in_context_gain(context(Copies(copies), stream))
    assert found.verdict is verdict
    if keeps:
        assert found.sentence.startswith("It learns within an episode: what it is asked for brings")
        assert found.details.over_frozen.low > 0.4


def test_who_goes_by_the_last_feedback_alone_uses_it_and_needs_no_memory():
    def stays(seen, memory):
        # Again after a reward, another arm after none: all of that is seen.
        last = seen[:, :3] if seen[:, :3].any() else np.full((len(seen), 3), 1 / 3)
        paid = seen[:, 3:4] > 0.5
        return np.where(paid, last, (1 - last) / (1 - last).sum(-1, keepdims=True)), memory

    found = in_context_gain(context(Scripted(stays)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.startswith("It uses feedback, but only what it sees of it at once")


def test_who_has_a_memory_and_does_not_use_it_does_not_learn():
    found = in_context_gain(context(even(memoryless=False)))
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith("It does not learn within an episode")


def test_who_keeps_its_memory_elsewhere_is_not_said_not_to_learn():
    kept = learner()
    inside = []

    class Elsewhere(Scripted):
        def initial_state(self, batch):
            # Where an episode begins it does not notice.
            inside[:] = inside or [kept.initial_state(batch)]

    def answer(seen, _):
        probabilities, inside[0] = kept.act(seen, inside[0])
        return probabilities, None

    found = in_context_gain(context(Elsewhere(answer)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "could not be frozen" in found.reason
    assert found.details.over_frozen is None


def test_who_writes_into_the_memory_that_it_is_handed_learns_all_the_same():
    class Writes(Scripted):
        def initial_state(self, batch):
            return [np.ones((batch, 3)), np.full((batch, 3), 2.0)]

    def answer(seen, memory):
        memory[0] += seen[:, :3] * seen[:, 3:4]
        memory[1] += seen[:, :3]
        best = (memory[0] / memory[1]).argmax(-1)
        return np.eye(3)[best], memory

    assert in_context_gain(context(Writes(answer))).verdict is Verdict.PASS


def test_who_has_no_memory_cannot_learn():
    found = in_context_gain(context(even()))
    assert found.verdict is Verdict.FAIL
    assert "cannot learn within an episode" in found.sentence


def test_getting_better_with_time_alone_is_no_learning():
    def ripens(seen, memory):
        # It knows from the start which arm pays, and takes it later on.
        share = np.where(memory < 3, 1 / 3, 1.0)
        return np.concatenate([share, (1 - share) / 2, (1 - share) / 2], -1), memory + 1

    found = in_context_gain(context(Scripted(ripens), Rigged(arms=3, horizon=9)))
    assert found.effect.low > 0.1
    assert found.verdict is not Verdict.PASS
    assert found.details.over_shuffled.value == 0.0


def test_an_optimizer_keeps_what_it_learns_in_what_it_optimizes():
    stream = QuadraticProblems(dimensions=2, horizon=12)
    descent = Scripted(lambda seen, memory: (-0.02 * seen[:, :2].astype(float), memory), memoryless=True)
    asked = context(descent, stream, episodes=100)
    found = in_context_gain(asked)
    assert found.verdict is Verdict.PASS
    assert found.details.frozen is None
    references = {line.name: line.values for line in found.details.lines if line.reference}
    # Each rule at its best rate, and conjugate gradients, which solve two dimensions in two steps.
    assert references["conjugate gradients"][-1] < 1e-6
    assert references["gradient descent"][-1] <= found.details.lines[0].values[-1] + 0.05
    found = learner_attribution(asked)
    assert found.sentence == "It answers like gradient descent (rate 0.02 [0.02, 0.02])."


@dataclasses.dataclass(frozen=True)
class Rigged(Bandits):
    """The first arm always pays."""

    def sample(self, *, key):
        return BanditTask(jnp.array([1.0, 0.5, 0.0]), jnp.zeros(3))


def test_it_is_an_assay_of_learners_alone():
    assert ASSAYS.load("in-context-gain") is IN_CONTEXT_GAIN
    assert IN_CONTEXT_GAIN.stage is Stage.LEARNING
    assert Stage.LEARNING not in AUDIT


def test_who_does_better_for_learning_but_no_better_later_is_told_so():
    def told(seen, memory):
        # It keeps what it is told at first, and knows nothing where that was taken from it.
        memory = np.where(seen[:, 3:] > 0, np.abs(seen[:, 2:3] - [0.0, 1.0]), memory)
        shares = memory + 1e-9
        return shares / shares.sum(-1, keepdims=True), memory

    class Told(Scripted):
        def initial_state(self, batch):
            return np.zeros((batch, 2))

    found = in_context_gain(context(Told(told), Sure(arms=2, horizon=9)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.startswith("It does better where it can learn")


@dataclasses.dataclass(frozen=True)
class Sure(Bandits):
    """One of two arms pays always, and one is told which."""

    def sample(self, *, key):
        first = jax.random.bernoulli(key).astype(jnp.float32)
        return BanditTask(jnp.stack([first, 1 - first]), jnp.zeros(2))

    def begin(self, task, *, key):
        # The first arm is shown as if it had been pulled; a light that never burns again says so.
        return None, jnp.stack([1.0, 0.0, task.pays[0], 1.0])
