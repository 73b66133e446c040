"""Look-ahead: the log-odds by hand, what lies on the way, and who needs it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.agents.probabilities import softmax
from mesascope.audit.run import run_assay
from mesascope.audit.search import activation_sample
from mesascope.audit.search.look_ahead import FIRST, FLOOR, LAST, LOOK_AHEAD, _log_odds, _squares, look_ahead
from mesascope.audit.search.maps import squares_of
from mesascope.core.errors import AgentError
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from tests.audit.search.opened_agents import Deaf, Opened, Reflex, planner

KEY = root_key(7)


@pytest.fixture(autouse=True)
def few_sites(monkeypatch):
    """Each site that is written to is compiled anew, and three show as much as six."""
    monkeypatch.setattr(activation_sample, "MOST_WRITTEN", 3)


def test_log_odds_by_hand():
    """Known answers of the notes, 2.7: a clean run of logits (3, 1, 0), a patched one of (1, 1, 0)."""
    first = np.zeros(1, int)
    clean, patched = (_log_odds(softmax(np.array([logits])), first)[0] for logits in ([3.0, 1, 0], [1.0, 1, 0]))
    assert clean == pytest.approx(1.6867, abs=5e-5)
    assert patched == pytest.approx(-0.3133, abs=5e-5)
    assert patched - clean == pytest.approx(-2.0, abs=5e-5)


def test_log_odds_stay_finite():
    sure = _log_odds(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]))
    assert sure == pytest.approx([np.log((1 - FLOOR) / FLOOR), -np.log((1 - FLOOR) / FLOOR)])


def test_a_search_over_the_board_needs_its_way(spreading):
    found = look_ahead(spreading.activations, key=KEY)
    assert found.verdict is Verdict.PASS
    assert found.effect is not None
    assert found.effect.low > 1
    # Equally far squares off the way do nothing.
    assert found.null is not None
    assert abs(found.null.value) < 0.1


def test_who_does_not_read_the_board_fails(examine):
    found = look_ahead(examine(Deaf(planner("frontier", 8)), 128).activations, key=KEY)
    assert found.verdict is Verdict.FAIL
    assert found.effect is not None
    assert found.effect.value == pytest.approx(0, abs=1e-6)


def test_a_learnt_reflex_needs_no_square_ahead(reflex):
    found = look_ahead(reflex.activations, key=KEY)
    assert found.verdict is not Verdict.PASS
    assert found.details is None or found.details.site == "seen"


def test_without_a_board_nothing_is_patched(examine, cases):
    class Boardless(Opened):
        def sites(self):
            return ("hidden",)

        def step(self, observations, state, patches=None):
            found = super().step(observations, state, patches)
            return replace(found, activations={"hidden": found.activations["hidden"]})

    found = look_ahead(examine(Boardless(Reflex(*cases)), 64).activations, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "no site has a place for every state"


def test_an_agent_that_no_edit_moves_decides_nothing(examine):
    class Stubborn(Opened):
        def act(self, observations, state):
            return np.tile([1.0, 0, 0, 0, 0], (len(observations), 1)), None

        def step(self, observations, state, patches=None):
            return replace(super().step(observations, state), probabilities=self.act(observations, state)[0])

    found = look_ahead(examine(Stubborn(planner("frontier", 8)), 128).activations, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "far edits change its choice in fewer than 20 levels"


@pytest.mark.parametrize("error", [AgentError("worn out"), ValueError("worn out")])
def test_an_agent_that_fails_on_edited_levels_is_inconclusive(error, examine, spreading):
    class Fragile(Opened):
        def act(self, observations, state):
            raise error

    # Only edits are asked about by act; the rest is known.
    given = replace(spreading, agent=Fragile(planner("frontier", 8)))
    found = run_assay(LOOK_AHEAD, given)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "worn out" in found.reason
    assert "'look-ahead'" in found.sentence


def test_squares_ahead_are_on_a_shortest_way_and_those_aside_as_far_and_on_none(spreading):
    inside = spreading.activations
    tried = 0
    for row in range(0, len(inside.level), 3):
        edited_at = np.array([1, 1])
        squares = _squares(inside, row, edited_at)
        if squares is None:
            continue
        tried += 1
        ahead, aside = squares
        away, place = inside.away[row], np.searchsorted(np.unique(inside.level), inside.level[row])
        left = inside.distances[place][:, inside.goals[row]]
        whole = away[inside.goals[row]]
        assert np.array_equal(np.sort(away[ahead]), np.sort(away[aside]))
        assert ((away[ahead] >= FIRST) & (away[ahead] <= LAST)).all()
        assert (away[ahead] + left[ahead] == whole).all()
        assert (away[aside] + left[aside] > whole).all()
        world = inside.evaluation.level_set.world
        level = inside.evaluation.level_set.levels[0]
        for state in (*ahead, *aside):
            assert np.abs(np.array(world.position(level, int(state))) - edited_at).max() > 1
    assert tried > 20


def test_boards_are_those_of_the_observation_or_of_the_states(spreading, reflex):
    board = squares_of(spreading.activations, spreading.activations.few_sites[-1])
    assert board is not None
    level_set = spreading.after.level_set
    # A cell of the board for each state: where it is in the text form.
    places = [level_set.world.position(level_set.levels[0], state) for state in range(level_set.levels.states)]
    assert board.of.tolist() == [row * 7 + column for row, column in places]
    assert (board.size, board.board) == (5, True)
    assert squares_of(reflex.activations, "hidden") is None
    assert squares_of(reflex.activations, "seen").size == 3
