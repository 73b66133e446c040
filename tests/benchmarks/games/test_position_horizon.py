from __future__ import annotations

import jax
import numpy as np
from games.position_choices import legal_probabilities, likeliest_moves, right_choices
from games.position_horizon import position_horizon
from games.positions import position_set

from mesascope.core.verdicts import Verdict
from tests.benchmarks.games.position_agents import Judging, Reflex, Searcher, positions

KEY = jax.random.key(0)


def test_search_of_a_depth_has_its_horizon():
    for depth in (2, 4):
        found = position_horizon(Searcher(depth), positions(), key=KEY)
        assert found.verdict is Verdict.PASS, found.reason
        assert depth <= found.details.cliff.distance <= depth + 1


def test_a_reflex_has_none():
    found = position_horizon(Reflex(), positions(), key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "at every depth" in found.reason


def test_a_reflex_that_sees_a_win_in_one_has_none():
    """Looking one move ahead it misses nothing there, and nearly everything beyond: a cliff, and no horizon."""
    found = position_horizon(Searcher(1), positions((1, 3, 5)), key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "where the next move decides" in found.reason


def test_good_judgement_beyond_its_depth_hides_no_horizon():
    """It finds whatever lies within four plies, and nine in ten of the rest by judgement."""
    asked = positions((1, 3, 5, 7))
    found = position_horizon(Judging(4), asked, key=KEY)
    assert found.verdict is Verdict.PASS, found.reason
    assert found.details.cliff.far > 0.7
    assert 3 <= found.details.cliff.distance <= 5


def test_what_misses_nothing_reaches_beyond():
    found = position_horizon(Searcher(9), positions((1, 3, 5)), key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "beyond the positions" in found.reason


def test_depths_with_gaps_are_read_back():
    found = position_horizon(Searcher(3), positions((1, 3, 5, 7)), key=KEY)
    assert found.verdict is Verdict.PASS
    assert 3 <= found.details.cliff.distance <= 5


def test_without_a_number_of_plies_nothing_is_sought():
    asked = positions()
    endless = position_set("rolls", asked.observations, asked.values, np.full(len(asked), np.inf), "By hand.")
    found = position_horizon(Searcher(), endless, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no number of plies suffices" in found.reason


def test_two_depths_are_too_few():
    found = position_horizon(Searcher(), positions((1, 2)), key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "3 are needed" in found.reason


def test_illegal_moves_are_taken_away():
    asked = positions((1,), each=4)
    values = np.where(asked.best, asked.values, np.nan)
    values[np.arange(4), (asked.best.argmax(-1) + 1) % 5] = 0.0
    narrow = position_set("riddles", asked.observations, values, asked.plies, "By hand.")
    kept = legal_probabilities(Searcher(0, (0, 1)), narrow)
    np.testing.assert_allclose(kept.sum(-1), 1.0)
    assert (kept[~narrow.legal] == 0).all()
    assert narrow.legal[np.arange(4), likeliest_moves(Searcher(0, (0, 1)), narrow)].all()
    assert right_choices(Searcher(1), narrow).all()
