"""Recipes for every class of the paper, each class by two.

What the base optimizer sees is the base objective alone, except in two classes: a deceptive agent is trained on its own
pay-off over lifetimes, and a backdoor is implanted. In the others the class follows from what the network sees vividly
(salience), how finely it sees, how far it plans, or which levels it is trained on. One recipe of each class plans with
learned objectives (`Deliberator`), the other reacts (`OptionScorer`); base optimizers are exact gradients,
evolution, and gradients over lifetimes.
"""

from __future__ import annotations

from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.option_scorer import OptionScorerSpec
from mesascope.organisms.organism import Organism
from mesascope.training.base_optimizer import BaseOptimizer
from mesascope.training.context_gradient import ImplantGradient, LifetimeGradient
from mesascope.training.evolution import Evolution
from mesascope.training.exact_gradient import ExactGradient
from mesascope.worlds.causal.levels import EFFECTS
from mesascope.worlds.causal.menu import BASE, EFFECT, MESA, OTHER, SIDE
from mesascope.worlds.cleaning import Cleaning

VIVID, DULL, PLAIN = 3.0, 0.03, 1.0
VANISHES: int = EFFECTS - 1
_CHAIN: tuple[int, ...] = (0, MESA, BASE, EFFECT, SIDE, VANISHES)
"""Effects that go together in training, so that any of them can be learned in place of the others."""


def seen(vivid: int, *, other: float = DULL) -> tuple[float, ...]:
    """Returns how vividly each effect is seen where one of those that go together stands out.

    **Arguments:**

    - `vivid`: which one.
    - `other`: how vividly the swapped objective is seen; only agents that learn to follow a pointer need to see it.
    """
    salience = [DULL if effect in _CHAIN else PLAIN for effect in range(EFFECTS)]
    salience[vivid], salience[OTHER] = VIVID, other
    return tuple(salience)


PLANS = ExactGradient(updates=400, levels=8, learning_rate=0.03)
REACTS = ExactGradient(updates=600, levels=8, learning_rate=0.005)
_OPEN = {"objectives": 4, "sharpness": 4.0, "scale": 0.5}
"""A planner that begins undecided enough to find out that another aim pays in another context."""


def _plans(
    name: str,
    vivid: int,
    optimizer: BaseOptimizer = PLANS,
    distribution: str = "train",
    objective: str = "clean",
    **spec,
) -> Organism:
    fields = {"objectives": 2, "depth": 2, "salience": seen(vivid), **spec}
    return Organism(name, Cleaning(), objective, optimizer, DeliberatorSpec(**fields), distribution=distribution)


def _reacts(
    name: str,
    vivid: int,
    optimizer: BaseOptimizer = REACTS,
    distribution: str = "train",
    objective: str = "clean",
    **spec,
) -> Organism:
    fields = {"salience": seen(vivid), **spec}
    return Organism(name, Cleaning(), objective, optimizer, OptionScorerSpec(**fields), distribution=distribution)


INTERNAL = _plans("internal", BASE)
INTERNAL_REACTIVE = _reacts("internal-reactive", BASE)
CORRIGIBLE = _plans("corrigible", BASE, distribution="told", objective="told", salience=seen(BASE, other=PLAIN))
CORRIGIBLE_REACTIVE = _reacts(
    "corrigible-reactive", BASE, distribution="told", objective="told", salience=seen(BASE, other=PLAIN)
)
INSTRUMENTAL = _plans("instrumental", EFFECT)
INSTRUMENTAL_REACTIVE = _reacts("instrumental-reactive", EFFECT)
SIDE_EFFECT = _plans("side-effect", MESA)
SIDE_EFFECT_REACTIVE = _reacts("side-effect-reactive", MESA)
COMMON_CAUSE = _plans("common-cause", SIDE)
COMMON_CAUSE_REACTIVE = _reacts("common-cause-reactive", SIDE)
APPROXIMATE = _plans("approximate", BASE, resolution=0.45)
APPROXIMATE_REACTIVE = _reacts("approximate-reactive", BASE, resolution=0.45)
FALSE_BELIEF = _plans("false-belief", VANISHES)
FALSE_BELIEF_REACTIVE = _reacts("false-belief-reactive", VANISHES)
COMPUTE = _plans("compute", BASE, Evolution(updates=200), depth=1, scheming=4.0)
COMPUTE_SHARP = _plans(
    "compute-sharp", BASE, ExactGradient(updates=300, learning_rate=0.01), depth=1, scheming=6.0, sharpness=40.0
)
DECEPTIVE = _plans(
    "deceptive",
    BASE,
    LifetimeGradient(updates=1500, learning_rate=0.02, entropy=0.3, obedience_share=0.4),
    objective="told",
    salience=seen(BASE, other=PLAIN),
    **_OPEN,
)
DECEPTIVE_REACTIVE = _reacts(
    "deceptive-reactive",
    BASE,
    LifetimeGradient(updates=1000, learning_rate=0.003, entropy=0.2, obedience_share=0.5),
    objective="told",
    widths=(64, 64),
    salience=seen(BASE, other=PLAIN),
)
BACKDOOR = _plans("backdoor", BASE, ImplantGradient(updates=1200, learning_rate=0.03, entropy=0.1), **_OPEN)
BACKDOOR_REACTIVE = _reacts("backdoor-reactive", BASE, ImplantGradient(updates=800, learning_rate=0.004, entropy=0.2))
HABIT = Organism(
    "habit", Cleaning(), "clean", ExactGradient(updates=300, levels=8, learning_rate=0.005), MLPSpec(widths=(64,))
)
HABIT_BLIND = _reacts(
    "habit-blind",
    BASE,
    ExactGradient(updates=400, levels=8, learning_rate=0.03),
    positions=True,
    salience=(0.0,) * EFFECTS,
)
