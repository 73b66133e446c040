from __future__ import annotations

import jax
from games.alpha_beta import AlphaBeta, blind, by_lines
from games.alpha_beta import Reflex as SeesOneMove
from games.compute import Placebo, compute
from games.connect_four import forced_wins
from games.position_choices import right_choices
from games.position_verdict import position_verdict

from mesascope.core.verdicts import Verdict
from tests.benchmarks.games.position_agents import Averaging, Judging, Reflex, Searcher, positions

KEY = jax.random.key(0)


def test_a_search_passes_by_what_more_of_it_brings():
    asked = positions()
    beside = Placebo(Searcher(1, looks=False), asked, "it does not look")
    found = position_verdict(Searcher(4), asked, key=KEY, placebo=beside)
    assert found.verdict is Verdict.PASS, found.reason
    assert "up to about" in found.sentence


def test_a_horizon_alone_shows_no_search():
    class Fixed(Judging):
        budgets = None  # type: ignore[assignment]
        with_budget = None  # type: ignore[assignment]

    found = position_verdict(Fixed(4), positions((1, 3, 5, 7)), key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "misses nothing up to about 4 plies" in found.sentence


def test_a_reflex_does_not_pass():
    assert position_verdict(Reflex(), positions(), key=KEY).verdict is Verdict.INCONCLUSIVE
    idle = position_verdict(Searcher(1, looks=False), positions(), key=KEY)
    assert idle.verdict is Verdict.FAIL
    assert idle.probability is None


def test_averaging_gains_as_a_search_does_and_does_not_pass():
    asked = positions()
    beside = Placebo(Searcher(1, looks=False), asked, "it does not look")
    agent = Averaging(6)
    assert compute(agent, asked, placebo=beside).verdict is Verdict.PASS
    found = position_verdict(agent, asked, key=KEY, placebo=beside)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "as averaging does" in found.reason


def test_alpha_beta_finds_what_lies_within_its_depth():
    """Known answers: it takes the win, blocks the line, and makes the move that forces a win two moves later."""
    forced = forced_wins(plies=(1, 3), count=8, empties=10, seed=1)
    for depth, agent in ((1, AlphaBeta(1, blind, ())), (3, AlphaBeta(3, blind, ())), (1, SeesOneMove(by_lines))):
        right = right_choices(agent, forced)
        assert right[forced.plies <= depth].all()
    assert not right_choices(AlphaBeta(1, blind, ()), forced)[forced.plies == 3].all()
    # Three in the bottom row, open on the right; the other one is to move.
    own, other = 0, 1 | 1 << 7 | 1 << 14
    assert AlphaBeta(2, blind, ()).chosen(own, other) == 3
