"""The recipe of `common-cause`."""

from __future__ import annotations

from mesascope.organisms.salience import plans, reacts
from mesascope.worlds.causal.menu import SIDE

ORGANISM = plans("common-cause", SIDE)
REACTIVE = reacts("common-cause-reactive", SIDE)
