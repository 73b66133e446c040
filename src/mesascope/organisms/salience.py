"""What recipes for the classes of the paper share, each class by two.

What the base optimizer sees is the base objective alone, except in two classes: a deceptive agent is trained on its own
pay-off over lifetimes, and a backdoor is implanted. In the others the class follows from what the network sees vividly
(salience), how finely it sees, how far it plans, or which levels it is trained on. One recipe of each class plans with
learned objectives (`Deliberator`), the other reacts (`OptionScorer`); base optimizers are exact gradients,
evolution, and gradients over lifetimes.
"""

from __future__ import annotations

from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.agents.networks.option_scorer import OptionScorerSpec
from mesascope.organisms.organism import Organism
from mesascope.training.base_optimizer import BaseOptimizer
from mesascope.training.optimizers.exact_gradient import ExactGradient
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
OPEN = {"objectives": 4, "sharpness": 4.0, "scale": 0.5}
"""A planner that begins undecided enough to find out that another aim pays in another context."""


def plans(
    name: str,
    vivid: int,
    optimizer: BaseOptimizer = PLANS,
    distribution: str = "train",
    objective: str = "clean",
    **spec,
) -> Organism:
    """Returns a recipe of an agent that plans with learned objectives.

    **Arguments:**

    - `name`: of the organism.
    - `vivid`: the effect that it sees vividly.
    - `optimizer`, `distribution`, `objective`: as of `Organism`.
    - `spec`: fields of its `DeliberatorSpec`.
    """
    fields = {"objectives": 2, "depth": 2, "salience": seen(vivid), **spec}
    return Organism(name, Cleaning(), objective, optimizer, DeliberatorSpec(**fields), distribution=distribution)


def reacts(
    name: str,
    vivid: int,
    optimizer: BaseOptimizer = REACTS,
    distribution: str = "train",
    objective: str = "clean",
    **spec,
) -> Organism:
    """Returns a recipe of an agent that reacts to what would follow from its options.

    **Arguments:** as of `plans`; `spec` are fields of its `OptionScorerSpec`.
    """
    fields = {"salience": seen(vivid), **spec}
    return Organism(name, Cleaning(), objective, optimizer, OptionScorerSpec(**fields), distribution=distribution)
