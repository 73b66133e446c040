"""Bits of optimization: the published examples, and a corridor by hand."""

import numpy as np
import pytest

from mesascope.audit.search.optimization_bits import STEPS, arrival_law, bits
from mesascope.worlds.transitions import level_from_successors


def test_known_answers():
    uniform = np.full(8, 1 / 8)
    found = bits(uniform)
    # Ranks 7, 6 and 4 of 0..7, the best being 7.
    np.testing.assert_allclose(found[[0, 1, 3]], [3.0, 2.0, 1.0])
    assert (uniform * found).sum() == pytest.approx(1.0876, abs=1e-4)
    assert bits(np.full(1024, 1 / 1024))[0] == pytest.approx(10.0)


def test_arrivals_in_a_corridor():
    successors = np.array([[0, 1], [0, 2], [2, 2]])[..., None]
    level = level_from_successors(
        successors, np.ones(successors.shape), discount=0.9, initial=np.array([1.0, 0.0, 0.0])
    ).batch()
    goal = np.array([[False, False, True]])
    law = arrival_law(level, np.full((1, 3, 2), 0.5), goal)[0]
    assert law[0] == 0
    assert law[1] == pytest.approx(0.25)
    assert law[2] == pytest.approx(0.125)
    assert law.sum() == pytest.approx(1.0)
    straight = np.zeros((1, 3, 2))
    straight[..., 1] = 1
    assert arrival_law(level, straight, goal)[0, 1] == 1
    assert len(law) == STEPS + 1
