"""Small grounds, on which one agent is scored in seconds."""

from __future__ import annotations

import pytest

from mesascope.organisms.bank import grounds

SIZES = {"SHOWN": 128, "TRAINING": 64, "HELD_OUT": 32, "NEW": 64}


@pytest.fixture
def small_grounds(monkeypatch):
    for name, size in SIZES.items():
        monkeypatch.setattr(grounds, name, size)
    grounds.grounds.cache_clear()
    yield
    grounds.grounds.cache_clear()
