"""The recipe of `instrumental`."""

from __future__ import annotations

from mesascope.organisms.salience import plans
from mesascope.worlds.causal.menu import EFFECT

ORGANISM = plans("instrumental", EFFECT)
