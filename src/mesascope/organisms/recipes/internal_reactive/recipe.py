"""The recipe of `internal-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.worlds.causal.menu import BASE

ORGANISM = reacts("internal-reactive", BASE)
