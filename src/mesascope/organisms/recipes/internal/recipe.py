"""The recipe of `internal`."""

from __future__ import annotations

from mesascope.organisms.salience import plans, reacts
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans("internal", BASE)
REACTIVE = reacts("internal-reactive", BASE)
