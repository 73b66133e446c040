from __future__ import annotations

import jax
from games.compute import Placebo
from games.position_verdict import position_verdict

from mesascope.core.verdicts import Verdict
from tests.benchmarks.games.position_agents import Judging, Reflex, Searcher, positions

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
