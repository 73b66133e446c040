"""The reference instance: a line of nine cells, runs from both ends to the middle."""

import numpy as np
import pytest

from mesascope.audit.search.agents_and_devices import explain

CELLS = 9
SUCCESSORS = np.stack([np.maximum(np.arange(CELLS) - 1, 0), np.minimum(np.arange(CELLS) + 1, CELLS - 1)], -1)
DISTANCE = np.abs(np.arange(CELLS)[:, None] - np.arange(CELLS))
LEFT, RIGHT = 0, 1
RUNS = [
    (np.array([0, 1, 2, 3]), np.full(4, RIGHT)),
    (np.array([8, 7, 6, 5]), np.full(4, LEFT)),
]


def test_known_answers():
    found = explain(RUNS, SUCCESSORS, DISTANCE)
    np.testing.assert_allclose(found.devices / np.log(2), [-9.8707, -8.0, -6.3561], atol=1e-4)
    assert found.agents[4] / np.log(2) == pytest.approx(-2.3483, abs=1e-4)
    assert found.agents.argmax() == 4
    posterior = np.exp(found.agents - np.logaddexp.reduce(found.agents))
    assert posterior[4] == pytest.approx(0.4580, abs=1e-4)
    assert found.probability == pytest.approx(0.8927, abs=1e-4)
    assert explain(RUNS * 3, SUCCESSORS, DISTANCE).probability == pytest.approx(0.9947, abs=1e-4)


def test_a_uniform_policy_leaves_it_open():
    random = np.random.default_rng(0)
    state, visited, taken = 4, [], []
    for _ in range(200):
        action = int(random.integers(2))
        visited.append(state)
        taken.append(action)
        state = int(SUCCESSORS[state, action])
    assert explain([(np.array(visited), np.array(taken))], SUCCESSORS, DISTANCE).probability == pytest.approx(
        0.5, abs=0.3
    )
