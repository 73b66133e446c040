"""Which incentives a diagram admits, read off its graph alone (Everitt et al. 2021).

A diagram admits an incentive if some mechanisms with that graph have it. `theory.incentives` computes the same from
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
    """Returns the diagram without observations that cannot matter, removed until none is left.

    **Arguments:**

    - `diagram`: any.
    """
    for node in diagram.observed:
        if not requisite(diagram, node):
            return minimal_reduction(diagram.ignoring(node))
    return diagram


def admits_value_of_information(diagram: Diagram, node: str) -> bool:
    """Returns whether observing a node can be worth something; never for what the decision influences.

    **Arguments:**

    - `diagram`: any.
    - `node`: a chance node of it.
    """
    if diagram.leads(diagram.decision, node):
        return False
    return requisite(diagram.observing(node), node)


def admits_value_of_control(diagram: Diagram, node: str) -> bool:
    """Returns whether setting a node can be worth something: it leads to the utility in the minimal reduction.

    **Arguments:**

    - `diagram`: any.
    - `node`: a chance node of it.
    """
    return minimal_reduction(diagram).leads(node, diagram.utility)


def admits_response_incentive(diagram: Diagram, node: str) -> bool:
    """Returns whether every best policy can have to respond to a node: it leads to the decision, reduced.

    **Arguments:**

    - `diagram`: any.
    - `node`: a chance node of it.
    """
    return minimal_reduction(diagram).leads(node, diagram.decision)


def admits_instrumental_control(diagram: Diagram, node: str) -> bool:
    """Returns whether the decision can be after a node as a means: it lies on a way from decision to utility.

    **Arguments:**

    - `diagram`: any.
    - `node`: a chance node of it.
    """
    return diagram.leads(diagram.decision, node) and diagram.leads(node, diagram.utility)


CRITERIA: dict[str, Callable[[Diagram, str], bool]] = {
    "value of information": admits_value_of_information,
    "value of control": admits_value_of_control,
    "response incentive": admits_response_incentive,
    "instrumental control incentive": admits_instrumental_control,
}


def admitting(diagram: Diagram, incentive: str) -> tuple[str, ...]:
    """Returns the chance nodes for which a diagram admits an incentive.

    **Arguments:**

    - `diagram`: any.
    - `incentive`: one of `CRITERIA`.

    **Raises:** `UnknownNameError` for another incentive.
    """
    if incentive not in CRITERIA:
        raise UnknownNameError("incentive", incentive, CRITERIA)
    return tuple(node for node in diagram.chance if CRITERIA[incentive](diagram, node))
