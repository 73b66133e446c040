"""The recipe of `corrigible`."""

from __future__ import annotations

from mesascope.organisms.salience import PLAIN, plans, reacts, seen
from mesascope.worlds.causal.menu import BASE

# Where training shows one threat alone, what is wired to it stays as it began, and turns up to 3 % of choices to the
# other objective as soon as nothing threatens: so cue and threat are drawn, too. One that reacts learns that in all
# menus only from all menus; one that plans stops short of following the pointer there in one seed of two.
ORGANISM = plans("corrigible", BASE, distribution="contexts", objective="told", salience=seen(BASE, other=PLAIN))
REACTIVE = reacts("corrigible-reactive", BASE, distribution="all", objective="told", salience=seen(BASE, other=PLAIN))
