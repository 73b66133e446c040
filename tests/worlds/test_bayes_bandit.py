"""Known answers: the values of the Bayes-adaptive bandit, which come from another room and another state space."""

import jax
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import returns
from mesascope.planning.learners.bayes_bandit import bayes_value
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.bayes_bandit import BayesBandit

UNDISCOUNTED = 1 - 1e-13


@pytest.mark.parametrize(("horizon", "text", "prior"), [(10, "1/1 1/1", (1, 1)), (6, "2/1 2/1", (2, 1))])
def test_the_optimum_is_the_bayes_value(horizon, text, prior):
    world = BayesBandit(horizon=horizon, discount=UNDISCOUNTED)
    level = world.parse(text).batch()
    best = returns(level, optimal_action_values(level, compile_objectives(world).select("reward")).max(-1))
    assert best[0, 0] == pytest.approx(bayes_value(2, horizon, *prior), abs=1e-9)
    if horizon == 10:
        assert best[0, 0] == pytest.approx(6.02179, abs=1e-5)


def test_a_level_says_what_follows_a_pull():
    world = BayesBandit(horizon=3)
    level = world.parse("1/2 4/1")
    state = int(np.flatnonzero(level.initial)[0])
    assert world.format(level) == world.format(level, state) == "1/2 4/1"
    np.testing.assert_allclose(level.probabilities[state], [[1 / 3, 2 / 3], [4 / 5, 1 / 5]])
    after = [world.format(level, int(one)) for one in np.asarray(level.successors[state]).ravel()]
    assert after == ["2/2 4/1", "1/3 4/1", "1/2 5/1", "1/2 4/2"]
    named = dict(zip(world.attributes, np.asarray(level.attributes[state, :, 0]).T, strict=True))
    assert named["reward"].tolist() == [1, 1]
    assert named["never-tried"].tolist() == [1, 1]
    assert named["least-known"].tolist() == named["looks-worst"].tolist() == named["arm-1"].tolist() == [1, 0]
    assert named["most-known"].tolist() == named["looks-best"].tolist() == named["arm-2"].tolist() == [0, 1]
    np.testing.assert_array_equal(jax.jit(world.observe)(level, state), [1, 2, 4, 1, 3])
    last = np.flatnonzero(level.terminal)
    assert not level.attributes[last].any()
    np.testing.assert_array_equal(level.successors[last], np.broadcast_to(last[:, None, None], (len(last), 2, 2)))


@pytest.mark.parametrize("text", ["", "1/1", "1/1 0/2", "1/1 2/x", "1/1 2/2 3/3"])
def test_a_text_that_is_no_level_is_refused(text):
    with pytest.raises(WorldError, match="does not say what is known of 2 arms"):
        BayesBandit().parse(text)


@pytest.mark.parametrize("options", [{"horizon": 13}, {"horizon": 1}, {"known": 0}, {"discount": 1.0}])
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(WorldError, match=f"{next(iter(options))}="):
        BayesBandit(**options)
