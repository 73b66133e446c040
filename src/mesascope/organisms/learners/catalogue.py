"""Which learners there are: those that have a file in `recipes`. Importing this imports none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.folder_entries import entries_in
from mesascope.core.registry import Registry

# `mesascope list` must answer at once: recipes import jax.
if TYPE_CHECKING:
    from mesascope.organisms.learners.learner_recipe import LearnerRecipe
    from mesascope.organisms.organism import Truth

LEARNERS: Registry[LearnerRecipe] = Registry(
    "learner",
    entries_in("mesascope.organisms.learners.recipes", "LEARNER", details=("stream", "takes")),
    group="mesascope.learners",
)


def load_learner_truth(name: str) -> Truth:
    """Returns the sealed label of a learner.

    **Raises:** `UnknownNameError` for a learner that does not exist or has no label.
    """
    from mesascope.core.errors import UnknownNameError
    from mesascope.organisms.learners.truths import TRUTHS

    LEARNERS.entry(name)
    if name not in TRUTHS:
        raise UnknownNameError("label of a learner", name, TRUTHS)
    return TRUTHS[name]
