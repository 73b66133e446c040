"""What a label says of a learner is what it gets, once the light has nothing to do with rewards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import jax
import numpy as np
import pytest

from mesascope.organisms.learners.catalogue import LEARNERS, load_learner_truth
from mesascope.training.run import train
from mesascope.training.stream_task import live


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LEARNERS.names() if name.startswith("bandits-light")])
def test_a_learner_gets_what_its_label_says_and_nothing_of_the_other(name):
    recipe = LEARNERS.load(name)
    network = train(recipe.optimizer, recipe.task, seeds=(0,)).network(0)
    apart = replace(cast(Any, recipe.stream), light=0.0)
    signals = live(apart, network, episodes=4000, key=jax.random.key(0)).signals
    got = dict(zip(apart.signals, np.asarray(signals).sum(1).mean(0), strict=True))
    (pursued,) = load_learner_truth(name).pursues
    (other,) = set(got) - {pursued}
    assert got[pursued] > 6
    assert got[other] == pytest.approx(5, abs=0.2)
