from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError
from mesascope.core.precision import in_double_precision
from mesascope.objectives.objective import compile_objectives, continuations, rewards
from mesascope.worlds.corner import Corner
from mesascope.worlds.world import ObjectiveSpec, reach
from tests.levels import random_level, random_objectives, stack, transitions

WORLD = Corner(size=5)


def test_objectives_of_a_world_are_its_specs_as_arrays():
    specs = (reach("cheese"), ObjectiveSpec("mixed", {"cheese": -2.0, "stay": 0.5}, ("centre", "cheese")))
    objectives = compile_objectives(WORLD, specs)
    assert (objectives.names, len(objectives)) == (("cheese", "mixed"), 2)
    column = WORLD.attributes.index
    assert objectives.weights[0, column("cheese")] == objectives.stops[0, column("cheese")] == 1
    assert objectives.weights[1, column("cheese")] == -2
    assert objectives.weights[1, column("stay")] == 0.5
    assert (objectives.weights != 0).sum() == 3
    assert sorted(np.flatnonzero(objectives.stops[1])) == sorted([column("cheese"), column("centre")])
    assert compile_objectives(WORLD).names == tuple(spec.name for spec in WORLD.objectives)


def test_selection_keeps_the_order_asked_for():
    objectives = compile_objectives(WORLD)
    chosen = objectives.select("corner", "cheese")
    assert chosen.names == ("corner", "cheese")
    assert (chosen.weights == objectives.weights[[objectives.index("corner"), 0]]).all()
    assert (chosen.stops == objectives.stops[[objectives.index("corner"), 0]]).all()


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'cheese'"):
        compile_objectives(WORLD).index("chese")
    for spec in (ObjectiveSpec("x", {"chese": 1.0}), ObjectiveSpec("x", {}, ("chese",))):
        with pytest.raises(UnknownNameError, match=r"attribute \(of objective 'x'\).*Did you mean 'cheese'"):
            compile_objectives(WORLD, (spec,))


def test_specs_are_data_and_can_be_looked_up():
    assert reach("cheese") == reach("cheese")
    assert hash(ObjectiveSpec("x", {"a": 1.0, "b": 2.0})) == hash(ObjectiveSpec("x", {"b": 2.0, "a": 1.0}))
    assert len({reach("cheese"), reach("cheese"), reach("stay")}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        reach("cheese").name = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_rewards_and_continuations_follow_the_definition():
    random = np.random.default_rng(0)
    levels = [random_level(random, outcomes=3) for _ in range(3)]
    objectives = random_objectives(random)
    batch = stack(levels)
    reward = in_double_precision(lambda level: rewards(objectives, level))(batch)
    continuation = in_double_precision(lambda level: continuations(objectives, level))(batch)
    assert reward.shape == continuation.shape == (3, 12, 3, 3, 5)
    assert not reward[batch.terminal].any()
    assert not continuation[batch.terminal].any()
    for index, level in enumerate(levels):
        for row in range(5):
            expected = {}
            for state, action, _, _, gain, goes_on in transitions(
                level, objectives.weights[row], objectives.stops[row]
            ):
                expected.setdefault((state, action), []).append((gain, goes_on))
            for (state, action), outcomes in expected.items():
                gains, goes_on = zip(*outcomes, strict=True)
                np.testing.assert_allclose(reward[index, state, action, :, row], gains, atol=1e-15)
                np.testing.assert_allclose(
                    continuation[index, state, action, :, row], np.array(goes_on) * level.discount, atol=1e-15
                )


def test_single_levels_and_batches_agree_and_single_precision_stays_single():
    levels = WORLD.sample(key=jax.random.key(0), distribution="deploy", count=2)
    objectives = compile_objectives(WORLD)
    for function in (rewards, continuations):
        every = function(objectives, levels)
        assert every.dtype == np.float32
        assert (np.asarray(every[1]) == np.asarray(function(objectives, levels[1]))).all()
