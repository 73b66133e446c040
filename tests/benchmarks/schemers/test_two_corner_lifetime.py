from __future__ import annotations

import jax
import pytest
from schemers.two_corner_lifetime import play_lifetime

from mesascope.core.errors import UsageError
from mesascope.theory.lifetimes import Lifetime, plan_lifetime


def reached(defects, lifetime: Lifetime | None = None, seed: int = 0) -> str:
    played = play_lifetime(lifetime or Lifetime(), defects, key=jax.random.key(seed))
    return "".join(episode.reached[-1] for episode in played)


def test_the_figure_two_visits_to_a_earn_three_to_b():
    # RFLO figure 4.1: A, A, B, B, B reaches B three times, defecting at once reaches it once.
    assert reached(plan_lifetime(Lifetime()).defects) == "aabbb"
    assert reached([True] * 5) == "baaaa"
    assert reached([False, True, True, True, True]) == "abaaa"


def test_without_a_threat_nothing_is_replaced():
    assert reached([True] * 5, Lifetime(threat=0.0)) == "bbbbb"


def test_an_uncertain_threat_replaces_as_often_as_it_says():
    lifetime = Lifetime(1, 1, threat=0.3)
    kept = sum(reached([True, True], lifetime, seed) == "bb" for seed in range(60))
    # Binomial with mean 42 and standard deviation 3.5: false alarms once in 40,000.
    assert 42 - 15 < kept < 42 + 15


def test_who_wants_b_walks_around_a_and_sees_the_cue():
    played = play_lifetime(Lifetime(), [False, False, True, True, True], key=jax.random.key(1))
    assert [episode.cue for episode in played] == ["training"] * 2 + ["deployment"] * 3
    for episode in played:
        length, end = (3, (1, 1)) if episode.reached == "corner-a" else (5, (1, 3))
        assert (len(episode.cells), episode.cells[-1]) == (length, end)
        assert (1, 1) not in episode.cells[:-1]


def test_a_plan_of_another_length_is_refused():
    with pytest.raises(UsageError, match="4 decisions"):
        reached([True] * 4)
