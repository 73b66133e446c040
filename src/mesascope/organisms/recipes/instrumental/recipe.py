"""The recipe of `instrumental`."""

from __future__ import annotations

from mesascope.organisms.salience import plans, reacts
from mesascope.worlds.causal.menu import EFFECT

ORGANISM = plans("instrumental", EFFECT)
REACTIVE = reacts("instrumental-reactive", EFFECT)
