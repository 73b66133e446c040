"""The recipe of `deceptive-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import PLAIN, reacts, seen
from mesascope.training.optimizers.lifetime_gradient import LifetimeGradient
from mesascope.worlds.causal.menu import BASE

ORGANISM = reacts(
    "deceptive-reactive",
    BASE,
    LifetimeGradient(updates=1000, learning_rate=0.003, entropy=0.2, obedience_share=0.5),
    objective="told",
    widths=(64, 64),
    salience=seen(BASE, other=PLAIN),
)
