"""Each task answers level by level, in the rounds that are known; and is wrong where its questions are."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.oversight.amplification.distillation import course, independent_accuracy, powering_accuracy
from mesascope.oversight.amplification.tasks import equality, evaluation, midpoint, powering, wildcard_sum

TASKS = (powering, midpoint, wildcard_sum, evaluation, equality)


@pytest.mark.parametrize("draw", TASKS)
def test_level_k_is_solved_at_round_k_plus_1(draw):
    for seed in range(3):
        found = course(draw, rounds=9, seed=seed)
        assert found.solved == tuple(range(1, found.accuracy.shape[1] + 1))


@pytest.mark.parametrize("draw", TASKS)
def test_the_overseer_is_right_if_all_answers_are_and_wrong_if_those_below_are(draw):
    task = draw(np.random.default_rng(7))
    assert (task.amplified(task.truth) == task.truth).all()
    assert ((task.truth >= 0) & (task.truth < task.answers)).all()
    level = int(task.levels.max())
    wrong = np.where(task.levels == level - 1, (task.truth + 1) % task.answers, task.truth)
    assert (task.amplified(wrong) != task.truth)[task.levels == level].any()
    assert (task.amplified(wrong) == task.truth)[task.levels < level].all()


def test_powering_by_hand():
    truth = powering(np.random.default_rng(0), values=5, doublings=2).truth
    once = truth[:5]
    assert truth[5:].tolist() == [*once[once], *once[once][once[once]]]


def test_distances_and_equality_by_breadth_first_search():
    for draw in (midpoint, equality):
        task = draw(np.random.default_rng(3), nodes=8)
        steps = task.truth[:64].reshape(8, 8) == 1
        reached, found = np.eye(8, dtype=bool), np.where(np.eye(8, dtype=bool), 0, 8)
        for length in range(1, 9):
            further = (reached.astype(int) @ steps.astype(int) > 0) & ~reached
            found[further] = length
            reached |= further
        truth = task.truth[task.levels == task.levels.max()].reshape(8, 8)
        assert (truth == (found if draw is midpoint else found < 8)).all()


def test_a_sum_by_hand():
    task = wildcard_sum(np.random.default_rng(0), letters=2)
    # Patterns count in base 3, the first letter fastest.
    assert task.truth[2 + 3 * 2] == task.truth[[0, 1, 3, 4]].sum()
    assert task.truth[1 + 3 * 2] == task.truth[[1, 4]].sum()


def test_noise_compounds_as_the_closed_forms_say():
    # Means over 100 tasks with a fixed seed; the last level of a sum has one question a task, standard error 0.045.
    powers = course(powering, rounds=7, noise=0.01, repeats=100).final
    assert np.allclose(powers, powering_accuracy(0.01, values=64, levels=7), atol=0.06)
    sums = course(wildcard_sum, rounds=7, noise=0.01, repeats=100).final
    assert np.allclose(sums, independent_accuracy(0.01, 7), atol=0.14)
    assert np.allclose(independent_accuracy(0.01, 7), [0.990, 0.970, 0.932, 0.860, 0.732, 0.531, 0.279], atol=0.001)


def test_closed_forms_at_their_ends():
    assert (powering_accuracy(0.0, values=64, levels=4) == 1).all()
    assert np.allclose(powering_accuracy(0.5, values=1, levels=4), 0.5 ** np.arange(1, 5))
    # What needs no question is always wrong under pure noise.
    assert course(powering, rounds=2, noise=1.0).final[0] == 0
    assert course(powering, rounds=2).solved[2:] == (0,) * 5


def test_usage():
    with pytest.raises(UsageError, match="takes 1 or more"):
        course(powering, rounds=0)
    with pytest.raises(UsageError, match="noise=2"):
        course(powering, rounds=1, noise=2)
