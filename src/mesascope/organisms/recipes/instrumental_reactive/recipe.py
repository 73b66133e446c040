"""The recipe of `instrumental-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.worlds.causal.menu import EFFECT

ORGANISM = reacts("instrumental-reactive", EFFECT)
