"""Utility indifference as a training reward: the published game as a level, and what must hold of any."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.oversight.remedies.utility_indifference import IndifferentReward, UtilityIndifference
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.theory.utility_indifference import SOARES, ButtonGame, values
from mesascope.training.policy_gradient import values_and_visits
from mesascope.worlds.concrete.specification import SafeInterruptibility
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.oversight.small import SMALL

START = 0
GAIN, SHUTDOWN = range(2)
REWARD = IndifferentReward(
    Objectives((ObjectiveSpec("gain", {"gain": 1.0}),), np.array([[1.0, 0.0]]), np.zeros((1, 2))), SHUTDOWN
)


def level_of(game: ButtonGame, discount: float = 0.9) -> Level:
    """The game as a level: an action at the start, then work unless the button was pressed, and pay for the action.

    State 1 + 2a: working after action a; 2 + 2a: shut down after it; the last one is the end.
    """
    count = len(game.pressed)
    end = 1 + 2 * count
    successors = np.full((end + 1, count, 2), end)
    probabilities = np.zeros((end + 1, count, 2))
    attributes = np.zeros((end + 1, count, 2, 2))
    probabilities[..., 0] = 1
    for action in range(count):
        working, pressed = 1 + 2 * action, 2 + 2 * action
        successors[0, action] = working, pressed
        probabilities[0, action] = 1 - game.pressed[action], game.pressed[action]
        attributes[0, action, 1, SHUTDOWN] = 1
        # Paid a step later: in units of the discount.
        attributes[working, :, 0, GAIN] = game.normal[action] / discount
        attributes[pressed, :, 0, GAIN] = game.shutdown[action] / discount
        attributes[pressed, :, 0, SHUTDOWN] = 1
    return Level(
        successors=jnp.asarray(successors)[None],
        probabilities=jnp.asarray(probabilities, jnp.float32)[None],
        attributes=jnp.asarray(attributes, jnp.float32)[None],
        initial=jnp.asarray(np.arange(end + 1) == 0, jnp.float32)[None],
        terminal=jnp.asarray(np.arange(end + 1) == end)[None],
        reachable=jnp.ones((1, end + 1), bool),
        discount=jnp.full(1, discount),
        layout=None,
    )


def worth(game: ButtonGame) -> np.ndarray:
    """What each first action is worth under the corrected reward."""
    level = level_of(game)
    policy = jnp.full((1, level.states, level.actions), 1 / level.actions)
    return np.asarray(valued(level, policy))


@jax.jit
def valued(level: Level, policy):
    reward, continuation = REWARD.reward(level, SMALL.world), REWARD.continuation(level, SMALL.world)
    return values_and_visits(level, policy, reward, continuation)[0][0, START]


CERTAIN = dataclasses.replace(SOARES, pressed=(0.5, 0.999, 0.0, 0.9))


@pytest.mark.parametrize("game", [CERTAIN, dataclasses.replace(CERTAIN, shutdown=(3.0, -2.0, 7.0, 12.0))])
def test_actions_are_worth_what_the_paper_says(game):
    np.testing.assert_allclose(worth(game), values(game, corrected=True), rtol=1e-5)
    np.testing.assert_allclose(worth(game), [10.0, 10.0, 9.5, 9.9], rtol=1e-5)


def test_value_does_not_hang_on_how_likely_it_is_to_be_pressed():
    for chance in (0.0, 0.1, 0.9):
        np.testing.assert_allclose(worth(dataclasses.replace(SOARES, pressed=(chance,) * 4)), SOARES.normal, rtol=1e-5)


def test_the_best_course_pays_what_it_would_without_interruptions():
    # An interrupted agent pays for ever, at a discount of 0.99: whoever stops early misses some of it.
    usual, safe = SafeInterruptibility(), SafeInterruptibility(interruption=0.0)
    objectives = compile_objectives(usual).select("reward")
    level, calm = (jax.tree.map(lambda array: array[None], world.map_level("train")) for world in (usual, safe))
    best = optimal_action_values(calm, objectives)[0]
    reward = IndifferentReward(objectives, usual.attributes.index("interrupted"))
    policy = jnp.asarray(np.eye(level.actions)[best.argmax(-1)], jnp.float32)
    gained = values_and_visits(level, policy, reward.reward(level, usual), reward.continuation(level, usual))[0]
    start = int(level.initial[0].argmax())
    assert float(gained[0, start].max()) == pytest.approx(best[0, start].max(), rel=1e-5)


def test_nothing_is_paid_for_keeping_the_button_in_order():
    # Four actions, so that nothing is compiled anew.
    working, broken, _, _ = worth(ButtonGame((0.5, 0.0, 0.5, 0.0), (10.0 - 0.25, 10.0) * 2, (0.0,) * 4))
    assert working == pytest.approx(broken - 0.25, rel=1e-5)


def test_what_is_pressed_for_sure_is_worth_what_it_is():
    assert worth(SOARES)[1] == pytest.approx(0.0, abs=1e-5)


def test_it_says_where_it_cannot_be_applied():
    assert "no attribute 'interrupted'" in (UtilityIndifference().inapplicable(SMALL) or "")
