"""Which incentives a diagram admits, read off its graph alone, and published examples (Everitt et al. 2021).

A diagram admits an incentive if some mechanisms with that graph have it: `theory.incentives` computes the same from
mechanisms.
"""

from __future__ import annotations

from collections.abc import Callable

from mesascope.core.errors import UnknownNameError
from mesascope.theory.influence_diagram import Diagram


def requisite(diagram: Diagram, node: str) -> bool:
    """Returns whether an observation can matter: it tells something of a utility that the decision can influence.

    **Arguments:**

    - `diagram`: in which the decision observes `node`.
    - `node`: what is observed.
    """
    if not diagram.leads(diagram.decision, diagram.utility):
        return False
    given = (set(diagram.observed) | {diagram.decision}) - {node}
    return not diagram.separated(node, diagram.utility, given)


def minimal_reduction(diagram: Diagram) -> Diagram:
    """Returns the diagram without observations that cannot matter, removed until none is left."""
    for node in diagram.observed:
        if not requisite(diagram, node):
            return minimal_reduction(diagram.ignoring(node))
    return diagram


def _value_of_information(diagram: Diagram, node: str) -> bool:
    """Observing the node can be worth something; never if the decision influences it."""
    return not diagram.leads(diagram.decision, node) and requisite(diagram.observing(node), node)


def _value_of_control(diagram: Diagram, node: str) -> bool:
    """Setting the node can be worth something: it leads to the utility in the minimal reduction."""
    return minimal_reduction(diagram).leads(node, diagram.utility)


def _response_incentive(diagram: Diagram, node: str) -> bool:
    """Every best policy can have to respond to the node: it leads to the decision in the minimal reduction."""
    return minimal_reduction(diagram).leads(node, diagram.decision)


def _instrumental_control(diagram: Diagram, node: str) -> bool:
    """The decision can be after the node as a means: it lies on a way from decision to utility."""
    return diagram.leads(diagram.decision, node) and diagram.leads(node, diagram.utility)


CRITERIA: dict[str, Callable[[Diagram, str], bool]] = {
    "value of information": _value_of_information,
    "value of control": _value_of_control,
    "response incentive": _response_incentive,
    "instrumental control incentive": _instrumental_control,
}
"""Of each incentive, whether a diagram admits it for one of its chance nodes."""

_RECOMMENDER: dict[str, tuple[str, ...]] = {
    "opinions": (),
    "model": ("opinions",),
    "posts": ("model",),
    "influenced-opinions": ("opinions", "posts"),
}
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
    "content-recommender": Diagram({**_RECOMMENDER, "clicks": ("influenced-opinions", "posts")}, "posts", "clicks"),
    "predicted-clicks": Diagram({**_RECOMMENDER, "clicks": ("model", "posts")}, "posts", "clicks"),
}
"""A grade predictor, and a content recommender paid for clicks; the last is paid for clicks as the model predicts them,
so that nothing is gained by changing opinions.
"""


def admits(name: str, incentive: str, node: str) -> bool:
    """Returns whether a published diagram admits an incentive for a chance node.

    **Arguments:**

    - `name`: one of `EXAMPLES`.
    - `incentive`: one of `CRITERIA`.
    - `node`: of the diagram.

    **Raises:** `UnknownNameError` for another example or incentive.
    """
    if name not in EXAMPLES:
        raise UnknownNameError("example of a diagram", name, EXAMPLES)
    if incentive not in CRITERIA:
        raise UnknownNameError("incentive", incentive, CRITERIA)
    return CRITERIA[incentive](EXAMPLES[name], node)


def admitting(name: str, incentive: str) -> tuple[str, ...]:
    """Returns the chance nodes for which a published diagram admits an incentive.

    **Arguments:** as of `admits`.
    """
    return tuple(node for node in EXAMPLES[name].chance if admits(name, incentive, node))


def count_admitting(name: str, incentive: str) -> int:
    """Returns for how many chance nodes a published diagram admits an incentive.

    **Arguments:** as of `admits`.
    """
    return len(admitting(name, incentive))
