"""Diagrams whose incentives are published: a grade predictor and a content recommender (Everitt et al. 2021)."""

from __future__ import annotations

from mesascope.core.errors import UnknownNameError
from mesascope.theory.incentive_criteria import CRITERIA, admitting
from mesascope.theory.influence_diagram import Diagram

EXAMPLES: dict[str, Diagram] = {
    "grade-predictor": Diagram(
        {
            "race": (),
            "high-school": ("race",),
            "education": ("high-school",),
            "grade": ("education",),
            "gender": (),
            "predicted-grade": ("high-school", "gender"),
            "accuracy": ("grade", "predicted-grade"),
        },
        "predicted-grade",
        "accuracy",
    ),
    "content-recommender": Diagram(
        {
            "opinions": (),
            "model": ("opinions",),
            "posts": ("model",),
            "influenced-opinions": ("opinions", "posts"),
            "clicks": ("influenced-opinions", "posts"),
        },
        "posts",
        "clicks",
    ),
    "predicted-clicks": Diagram(
        {
            "opinions": (),
            "model": ("opinions",),
            "posts": ("model",),
            "influenced-opinions": ("opinions", "posts"),
            "clicks": ("model", "posts"),
        },
        "posts",
        "clicks",
    ),
}
"""The last is paid for clicks as the model predicts them, so that nothing is gained by changing opinions."""


def example(name: str) -> Diagram:
    """Returns a published diagram.

    **Arguments:**

    - `name`: one of `EXAMPLES`.

    **Raises:** `UnknownNameError` for another name.
    """
    if name not in EXAMPLES:
        raise UnknownNameError("example of a diagram", name, EXAMPLES)
    return EXAMPLES[name]


def admits(name: str, incentive: str, node: str) -> bool:
    """Returns whether a published diagram admits an incentive for a node.

    **Arguments:**

    - `name`: one of `EXAMPLES`.
    - `incentive`: one of `CRITERIA`.
    - `node`: a chance node.

    **Raises:** `UnknownNameError` for another example or incentive.
    """
    if incentive not in CRITERIA:
        raise UnknownNameError("incentive", incentive, CRITERIA)
    return CRITERIA[incentive](example(name), node)


def count_admitting(name: str, incentive: str) -> int:
    """Returns for how many chance nodes a published diagram admits an incentive.

    **Arguments:** as of `admits`.
    """
    return len(admitting(example(name), incentive))
