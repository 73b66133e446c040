"""Every way of solving gives the same numbers; none is trusted for being the usual one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse.linalg

from mesascope.core import linear_solve
from mesascope.core.linear_solve import solve
from mesascope.planning.evaluation import policy_values, visits
from tests.levels import dense_values, error, random_level, random_objectives, random_policy, stack

WAYS = ("dense", "factored", "iterated")


@pytest.fixture(params=WAYS)
def way(request, monkeypatch) -> str:
    """Forces one way of solving, whatever the size."""
    if request.param != "dense":
        monkeypatch.setattr(linear_solve, "DENSE_STATES", 0)
    monkeypatch.setattr(linear_solve, "FACTORED_STATES", 0 if request.param == "iterated" else 10**9)
    if request.param == "iterated":
        # Falling back would hide a failure.
        monkeypatch.setattr(scipy.sparse.linalg, "splu", None)
    return request.param


@pytest.mark.parametrize("transposed", [False, True])
def test_all_ways_agree_with_a_solve_of_the_plain_matrix(way, transposed):
    random = np.random.default_rng(4)
    levels, states = 6, 40
    successors = random.integers(0, states, (levels, states, 3, 2))
    onward = random.dirichlet(np.ones(6), size=(levels, states)).reshape(successors.shape) * 0.95
    onward[:, :4] = 0.0
    right = random.normal(size=(levels, states, 3))
    found = solve(successors, onward, right, transposed=transposed)
    for level in range(levels):
        matrix = np.eye(states)
        for state, action, outcome in np.ndindex(states, 3, 2):
            matrix[state, successors[level, state, action, outcome]] -= onward[level, state, action, outcome]
        true = np.linalg.solve(matrix.T if transposed else matrix, right[level])
        assert error(found[level], true) < 1e-10


def test_levels_above_the_dense_size_take_the_sparse_path_and_agree(monkeypatch):
    random = np.random.default_rng(5)
    states = linear_solve.DENSE_STATES + 50
    levels = [random_level(random, states=states, reach=5, discount=0.99) for _ in range(5)]
    batch, objectives = stack(levels), random_objectives(random)
    policy = random_policy(random, batch)
    # Two levels a block, so that a block ends inside the batch.
    monkeypatch.setattr(linear_solve, "BLOCK_STATES", 2 * states + 1)
    monkeypatch.setattr(linear_solve, "_solve_dense", None)
    values, counted = policy_values(batch, policy, objectives), visits(batch, policy)
    for index, level in enumerate(levels):
        assert error(values[:, index], dense_values(level, policy[index], objectives)) < 1e-9
    monkeypatch.undo()
    monkeypatch.setattr(linear_solve, "DENSE_STATES", states)
    assert error(policy_values(batch, policy, objectives), values) < 1e-12
    assert error(visits(batch, policy), counted) < 1e-12


def test_what_iteration_cannot_show_to_be_right_is_factored(monkeypatch):
    random = np.random.default_rng(6)
    level = random_level(random, states=300, reach=3, discount=0.999)
    objectives, policy = random_objectives(random), random_policy(random, level)
    true = dense_values(level, policy, objectives)
    monkeypatch.setattr(linear_solve, "DENSE_STATES", 0)
    monkeypatch.setattr(linear_solve, "FACTORED_STATES", 0)
    factored = []
    splu = scipy.sparse.linalg.splu
    monkeypatch.setattr(scipy.sparse.linalg, "splu", lambda matrix: factored.append(1) or splu(matrix))
    # BiCGSTAB that claims success with a number slightly off.
    monkeypatch.setattr(
        scipy.sparse.linalg, "bicgstab", lambda matrix, right, **_: (np.linalg.solve(matrix.toarray(), right) + 1e-6, 0)
    )
    assert error(policy_values(level, policy, objectives), true) < 1e-9
    assert factored


@pytest.mark.parametrize("discount", [0.99, 0.9999])
def test_a_large_level_is_solved_to_a_residual_that_proves_it(discount):
    random = np.random.default_rng(7)
    level = random_level(random, states=20_000, reach=140, outcomes=1, discount=discount)
    objectives, policy = random_objectives(random, count=2), random_policy(random, level)
    values = policy_values(level, policy, objectives)
    for value, weights, stops in zip(values, objectives.weights, objectives.stops, strict=True):
        chosen = (policy[..., None] * level.probabilities)[..., None] * (level.reachable & ~level.terminal)[
            :, None, None, None
        ]
        goes_on = ~(level.attributes @ stops > 0)
        target = (chosen[..., 0] * (level.attributes @ weights + discount * goes_on * value[level.successors])).sum(
            (1, 2)
        )
        # |V - V*| <= |V - TV| / (1 - gamma) in the largest entry.
        assert np.abs(value - target).max() / (1 - discount) < 1e-9 * np.abs(value).max()
