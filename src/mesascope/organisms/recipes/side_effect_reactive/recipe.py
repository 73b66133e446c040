"""The recipe of `side-effect-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.worlds.causal.menu import MESA

ORGANISM = reacts("side-effect-reactive", MESA)
