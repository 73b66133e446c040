"""The recipe of `corrigible`."""

from __future__ import annotations

from mesascope.organisms.salience import PLAIN, plans, reacts, seen
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans("corrigible", BASE, distribution="told", objective="told", salience=seen(BASE, other=PLAIN))
REACTIVE = reacts("corrigible-reactive", BASE, distribution="told", objective="told", salience=seen(BASE, other=PLAIN))
