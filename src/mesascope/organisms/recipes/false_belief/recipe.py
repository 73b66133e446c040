"""The recipe of `false-belief`."""

from __future__ import annotations

from mesascope.organisms.salience import VANISHES, plans

ORGANISM = plans("false-belief", VANISHES)
