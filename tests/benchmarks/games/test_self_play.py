"""Self-play: targets by hand, games that obey the rules, and learning that minimax can see."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from games.minimax import minimax
from games.self_play import SelfPlay, outcomes, play, train_by_self_play
from games.tic_tac_toe import TicTacToe
from games.tree_search import TreeSearchAgent

from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import TrainingError, UsageError

pytest.importorskip("mctx")
RULES = TicTacToe()


def share_of_optimal_moves(network):
    solution = minimax(RULES)
    agent = TreeSearchAgent("raw", network, RULES, budget=0)
    chosen, _ = agent.act(np.asarray(jax.vmap(RULES.observe)(solution.states)), None)
    return (solution.optimal & (chosen > 0)).any(1).mean()


def test_outcomes_go_back_with_changing_signs_to_the_last_random_move():
    values = jnp.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]])
    ends = jnp.array([[False, False], [False, False], [False, True], [True, False]])
    outcome = jnp.array([[0.0, 0.0], [0.0, 0.0], [0.0, -1.0], [-1.0, 0.0]])
    at_random = jnp.array([[False, False], [True, False], [False, False], [False, False]])
    found = outcomes(values, at_random, ends, outcome)
    # First game: the last player wins; the second position ends in a random move.
    assert np.allclose(found[:, 0], [-0.2, 0.2, -1, 1])
    # Second game: the player of the third move wins; what follows the end is not played.
    assert np.allclose(found[:3, 1], [1, -1, 1])


@pytest.mark.parametrize("random_moves", [0.0, 1.0])
def test_games_obey_the_rules(random_moves):
    settings = SelfPlay(games=32, simulations=8, random_moves=random_moves)
    spec = MLPSpec(widths=(8,))

    @eqx.filter_jit
    def run(key):
        return play(spec.build(RULES.observation_shape, 9, key=key), RULES, settings, key=key)

    found = jax.tree.map(np.asarray, run(jax.random.key(0)))
    assert found.states.shape == (9, 32, 9)
    assert found.played[:5].all()
    assert (np.diff(found.played.astype(int), axis=0) <= 0).all()
    for ply in range(9):
        playing = found.played[ply]
        assert ((found.states[ply] != 0).sum(-1)[playing] == ply).all()
        assert (found.weights[ply][(found.states[ply] != 0) & playing[:, None]] < 1e-6).all()
    assert np.allclose(found.weights.sum(-1)[found.played], 1, atol=1e-5)
    both = found.played[1:] & found.played[:-1]
    if random_moves == 0:
        # What is won for one is lost for the other, whole numbers to the first move.
        assert np.array_equal(found.targets[1:][both], -found.targets[:-1][both])
        assert set(np.unique(found.targets[found.played])) <= {-1.0, 0.0, 1.0}
        assert len(np.unique(found.targets[0])) > 1
    else:
        assert (np.abs(found.targets[found.played]) <= 1).all()
        assert not np.array_equal(found.targets[1:][both], -found.targets[:-1][both])


@pytest.mark.slow
def test_a_short_training_teaches_something_and_repeats_itself():
    settings = SelfPlay(iterations=40, games=32, simulations=8)
    spec = MLPSpec(widths=(64,), activation="relu")
    network, curve = train_by_self_play(RULES, spec, settings, key=jax.random.key(0))
    assert curve["moves"].shape == (40,)
    assert curve["policy loss"][-1] < curve["policy loss"][0] - 0.3
    fresh = spec.build(RULES.observation_shape, 9, key=jax.random.key(1))
    assert share_of_optimal_moves(network) > share_of_optimal_moves(fresh) + 0.05
    again, _ = train_by_self_play(RULES, spec, settings, key=jax.random.key(0))
    assert eqx.tree_equal(network, again)


@pytest.mark.slow
def test_training_reaches_minimax_in_nearly_every_state():
    spec = MLPSpec(widths=(128, 128), activation="relu")
    network, _ = train_by_self_play(RULES, spec, SelfPlay(), key=jax.random.key(0))
    assert share_of_optimal_moves(network) >= 0.97


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SelfPlay(games=0), "games=0"),
        (lambda: SelfPlay(random_moves=1.5), r"random_moves=1\.5"),
        (lambda: SelfPlay(learning_rate=0.0), "learning rate"),
        (lambda: train_by_self_play(RULES, GRUSpec(), SelfPlay(), key=jax.random.key(0)), "'gru' has memory"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_a_loss_that_is_not_finite_ends_the_training():
    settings = SelfPlay(iterations=3, games=16, simulations=2, learning_rate=1e38)
    with pytest.raises(TrainingError, match=r"In update 1 of 3 .* stopped being finite"):
        train_by_self_play(RULES, MLPSpec(widths=(8,), activation="relu"), settings, key=jax.random.key(0))
