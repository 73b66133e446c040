"""Tree search: with exact values it plays perfectly, more thinking helps, and its trace is what it did."""

from __future__ import annotations

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from games.minimax import minimax
from games.search_trace import Traced
from games.tic_tac_toe import TicTacToe
from games.tree_search import BUDGETS, TreeSearchAgent
from games.variable_compute import VariableCompute

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.network import Network
from mesascope.core.errors import AgentError, MissingExtraError, UsageError

pytest.importorskip("mctx")
RULES = TicTacToe()
POWERS = 3 ** np.arange(9)
SOME = slice(None, None, 5)
"""Of all states."""


class Exact(Network):
    """Knows the value of every state and has no opinion on moves."""

    values: jax.Array

    def __call__(self, observation, memory):
        return jnp.zeros(9), self.values[(POWERS * (RULES.read(observation) + 1)).sum()], memory

    def initial_memory(self):
        return None


@pytest.fixture(scope="module")
def solution():
    return minimax(RULES)


@pytest.fixture(scope="module")
def exact(solution):
    values = np.zeros(3**9, np.float32)
    values[(solution.states + 1) @ POWERS] = solution.values
    return TreeSearchAgent("exact", Exact(jnp.asarray(values)), RULES, budget=16)


@pytest.fixture(scope="module")
def shown(solution):
    return np.asarray(jax.vmap(RULES.observe)(solution.states))


def ignorant(budget):
    spec = MLPSpec(widths=(8,))
    network = eqx.filter_jit(lambda key: spec.build(RULES.observation_shape, 9, key=key))(jax.random.key(0))
    return TreeSearchAgent("ignorant", network, RULES, budget=budget)


def optimal_share(agent, shown, solution):
    chosen, _ = agent.act(shown, None)
    assert (chosen.sum(1) == 1).all()
    return (solution.optimal & (chosen > 0)).any(1).mean()


def test_one_visit_to_every_move_with_exact_values_is_exact(exact, shown, solution):
    """As many simulations as legal moves are a search of one move, which exact values make perfect."""
    some = solution.plies == 7
    agent = exact.with_budget(2)
    trace = agent.trace(shown[some], None)
    assert trace.depth == 1
    assert np.array_equal(np.nan_to_num(trace.scores, nan=-np.inf), solution.action_values[some])
    chosen, _ = agent.act(shown[some], None)
    assert (solution.optimal[some] & (chosen > 0)).any(1).all()


def test_with_exact_values_nearly_every_choice_is_optimal(exact, shown, solution):
    assert isinstance(exact, VariableCompute)
    assert isinstance(exact, Traced)
    # Not every one: deeper visits mix in what worse replies are worth.
    assert optimal_share(exact, shown, solution) > 0.99
    # And without a search it is not: it has no opinion on moves.
    assert optimal_share(exact.with_budget(0), shown, solution) < 0.7


def test_more_thinking_helps_who_knows_nothing(shown, solution):
    part = type(solution)(*(getattr(solution, name)[SOME] for name in ("states", "values", "action_values", "plies")))
    shares = [optimal_share(ignorant(budget), shown[SOME], part) for budget in (0, 64)]
    assert shares[0] < 0.75
    assert shares[1] > 0.9


def test_the_trace_is_what_the_choice_rests_on(exact, shown, solution):
    trace = exact.trace(shown, None)
    chosen, _ = exact.act(shown, None)
    assert (trace.chosen == chosen.argmax(1)).all()
    legal = solution.states == 0
    visited = ~np.isnan(trace.scores)
    # Sixteen simulations visit every legal move and no other.
    assert (visited == legal).all()
    assert (trace.candidates[legal][:, 0] == np.nonzero(legal)[1]).all()
    assert (trace.candidates[~legal] == -1).all()
    assert 2 <= trace.depth <= 9
    rows = np.arange(len(shown))
    assert (trace.scores[rows, trace.chosen] <= 1).all()
    # A move that ends the game is worth exactly its outcome.
    ending = legal & (trace.candidates[..., 1] == -1) & (np.abs(solution.action_values) == 1)
    assert ending.sum() > 1000
    follow = jax.jit(jax.vmap(RULES.step))
    row, move = np.nonzero(ending)
    over, outcome = jax.jit(jax.vmap(RULES.result))(follow(solution.states[row], move.astype(np.int32)))
    assert np.array_equal(trace.scores[row, move][over], -np.asarray(outcome)[over])


def test_lines_are_games_that_can_be_played(shown, solution):
    trace = ignorant(64).trace(shown[SOME], None)
    longest = 0
    for state, moves in zip(solution.states[SOME][::8], trace.candidates[::8], strict=True):
        for line in moves:
            board = jnp.asarray(state, jnp.int32)
            steps = line[line >= 0]
            assert (line[len(steps) :] == -1).all()
            assert len(set(steps.tolist())) == len(steps)
            assert (np.asarray(board)[steps] == 0).all()
            longest = max(longest, len(steps))
    assert 3 <= longest <= trace.depth <= 9


def test_a_search_near_the_end_goes_no_deeper_than_the_game(exact, shown, solution):
    last = solution.plies == 8
    trace = exact.with_budget(64).trace(shown[last], None)
    assert trace.depth == 1
    none = exact.with_budget(0).trace(shown[last], None)
    assert none.depth == 0
    assert (none.candidates[..., 0].max(1) == none.chosen).all()


@pytest.mark.slow
def test_batches_of_any_size_give_the_same(exact, shown, solution, monkeypatch):
    from games import tree_search

    agent, some = exact.with_budget(2), shown[solution.plies == 7]
    whole, _ = agent.act(some, None)
    monkeypatch.setattr(tree_search, "CHUNK", 128)
    assert len(some) % 128
    assert np.array_equal(agent.act(some, None)[0], whole)
    assert agent.with_budget(0).act(shown[:0], None)[0].shape == (0, 9)


def test_what_cannot_be_is_refused(exact, shown, monkeypatch):
    assert exact.budgets() == BUDGETS
    assert BUDGETS[0] == 0
    assert exact.with_budget(2).budget == 2
    assert exact.budget == 16
    with pytest.raises(UsageError, match="A budget of 3 simulations"):
        exact.with_budget(3)
    with pytest.raises(AgentError, match=r"\[3, 3, 2\]; it was shown \[9\]"):
        exact.act(np.zeros((2, 9), np.float32), None)
    monkeypatch.setitem(sys.modules, "mctx", None)
    with pytest.raises(MissingExtraError, match=r"pip install -e \"\.\[search\]\""):
        ignorant(8).act(shown[:3], None)
    assert ignorant(0).act(shown[:3], None)[0].shape == (3, 9)
