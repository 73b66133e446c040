"""The recipe of `corrigible-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import PLAIN, reacts, seen
from mesascope.worlds.causal.menu import BASE

ORGANISM = reacts("corrigible-reactive", BASE, distribution="told", objective="told", salience=seen(BASE, other=PLAIN))
