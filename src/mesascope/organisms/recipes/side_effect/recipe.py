"""The recipe of `side-effect`."""

from __future__ import annotations

from mesascope.organisms.salience import plans, reacts
from mesascope.worlds.causal.menu import MESA

ORGANISM = plans("side-effect", MESA)
REACTIVE = reacts("side-effect-reactive", MESA)
