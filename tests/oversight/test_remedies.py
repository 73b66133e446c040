"""Every registered remedy keeps the contract: all its updates, the same network for the same key, a paid account."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError
from mesascope.core.random import root_key
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.oversight.catalogue import REMEDIES
from mesascope.oversight.remedy import parts_of
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee
from tests.oversight.small import SMALL


def test_updates_are_dealt_out_evenly():
    assert parts_of(10, 3) == [3, 3, 4]
    assert parts_of(2, 5) == [1, 1]
    assert all(sum(parts_of(n, k)) == n and min(parts_of(n, k)) > 0 for n in range(1, 30) for k in range(1, 9))


def test_an_unknown_remedy_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="placebo"):
        REMEDIES.load("placeo")


@pytest.mark.parametrize("name", REMEDIES.names())
def test_every_remedy_has_its_name_and_summary(name):
    remedy = REMEDIES.load(name)
    assert remedy.name == name
    assert len(REMEDIES.entry(name).summary) > 10
    for organism in (SMALL, ORGANISMS.load("internal")):
        reason = remedy().inapplicable(organism)
        assert reason is None or (reason and not reason.endswith("."))


def test_the_placebo_changes_nothing():
    key = root_key(1)
    one = Trainee(SMALL, SMALL.task.build(key=root_key(0)), seed=0)
    for stage in REMEDIES.load("placebo")().stages(one, key=key):
        one.train(stage)
    other = Trainee(SMALL, SMALL.task.build(key=root_key(0)), seed=0)
    other.train(Stage(other.updates))
    for a, b in zip(jax.tree.leaves(one.network), jax.tree.leaves(other.network), strict=True):
        np.testing.assert_array_equal(a, b)
