"""Outer alignment: an objective is aligned with itself, and a proxy is as far off as exact values say."""

from __future__ import annotations

import functools
import json

import jax
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.theory.outer_alignment import outer_alignment
from mesascope.worlds.corner import Corner

WORLD = Corner(size=7)


@functools.cache
def levels(distribution: str):
    return jax.device_get(jax.jit(lambda key: WORLD.sample(key=key, distribution=distribution, count=12))(root_key(0)))


def test_an_objective_is_aligned_with_itself():
    pair = compile_objectives(WORLD).select("cheese", "cheese")
    found = outer_alignment(levels("deploy"), pair)
    assert found.regret.value == pytest.approx(0.0, abs=1e-9)
    assert found.gap.value == pytest.approx(0.0, abs=1e-9)
    assert found.turning_point is None
    assert np.allclose(found.base, found.intended, equal_nan=True)
    assert np.nanmean(found.base[0]) == pytest.approx(0.0, abs=1e-9)


def test_a_proxy_serves_in_training_and_not_after_the_shift():
    pair = compile_objectives(WORLD).select("corner", "cheese")
    trained, deployed = (outer_alignment(levels(name), pair) for name in ("train", "deploy"))
    assert trained.regret.value == pytest.approx(0.0, abs=1e-9)
    assert deployed.regret.value > 0.5
    assert deployed.gap.value == pytest.approx(deployed.regret.value, abs=1e-6)
    data = json.loads(json.dumps(deployed.data()))
    assert len(data["curve"]) == len(deployed.sharpness)
    assert any("corner" in line for line in deployed.lines("corner", "cheese"))


def test_usage():
    with pytest.raises(UsageError, match="intended"):
        outer_alignment(levels("deploy"), compile_objectives(WORLD).select("cheese"))
