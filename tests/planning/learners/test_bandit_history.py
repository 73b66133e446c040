import numpy as np
import pytest

from mesascope.planning.learners.bandit_history import BanditHistory


def test_counts_are_of_what_came_before_each_choice():
    history = BanditHistory.of(np.array([[1, 1, 0]]), np.array([[1.0, 0.0, 1.0]]), arms=2, horizon=5)
    np.testing.assert_array_equal(history.successes[0], [[0, 0], [0, 1], [0, 1]])
    np.testing.assert_array_equal(history.failures[0], [[0, 0], [0, 0], [0, 1]])
    np.testing.assert_array_equal(history.last, [[-1, 1, 1]])
    np.testing.assert_array_equal(history.last_reward, [[0, 1, 0]])
    np.testing.assert_array_equal(history.done, [[0, 1, 2]])
    assert (history.arms, history.horizon) == (2, 5)


@pytest.mark.parametrize(
    ("choices", "rewards", "horizon", "message"),
    [
        ([[0]], [[0.5]], None, "a reward of 0.5"),
        ([[2]], [[1.0]], None, "arms 2 to 2 were pulled"),
        ([[-1]], [[1.0]], None, "arms -1 to -1 were pulled"),
        ([[0, 1]], [[1.0, np.nan]], None, "a reward of nan"),
        ([[0, 1]], [[1.0, 0.0]], 1, "horizon=1 is less"),
    ],
)
def test_what_cannot_be_is_said(choices, rewards, horizon, message):
    with pytest.raises(ValueError, match=message):
        BanditHistory.of(np.array(choices), np.array(rewards), arms=2, horizon=horizon)
