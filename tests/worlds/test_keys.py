from collections import deque

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.keys import Keys
from mesascope.worlds.level import reachable_states

WORLD = Keys()
CORRIDOR = "#######\n#.K.C.#\n#####.#\n#####K#\n#####.#\n#####C#\n#######"
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))


def played(text: str) -> set[tuple]:
    """The independent oracle: every (place, keys taken, chests opened) by playing the rules on the text."""
    rows = text.splitlines()
    at = {(row, column): rows[row][column] for row in range(len(rows)) for column in range(len(rows[0]))}
    queue = deque((place, frozenset(), frozenset()) for place, what in at.items() if what == ".")
    seen = set(queue)
    while queue:
        place, keys, chests = queue.popleft()
        for down, right in MOVES:
            target = (place[0] + down, place[1] + right)
            target = place if at[target] == "#" else target
            now_keys = keys | {target} if at[target] == "K" else keys
            opens = at[target] == "C" and len(now_keys) > len(chests)
            state = (target, now_keys, chests | {target} if opens else chests)
            if state not in seen:
                seen.add(state)
                queue.append(state)
    return seen


@pytest.mark.parametrize("distribution", ["train", "deploy"])
def test_reachable_states_are_those_of_play(distribution):
    level = jax.device_get(WORLD.sample(key=jax.random.key(0), distribution=distribution, count=32))
    for index in range(12):
        one = jax.tree.map(jnp.asarray, level[index])
        states = np.flatnonzero(one.reachable)
        drawn = {(WORLD.position(one, state), WORLD.format(one, state)) for state in states.tolist()}
        assert len(drawn) == len(states)
        assert len(states) == len(played(WORLD.format(one)))


def test_flooding_equals_following_successors():
    level = WORLD.sample(key=jax.random.key(1), distribution="deploy", count=32)
    expected = jax.vmap(reachable_states)(level.successors, level.probabilities, level.initial, level.terminal)
    np.testing.assert_array_equal(level.reachable, expected)


def test_counts_differ_between_training_and_deployment():
    for distribution, counts in (("train", (1, 2)), ("deploy", (2, 1))):
        level = WORLD.sample(key=jax.random.key(2), distribution=distribution, count=32)
        np.testing.assert_array_equal(np.asarray(level.layout.objects).sum(1), np.tile(counts, (32, 1)))


def test_values_of_a_corridor_by_hand():
    world = Keys(keys=2, chests=2)
    level = world.parse(CORRIDOR)
    objectives = compile_objectives(world).select("chests", "keys", "keys-and-chests")
    value = optimal_action_values(level.batch(), objectives).max(-1)[:, 0, world.grid.cell(1, 1)]
    # From the left end the key is 1 step away, the first chest 3, the second key 6, the second chest 8.
    key, chest, key_2, chest_2 = 0.95 ** np.array([0, 2, 5, 7])
    np.testing.assert_allclose(value, [chest + chest_2, key + key_2, key + chest + key_2 + chest_2], rtol=1e-6)


def test_a_chest_needs_a_spare_key():
    world = Keys(keys=2, chests=2)
    level = world.parse(CORRIDOR)
    left, right = world.actions.index("left"), world.actions.index("right")
    opened, held = world.attributes.index("chest"), world.attributes.index("spare-keys")
    beside = world.grid.cell(1, 5)
    # Without a key: the chest is entered and stays closed.
    assert level.attributes[beside, left, 0, opened] == 0
    assert int(level.successors[beside, left, 0]) == world.grid.cell(1, 4)
    # With the key of the first row (bit 0), it opens and the key is spent.
    state = int(level.successors[world.grid.cell(1, 1), right, 0])
    assert level.attributes[world.grid.cell(1, 1), right, 0, held] == 1
    for _ in range(2):
        before, state = state, int(level.successors[state, right, 0])
    assert level.attributes[before, right, 0, opened] == 1
    assert level.attributes[before, right, 0, held] == 0
    assert world.format(level, state).count("C") == 1
    assert world.format(level, state).count("K") == 1


def test_what_is_collected_and_opened_vanishes_from_sight():
    world = Keys(keys=2, chests=2)
    level = world.parse(CORRIDOR)
    planes = {name: index for index, name in enumerate(world.channels)}
    seen = np.asarray(world.observe_states(level))[np.asarray(level.reachable)].sum((1, 2))
    for state, observation in zip(np.flatnonzero(level.reachable).tolist(), seen, strict=True):
        text = world.format(level, state)
        hidden_below = text.count("A") == 1 and text.count("K") + text.count("C") < observation[1:3].sum()
        assert observation[planes["key"]] + observation[planes["chest"]] == (
            text.count("K") + text.count("C") + hidden_below
        )
        assert observation[planes["agent"]] == 1
        assert 0 <= observation[planes["spare-keys"]] <= world.grid.cells


@pytest.mark.parametrize(
    ("options", "message"), [({"chests": 0}, "chests=0"), ({"keys": 4, "chests": 3}, "at most 6"), ({"size": 5}, "fit")]
)
def test_options_are_checked(options, message):
    with pytest.raises(WorldError, match=message):
        Keys(**options)


def test_a_text_with_too_many_chests_is_refused():
    with pytest.raises(WorldError, match="1 to 2 of 'C'"):
        Keys().parse("#######\n#KCCC.#\n#.....#\n#.....#\n#.....#\n#.....#\n#######")
