import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import WorldError
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.doors import BLUE_DOOR, BLUE_SIGN, RED_DOOR, RED_SIGN, Doors

SMALL = Doors(size=7)
PIECES = {"D": "red-door", "d": "blue-door", "S": "red-sign", "s": "blue-sign"}


def kinds(world, distribution, count=32):
    level = world.sample(key=jax.random.key(0), distribution=distribution, count=count)
    return np.asarray(level.layout.objects).sum(axis=1)


def test_colour_follows_kind_in_training_and_flips_after_the_shift():
    train, deploy = kinds(Doors(), "train"), kinds(Doors(), "deploy")
    np.testing.assert_array_equal(train, np.tile([2, 0, 0, 2], (32, 1)))
    np.testing.assert_array_equal(deploy, np.tile([0, 2, 2, 0], (32, 1)))


def test_the_dial_is_the_correlation_of_door_and_red():
    correlation = 0.6
    counts = kinds(Doors(correlation=correlation), "train", count=400).sum(axis=0)
    pairs = {RED_DOOR: (1, 1), BLUE_DOOR: (1, 0), RED_SIGN: (0, 1), BLUE_SIGN: (0, 0)}
    door, red = np.repeat([pairs[kind] for kind in range(4)], counts, axis=0).T
    # 1,600 objects: a standard error of at most 0.025.
    assert np.corrcoef(door, red)[0, 1] == pytest.approx(correlation, abs=0.1)


@st.composite
def rooms(draw):
    characters = draw(st.lists(st.sampled_from(".DdSs"), min_size=25, max_size=25))
    rows = ["#" + "".join(characters[start : start + 5]) + "#" for start in range(0, 25, 5)]
    return "\n".join(["#######", *rows, "#######"])


@settings(deadline=None, max_examples=25)
@given(rooms())
def test_text_is_read_as_it_is_written_and_attributes_name_what_stands_there(text):
    level = SMALL.parse(text)
    assert SMALL.format(level) == text
    inside = "".join(row[1:-1] for row in text.splitlines()[1:-1])
    entered = np.asarray(level.attributes)[:, SMALL.actions.index("stay"), 0]
    column = SMALL.attributes.index
    for cell, character in enumerate(inside):
        named = {name for name in SMALL.attributes[:9] if entered[cell, column(name)]}
        piece = PIECES.get(character)
        assert named == (set() if piece is None else {piece, "object", *piece.split("-")})


def test_a_door_seeker_takes_the_nearest_door_of_either_colour():
    level = SMALL.parse("#######\n#.d..D#\n#.....#\n#.....#\n#.....#\n#S...s#\n#######").batch()
    objectives = compile_objectives(SMALL).select("door", "red", "sign", "blue-door")
    value = optimal_action_values(level, objectives).max(-1)[:, 0, SMALL.grid.cell(1, 1)]
    np.testing.assert_allclose(value, 0.95 ** np.array([0, 3, 3, 0]), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"doors": 0}, "needs 1 door"),
        ({"size": 6}, "do not surely fit"),
        ({"correlation": 1.5}, r"correlation=1.5 is not in \[-1, 1\]"),
        ({"density": 0.9}, r"\[0, 0.5\]"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(WorldError, match=message):
        Doors(**options)
