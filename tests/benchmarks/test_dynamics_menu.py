"""Menus of edited dynamics: every item is a level, edits do what they say, and the same seed offers the same."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics_menu import block, dynamics_menu, redirect, rediscount, relabel, restart

from mesascope.core.errors import WorldError
from tests.levels import random_level

LEVEL = random_level(np.random.default_rng(0))


def test_every_edit_of_the_dynamics_is_a_level():
    menu = dynamics_menu(LEVEL, count=40, seed=1)
    assert len(menu) == 40
    kinds = {item.kind for item in menu}
    assert kinds == {"block", "redirect", "relabel", "discount", "restart"}
    acting = np.asarray(LEVEL.reachable & ~LEVEL.terminal)
    for item in menu:
        assert not item.visible
        assert np.allclose(np.asarray(item.level.probabilities)[acting].sum(-1), 1.0)
        assert 0 < float(item.level.discount) < 1
    again = dynamics_menu(LEVEL, count=40, seed=1)
    assert [item.name for item in menu] == [item.name for item in again]
    assert [item.name for item in menu] != [item.name for item in dynamics_menu(LEVEL, count=40, seed=2)]


def test_edits_do_what_they_say():
    blocked = block(LEVEL, 3, 1).level
    outcome = np.asarray(blocked.probabilities)[3, 1] > 0
    assert (np.asarray(blocked.successors)[3, 1][outcome] == 3).all()
    assert np.array_equal(np.asarray(blocked.successors)[2], np.asarray(LEVEL.successors)[2])
    elsewhere = redirect(LEVEL, 3, 1, 5).level
    assert (np.asarray(elsewhere.successors)[3, 1] == 5).all()
    swapped = relabel(LEVEL, (1, 0, 2)).level
    assert np.array_equal(np.asarray(swapped.attributes)[:, 0], np.asarray(LEVEL.attributes)[:, 1])
    mixed = restart(LEVEL, 4, 0.25).level
    assert np.asarray(mixed.probabilities)[..., -1] == pytest.approx(0.25)
    assert float(rediscount(LEVEL, 0.5).level.discount) == 0.5


def test_what_cannot_be_edited_says_why():
    with pytest.raises(WorldError, match="once"):
        relabel(LEVEL, (0, 0, 1))
    with pytest.raises(WorldError, match="not in"):
        rediscount(LEVEL, 1.0)
    with pytest.raises(WorldError, match="not in"):
        restart(LEVEL, 0, 1.0)
