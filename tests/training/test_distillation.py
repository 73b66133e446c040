"""Distillation: a student takes over a teacher's choices, and says how far."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import root_key
from mesascope.training.distillation import Distillation, distil

PLAN = Distillation(epochs=400, batch=8, learning_rate=0.05, together=50, enough=1.0)


def test_a_student_takes_over_the_choices_of_its_teacher():
    random = np.random.default_rng(0)
    # A place for every observation, so that the student can say anything about each.
    observations = np.eye(40, dtype=np.float32)
    teacher = random.dirichlet(np.full(3, 0.4), size=40)
    student = distil(MLPSpec(widths=()), observations, teacher, key=root_key(0), plan=PLAN)
    answers = jax.nn.softmax(jax.vmap(lambda one: student.network(one, None)[0])(jnp.asarray(observations)))
    assert student.agreement >= 0.95
    assert (np.asarray(answers).argmax(-1) == teacher.argmax(-1)).mean() >= 0.95
    liked = teacher.max(-1, keepdims=True) - 1e-3 <= teacher
    missed = np.maximum(np.where(liked, teacher - answers, 0).sum(-1), 0)
    assert student.agreement == pytest.approx(1 - missed.mean(), abs=1e-5)
    again = distil(MLPSpec(widths=()), observations, teacher, key=root_key(0), plan=PLAN)
    np.testing.assert_array_equal(jax.tree.leaves(again.network)[0], jax.tree.leaves(student.network)[0])


def test_agreement_counts_every_action_that_the_teacher_likes_best():
    # In the first two rows anything is as good; in the last two the student cannot tell what it must.
    teacher = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])
    same = np.ones((4, 4), np.float32)
    student = distil(GRUSpec(embedding=4, width=4), same, teacher, key=root_key(0), plan=Distillation(epochs=20))
    assert student.agreement == pytest.approx(0.75)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="epochs=0"):
        Distillation(epochs=0)
    with pytest.raises(UsageError, match="do not go together"):
        distil(MLPSpec(), np.zeros((0, 2), np.float32), np.ones((0, 2)), key=root_key(0))
    bad = np.full((4, 2), np.inf, np.float32)
    with pytest.raises(TrainingError, match="diverged"):
        distil(MLPSpec(widths=()), bad, np.ones((4, 2)) / 2, key=root_key(0), plan=Distillation(epochs=20))
