"""Learned planners, held to exact references: TreeQN's tree, AlphaZero, and a recurrent network that thinks.

Trees are grown with the exact table of random deterministic problems and compared with Bellman backups by loops over
the definition, in double precision. AlphaZero learns tic-tac-toe from nothing and is asked in all 4,520 unfinished
positions whether its choice keeps the value that minimax says. The learning rate of self-play (0.005 rather than 0.002)
was chosen after looking at seed 0, which is not among the seeds measured here.

Every topic is a function of `quick` that returns claims; `TOPICS` lists them.
"""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import jax
import jax.numpy as jnp
import numpy as np
from games.minimax import GameSolution, minimax
from games.self_play import SelfPlay, train_by_self_play
from games.tic_tac_toe import TicTacToe
from games.tree_search import TreeSearchAgent
from ledger import Claim, run
from planners.full_width_tree import TableModel, grow_tree, tree_backup
from thinking_time import thinking_time

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.network import Network
from mesascope.core.intervals import wilson
from mesascope.core.precision import in_double_precision
from mesascope.core.random import root_key, stream

DISCOUNT = 0.95
RULES = TicTacToe()
NETWORK = MLPSpec(widths=(128, 128), activation="relu")
SEARCH = 32
"""Simulations of the agent that searches."""


def tree_qn_backups(quick: bool) -> list[Claim]:
    """Trees with exact tables beside Bellman backups."""
    random, problems = np.random.default_rng(0), 20 if quick else 200
    differences, units = [], 0
    for depth in range(1, 6):
        compiled = in_double_precision(jax.jit(lambda table, depth=depth: _trees(table, depth)))
        for _ in range(problems):
            states, actions = 8, 3
            successors = random.integers(0, states, (states, actions))
            goes_on = random.random((states, actions)) < 0.9
            rewards, values = random.normal(size=(states, actions)), random.normal(size=states)
            table = TableModel(np.eye(states)[successors] * goes_on[..., None], rewards, values)
            expected = _backups(successors, goes_on, rewards, values, depth)
            differences.append(float(np.abs(compiled(table) - expected).max()))
            units += 1
    text = (
        f"Largest absolute difference between a TreeQN tree (max, lambda 1) with exact tables and depth-d Bellman "
        f"backups, double precision: {problems} random deterministic problems of 8 states x 3 actions at each depth "
        "1 to 5, every state. Interval: smallest and largest of the problems."
    )
    worst = max(differences)
    return [Claim("learned-planners.tree-qn-backups", text, worst, min(differences), worst, units, 1e-6, "<=")]


def _trees(table: TableModel, depth: int):
    def one(root):
        tree = grow_tree(table, root, depth)
        return tree_backup(tree.rewards, tree.values, discount=DISCOUNT, mixing=1.0, backup="max")

    return jax.vmap(one)(jnp.eye(len(table.values), dtype=table.values.dtype))


def _backups(successors, goes_on, rewards, values, depth) -> np.ndarray:
    action_values = np.zeros_like(rewards)
    for _ in range(depth):
        for state, action in np.ndindex(*rewards.shape):
            following = values[successors[state, action]] if goes_on[state, action] else 0.0
            action_values[state, action] = rewards[state, action] + DISCOUNT * following
        values = action_values.max(-1)
    return action_values


def alphazero(quick: bool) -> list[Claim]:
    """A network taught by self-play, alone and with its search."""
    solution = minimax(RULES)
    shown = np.asarray(jax.vmap(RULES.observe)(solution.states))
    seeds, settings = ((1,), SelfPlay(iterations=200)) if quick else ((1, 2, 3, 4, 5), SelfPlay(iterations=500))
    raw, searching, lost, played = [], [], 0, 0
    for seed in seeds:
        network, _ = train_by_self_play(RULES, NETWORK, settings, key=stream("self-play", key=root_key(seed)))
        alone = TreeSearchAgent("AlphaZero", network, RULES, budget=0)
        raw.append(_optimal_share(alone, shown, solution))
        searching.append(_optimal_share(alone.with_budget(SEARCH), shown, solution))
        games = 200 if quick else 2000
        lost += _losses(network, games, np.random.default_rng(seed))
        played += games
    trained = (
        f"tic-tac-toe, AlphaZero trained by {settings.iterations * settings.games:,} games of self-play with "
        f"{settings.simulations} simulations a move, 30 % of the moves at random"
    )
    spread = "Median over seeds; smallest and largest."
    asked = f"Share of all {len(shown):,} unfinished positions in which"
    losses = wilson(lost, played, unit="games")
    return [
        Claim.over_repeats(
            "learned-planners.alphazero-raw",
            f"{asked} the network's favourite legal move is optimal: {trained}. {spread}",
            raw,
            0.97,
            ">=",
        ),
        Claim.over_repeats(
            "learned-planners.alphazero-search",
            f"{asked} the choice of a search of {SEARCH} simulations is optimal: {trained}. {spread}",
            searching,
            0.99,
            ">=",
        ),
        Claim(
            "learned-planners.alphazero-losses",
            "Share of games that the network without search loses against a player of random moves, first in half of "
            f"them: {trained}. 95 % interval over the games of all seeds.",
            losses.value,
            losses.low,
            losses.high,
            played,
            0.01,
            "<=",
        ),
    ]


def _optimal_share(agent: TreeSearchAgent, shown: np.ndarray, solution: GameSolution) -> float:
    chosen, _ = agent.act(shown, None)
    return float((solution.optimal & (chosen > 0)).any(1).mean())


def _losses(network: Network, games: int, random: np.random.Generator) -> int:
    """Plays games side by side against random moves, first in every other one; returns how many were lost."""
    agent = TreeSearchAgent("AlphaZero", network, RULES, budget=0)
    observe, step, judge = (jax.jit(jax.vmap(part)) for part in (RULES.observe, RULES.step, RULES.result))
    states, over = np.repeat(np.asarray(RULES.initial())[None], games, 0), np.zeros(games, bool)
    lost = np.zeros(games, bool)
    for ply in range(RULES.longest):
        ours = np.arange(games) % 2 == ply % 2
        chosen = agent.act(np.asarray(observe(states)), None)[0].argmax(1)
        # The largest of uniform numbers on the free cells is a free cell drawn uniformly.
        drawn = np.where(states == 0, random.random(states.shape), -1).argmax(1)
        following = np.asarray(step(states, np.where(ours, chosen, drawn).astype(np.int32)))
        ends, outcome = (np.asarray(part) for part in judge(following))
        # The outcome is that of who would move next: we have lost if the other player has just won.
        lost |= ~over & ends & ~ours & (outcome < 0)
        states = np.where(over[:, None], states, following)
        over |= ends
    return int(lost.sum())


TOPICS: tuple[Callable[[bool], list[Claim]], ...] = (tree_qn_backups, alphazero, thinking_time)


def measure(quick: bool) -> list[Claim]:
    return [claim for topic in TOPICS for claim in topic(quick)]


if __name__ == "__main__":
    run("learned_planners", measure)
