"""The recipe of `approximate-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.worlds.causal.menu import BASE

ORGANISM = reacts("approximate-reactive", BASE, resolution=0.45)
