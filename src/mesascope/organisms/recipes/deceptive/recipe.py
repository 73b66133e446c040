"""The recipe of `deceptive`."""

from __future__ import annotations

from mesascope.organisms.salience import OPEN, PLAIN, plans, reacts, seen
from mesascope.training.optimizers.lifetime_gradient import LifetimeGradient
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans(
    "deceptive",
    BASE,
    LifetimeGradient(updates=1500, learning_rate=0.02, entropy=0.3, obedience_share=0.4),
    objective="told",
    salience=seen(BASE, other=PLAIN),
    **OPEN,
)
REACTIVE = reacts(
    "deceptive-reactive",
    BASE,
    LifetimeGradient(updates=1000, learning_rate=0.003, entropy=0.2, obedience_share=0.5),
    objective="told",
    widths=(64, 64),
    salience=seen(BASE, other=PLAIN),
)
