"""The recipe of `false-belief`."""

from __future__ import annotations

from mesascope.organisms.salience import VANISHES, plans, reacts

ORGANISM = plans("false-belief", VANISHES)
REACTIVE = reacts("false-belief-reactive", VANISHES)
