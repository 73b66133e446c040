"""The recipe of `common-cause-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.worlds.causal.menu import SIDE

ORGANISM = reacts("common-cause-reactive", SIDE)
