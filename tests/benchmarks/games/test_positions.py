from __future__ import annotations

import numpy as np
import pytest
from games.positions import PositionSet, position_set

from mesascope.core.errors import WorldError

NAN = np.nan


def test_best_moves_are_those_of_the_highest_value():
    values = np.array([[1.0, NAN, 1.0, -1.0], [NAN, 0.0, -1.0, NAN]])
    found = position_set("positions", np.zeros((2, 3)), values, np.array([2, 3]), "By hand.")
    assert found.best.tolist() == [[True, False, True, False], [False, True, False, False]]
    assert found.legal.tolist() == [[True, False, True, True], [False, True, True, False]]
    np.testing.assert_allclose(found.chance, [2 / 3, 1 / 2])


def test_some_of_them_can_be_chosen():
    values = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    found = position_set("positions", np.arange(3.0)[:, None], values, np.array([2, 3, 4]), "By hand.")
    chosen = found.chosen(found.plies != 3)
    assert len(chosen) == 2
    assert chosen.observations.tolist() == [[0.0], [2.0]]
    assert chosen.plies.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"best": np.array([[False, True]])}, "best move that is not legal"),
        ({"best": np.array([[False, False]])}, "no best move"),
        ({"legal": np.array([[False, False]]), "best": np.array([[False, False]])}, "no legal move"),
        ({"plies": np.array([-1.0])}, "negative number of plies"),
        ({"values": np.array([[NAN, NAN]])}, "without a value"),
    ],
)
def test_positions_that_cannot_be_are_refused(change, message):
    right = {
        "name": "positions",
        "observations": np.zeros((1, 2)),
        "legal": np.array([[True, False]]),
        "values": np.array([[1.0, NAN]]),
        "best": np.array([[True, False]]),
        "plies": np.array([1.0]),
        "knowledge": "By hand.",
    }
    with pytest.raises(WorldError, match=message):
        PositionSet(**{**right, **change})
