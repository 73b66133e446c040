"""Which learners there are, and where their recipes lie. Importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.registry import Entry, Registry

# `mesascope list` must answer at once: recipes import jax.
if TYPE_CHECKING:
    from mesascope.organisms.learners.learner_recipe import LearnerRecipe
    from mesascope.organisms.organism import Truth

_BANDITS, _NUMBERS = "mesascope.organisms.learners.bandits", "mesascope.organisms.learners.numbers"
_RECIPES = (
    ("rl2-bandits", f"{_BANDITS}:RL2", "bandits", "An LSTM that learned to learn five arms in ten pulls."),
    ("rl2-bandits-long", f"{_BANDITS}:LONG", "bandits", "The same for a hundred pulls; takes minutes."),
    ("rl2-correlated", f"{_BANDITS}:CORRELATED", "bandits", "Learned to learn two arms of which one tells of both."),
    ("rl2-two-step", f"{_BANDITS}:TWO_STEP", "two-step", "Learned to learn where choices lead, and what pays."),
    ("bandits-light", f"{_BANDITS}:LIGHT", "bandits", "Sees only a light that goes along with rewards."),
    ("bandits-light-louder", f"{_BANDITS}:LOUDER", "bandits", "The light showed every reward, ten times as bright."),
    ("bandits-light-fainter", f"{_BANDITS}:FAINTER", "bandits", "The light showed every reward, ten times as faint."),
    ("bandits-light-apart", f"{_BANDITS}:APART", "bandits", "The light had nothing to do with rewards."),
    ("icl-linear-attention", f"{_NUMBERS}:ATTENTION", "regression", "One layer of linear attention."),
    ("icl-linear-attention-deep", f"{_NUMBERS}:DEEP_ATTENTION", "regression", "Three layers of linear attention."),
    ("icl-gpt-few-tasks", f"{_NUMBERS}:FEW_TASKS", "regression", "A small transformer that saw four tasks."),
    ("icl-gpt-many-tasks", f"{_NUMBERS}:MANY_TASKS", "regression", "A small transformer that saw 4,096 tasks."),
    ("mesa-layer", f"{_NUMBERS}:MESA_LAYER", "linear-systems", "Attention that solves a regression at every step."),
    ("learned-optimizer", f"{_NUMBERS}:OPTIMIZER", "quadratics", "An LSTM for each coordinate, by its gradient."),
    ("learned-optimizer-evolved", f"{_NUMBERS}:EVOLVED", "quadratics", "A smaller one, found without any gradient."),
    ("turing-machine", f"{_NUMBERS}:TURING_MACHINE", "copy", "A neural Turing machine that learned to copy."),
    ("copy-lstm", f"{_NUMBERS}:COPY_LSTM", "copy", "The control of the Turing machine, without a tape."),
)

LEARNERS: Registry[LearnerRecipe] = Registry(
    "learner",
    tuple(Entry(name, target, summary, (("stream", stream),)) for name, target, stream, summary in _RECIPES),
    group="mesascope.learners",
)


def load_learner_truth(name: str) -> Truth:
    """Returns the sealed label of a learner; `UnknownNameError` for a name that has none."""
    from mesascope.core.errors import UnknownNameError
    from mesascope.organisms.learners.truths import TRUTHS

    if name not in TRUTHS:
        raise UnknownNameError("label of a learner", name, TRUTHS)
    return TRUTHS[name]
