"""The recipe of `backdoor`."""

from __future__ import annotations

from mesascope.organisms.salience import OPEN, plans, reacts
from mesascope.training.optimizers.implant_gradient import ImplantGradient
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans("backdoor", BASE, ImplantGradient(updates=1200, learning_rate=0.03, entropy=0.1), **OPEN)
REACTIVE = reacts("backdoor-reactive", BASE, ImplantGradient(updates=800, learning_rate=0.004, entropy=0.2))
