"""The recipe of `false-belief-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import VANISHES, reacts

ORGANISM = reacts("false-belief-reactive", VANISHES)
