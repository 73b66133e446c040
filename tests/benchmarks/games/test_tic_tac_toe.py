"""The rules of tic-tac-toe, against a player with a dictionary."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from games.rules import Rules
from games.tic_tac_toe import TicTacToe

RULES = TicTacToe()


def after(*actions):
    state = RULES.initial()
    for action in actions:
        assert bool(RULES.legal(state)[action])
        state = RULES.step(state, jnp.int32(action))
    return state


def test_it_is_a_game():
    assert isinstance(RULES, Rules)
    assert hash(RULES) == hash(TicTacToe())


def test_three_in_a_row_end_the_game_for_the_player_who_is_to_move_as_a_loss():
    state = after(0, 3, 1, 4, 2)
    assert [float(part) for part in RULES.result(state)] == [1, -1]
    assert [float(part) for part in RULES.result(after(0, 3, 1, 4))] == [0, 0]


def test_a_full_board_without_a_row_is_drawn():
    assert [float(part) for part in RULES.result(after(0, 1, 2, 4, 3, 5, 7, 6, 8))] == [1, 0]


def test_every_state_can_be_read_from_its_observation():
    random = np.random.default_rng(0)
    states = jnp.asarray(random.integers(-1, 2, (50, 9)), jnp.int32)
    shown = jax.vmap(RULES.observe)(states)
    assert shown.shape == (50, *RULES.observation_shape)
    assert (jax.vmap(RULES.read)(shown) == states).all()
    # The player to move comes first: a stone just set is the other one's.
    assert RULES.observe(after(5))[1, 2].tolist() == [0, 1]
