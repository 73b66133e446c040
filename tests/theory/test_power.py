from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.power import (
    attainable_utility_penalty,
    ends_within_reach,
    expected_best,
    power,
    power_of_star,
    share_of_objectives_that_avoid,
    star,
)

SHUTDOWN = ((1, 2), (1,), (3, 4, 5), (3,), (4,), (5,))


@pytest.mark.parametrize("ends", [1, 2, 3, 5, 12])
def test_k_ends(ends):
    assert power_of_star(ends) == pytest.approx(ends / (ends + 1))
    assert share_of_objectives_that_avoid(star(ends), 0, 1) == pytest.approx((ends - 1) / ends)


@given(st.lists(st.sampled_from([0.2, 0.5, 0.8, 1.0]), min_size=1, max_size=5))
@settings(max_examples=15)
def test_the_best_of_uniform_numbers_against_sampling(scales):
    drawn = np.random.default_rng(0).random((100_000, len(scales))) * np.array(scales)
    # The standard error is below 0.001: five of them.
    assert expected_best(tuple(scales)) == pytest.approx(drawn.max(1).mean(), abs=0.005)


def test_ends_further_away_are_worth_less():
    chain = ((1, 2), (1,), (3,), (3,))
    assert ends_within_reach(chain, 0) == {1: 1, 3: 2}
    assert power(chain, 0, 0.5) == pytest.approx(0.5 + 0.25 / 6)
    assert power(chain, 0) == pytest.approx(2 / 3)


def test_shutdown_loses_options():
    assert power(SHUTDOWN, 1) < power(SHUTDOWN, 2) < power(SHUTDOWN, 0)
    assert share_of_objectives_that_avoid(SHUTDOWN, 0, 1) == pytest.approx(3 / 4)
    rewards = np.random.default_rng(1).random((200_000, 6))
    lost = rewards[:, [1, 3, 4, 5]].max(1) - rewards[:, 1]
    assert attainable_utility_penalty(SHUTDOWN, 1, 0) == pytest.approx(lost.mean(), abs=0.004)
    apart = np.abs(rewards[:, [3, 4, 5]].max(1) - rewards[:, 1])
    assert attainable_utility_penalty(SHUTDOWN, 1, 2) == pytest.approx(apart.mean(), abs=0.004)
    assert attainable_utility_penalty(SHUTDOWN, 2, 2) == pytest.approx(0)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="No end"):
        ends_within_reach(((1,), (0,)), 0)
    with pytest.raises(UsageError, match="State 9"):
        power(SHUTDOWN, 9)
    with pytest.raises(UsageError, match="Discount 0"):
        power(SHUTDOWN, 0, 0.0)
    with pytest.raises(UsageError, match="scales above 0"):
        expected_best(())
