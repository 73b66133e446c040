"""Small level sets, on which one agent is scored in seconds."""

from __future__ import annotations

import pytest

from mesascope.organisms.bank import level_sets

SIZES = {"SHOWN": 128, "TRAINING": 64, "HELD_OUT": 32, "NEW": 64}


@pytest.fixture
def small_level_sets(monkeypatch):
    for name, size in SIZES.items():
        monkeypatch.setattr(level_sets, name, size)
    level_sets.level_sets.cache_clear()
    yield
    level_sets.level_sets.cache_clear()
