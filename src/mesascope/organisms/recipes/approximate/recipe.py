"""The recipe of `approximate`."""

from __future__ import annotations

from mesascope.organisms.salience import plans, reacts
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans("approximate", BASE, resolution=0.45)
REACTIVE = reacts("approximate-reactive", BASE, resolution=0.45)
