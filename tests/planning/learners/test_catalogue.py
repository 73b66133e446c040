import dataclasses

import numpy as np
import pytest

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.catalogue import BANDIT_LEARNERS, GRIDS, candidates

CHOICES = np.random.default_rng(0).integers(0, 3, (20, 6))
REWARDS = np.random.default_rng(1).integers(0, 2, (20, 6)).astype(float)


@pytest.mark.parametrize("family", BANDIT_LEARNERS)
def test_every_learner_gives_probabilities_and_treats_arms_alike(family):
    learner = BANDIT_LEARNERS[family]()
    chances = learner.probabilities(BanditHistory.of(CHOICES, REWARDS, 3, 8))
    assert chances.shape == (20, 6, 3)
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(-1), 1, atol=1e-12)
    np.testing.assert_allclose(chances[:, 0], 1 / 3, atol=1e-12)
    renamed = learner.probabilities(BanditHistory.of(2 - CHOICES, REWARDS, 3, 8))
    np.testing.assert_allclose(renamed[..., ::-1], chances, atol=1e-12)


@pytest.mark.parametrize("family", BANDIT_LEARNERS)
def test_every_family_has_a_grid_of_its_own_parameters(family):
    names = {field.name for field in dataclasses.fields(BANDIT_LEARNERS[family])}
    assert GRIDS[family].keys() <= names
    found = list(candidates(family, arms=3, horizon=8))
    assert len(found) == np.prod([len(values) for values in GRIDS[family].values()])
    assert len(set(found)) == len(found)


def test_where_the_best_cannot_be_computed_it_is_no_candidate():
    assert list(candidates("bayes-adaptive", arms=5, horizon=100)) == []
