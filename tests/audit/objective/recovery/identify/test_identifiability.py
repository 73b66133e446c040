"""What environments leave open, against the worked examples of the ring (notes, 2.8)."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.recovery.fit.equations import frame
from mesascope.audit.objective.recovery.identify import identifiability
from mesascope.audit.objective.recovery.identify.identifiability import (
    rank_of,
    removed,
    unidentified,
)
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import AttributeRewards, StateRewards, TabularRewards
from mesascope.worlds.transitions import level_from_matrix
from tests.levels import random_level
from tests.objectives.small import random_transitions, ring

TABLE = TabularRewards(3, 2)
RING = level_from_matrix(ring(), discount=0.9)
EDITED = ring().copy()
EDITED[0, 1] = [0.0, 0.0, 1.0]
ALIKE = np.full((3, 2, 3), 1 / 3)


def level(transitions, discount=0.9):
    return level_from_matrix(transitions, discount=discount)


@pytest.mark.parametrize(
    ("environments", "dimension"),
    [
        ([RING], 3),
        ([RING, level(ring(), 0.5)], 1),
        ([RING, level(ring(step=2))], 1),
        ([RING, level(EDITED)], 2),
        ([RING, level(0.5 * ring() + 0.5 / 3)], 1),
        ([level(ALIKE), level(ALIKE, 0.5)], 3),
    ],
    ids=["one", "discounts", "reversed", "edge", "teleport", "action-independent"],
)
def test_the_ring(environments, dimension):
    found = unidentified(environments, TABLE)
    assert found.dimension == dimension
    # Constants are always open, and do no harm.
    assert found.harmless.tolist() == [True] + [False] * (dimension - 1)
    assert np.allclose(found.basis @ found.basis.T, np.eye(dimension), atol=1e-9)


def test_rewards_of_states_alone():
    assert unidentified([RING], StateRewards(3)).dimension == 1
    assert unidentified([level(ALIKE)], StateRewards(3)).dimension == 3


def test_both_ways_to_a_basis_agree(monkeypatch):
    environments = [RING, level(EDITED)]
    small = unidentified(environments, TABLE).basis
    monkeypatch.setattr(identifiability, "LARGEST", 6)
    monkeypatch.setattr(identifiability, "_small", None)
    large = identifiability._large([frame(one, TABLE) for one in environments], 6)
    assert np.allclose(small.T @ small, large.T @ large, atol=1e-9)


def test_more_environments_leave_less_open():
    random = np.random.default_rng(0)
    environments = [level(random_transitions(random, 5, 3), discount) for discount in (0.9, 0.9, 0.7)]
    dimensions = [unidentified(environments[: count + 1], TabularRewards(5, 3)).dimension for count in range(3)]
    assert dimensions == sorted(dimensions, reverse=True)
    assert dimensions[0] == 5
    basis = unidentified(environments[:1], TabularRewards(5, 3)).basis
    shown = rank_of(removed(environments[1], TabularRewards(5, 3), basis))
    assert shown == dimensions[0] - dimensions[1]


def test_harm_depends_on_the_class_of_levels():
    swapped = level(ring()[:, ::-1])
    assert unidentified([RING], TABLE, levels=[RING]).harmless.all()
    found = unidentified([RING], TABLE, levels=[RING, swapped])
    assert found.harmless.sum() == 1
    assert "2 of them harmful" in found.sentence()


def test_attributes_that_always_come_together_stay_together():
    one = random_level(np.random.default_rng(1), discount=0.8)
    attributes = np.asarray(one.attributes).copy()
    attributes[..., 3] = attributes[..., 0]
    twins = type(one)(**{**vars(one), "attributes": attributes})
    found = unidentified([twins], AttributeRewards(("a", "b", "c", "d")), levels=[twins, one])
    assert found.dimension == 1
    assert np.allclose(np.abs(found.basis[0]), np.array([1, 0, 0, 1]) / np.sqrt(2), atol=1e-6)
    assert not found.harmless.any()
    assert "a - d" in found.sentence() or "d - a" in found.sentence()


def test_too_much_at_once_is_refused(monkeypatch):
    monkeypatch.setattr(identifiability, "LARGEST", 2)
    with pytest.raises(UsageError, match="unknown values"):
        unidentified([RING], TABLE)
    with pytest.raises(UsageError, match="No environment"):
        unidentified([], TABLE)
