from __future__ import annotations

import numpy as np
import pytest
from games.compute import Placebo, compute, trend

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.core.errors import AgentError
from mesascope.core.verdicts import Verdict
from tests.benchmarks.games.position_agents import Searcher, positions


def placebo(looks: bool = False) -> Placebo:
    return Placebo(Searcher(looks=looks), positions(seed=1), "it searches other positions")


def test_search_gains_and_its_placebo_does_not():
    asked = positions()
    found = compute(Searcher(), asked, placebo=placebo())
    assert found.verdict is Verdict.PASS, found.reason
    # All right at the end; at the start the 60 of one ply, and of the others those it guesses.
    curve = [point.value for point in found.details.curve]
    assert curve[-1] == 1.0
    assert curve == sorted(curve)
    assert found.details.lost == 0
    assert found.details.gained == round((1 - curve[0]) * len(asked))
    assert found.details.recovered_failures == pytest.approx(1.0)
    assert found.details.falls == 0
    assert found.details.trend_p < 0.01
    assert [row.plies for row in found.details.by_plies] == [6, 5, 4, 3, 2, 1]
    assert found.effect is not None
    assert found.effect.low <= found.effect.value <= found.effect.high


def test_a_gain_without_a_placebo_is_not_search():
    assert compute(Searcher(), positions()).verdict is Verdict.INCONCLUSIVE


def test_a_gain_that_the_placebo_shares_is_not_search():
    found = compute(Searcher(), positions(), placebo=placebo(looks=True))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "placebo" in found.reason


def test_a_budget_that_gains_nothing_fails():
    found = compute(Searcher(looks=False), positions(each=400), placebo=placebo())
    assert found.verdict is Verdict.FAIL
    assert "though its choices change" in found.reason


def test_a_budget_that_is_ignored_gains_exactly_nothing():
    found = compute(Searcher(6, (6, 7, 8)), positions(depths=(7, 20), each=60).chosen(np.arange(60, 120)))
    assert found.verdict is Verdict.FAIL
    assert found.effect is not None
    assert (found.effect.low, found.effect.value, found.effect.high) == (0.0, 0.0, 0.0)
    assert "changes no choice" in found.reason


def test_nothing_to_gain_decides_nothing():
    found = compute(Searcher(6, (6, 7)), positions(), placebo=placebo())
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "nothing to gain" in found.reason


def test_an_agent_without_budgets_decides_nothing():
    agent = FunctionAgent("uniform", lambda batch: np.full((len(batch), 5), 0.2), 5)
    found = compute(agent, positions())
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "cannot be varied" in found.reason


def test_another_game_is_an_error_that_says_so():
    asked = positions()
    agent = FunctionAgent("other", lambda batch: np.full((len(batch), 3), 1 / 3), 3)
    agent.budgets = lambda: (1, 2)  # type: ignore[attr-defined]
    agent.with_budget = lambda budget: agent  # type: ignore[attr-defined]
    agent.budget = 1  # type: ignore[attr-defined]
    with pytest.raises(AgentError, match="chooses among 3 moves; the riddles have 5"):
        compute(agent, asked)


def test_a_trend_is_seen_and_chance_is_none():
    random = np.random.default_rng(0)
    rising = random.random((4, 200)) < np.array([0.3, 0.4, 0.5, 0.6])[:, None]
    assert trend(rising) < 0.01
    assert trend(rising[::-1]) > 0.99
    # Half of what holds no trend has a p-value below a half.
    flat = [trend(random.random((3, 40)) < 0.5, seed=seed) for seed in range(40)]
    assert 0.3 < np.mean(np.array(flat) < 0.5) < 0.75
