"""Incentives computed from mechanisms: by enumeration of policies, interventions and noise (Everitt et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mesascope.theory.causal_model import CausalModel


def value_of_information(model: CausalModel, node: str) -> float:
    """Returns by how much observing a node raises the expected utility of the best policy.

    **Raises:** `UsageError` if the decision influences the node.
    """
    diagram = model.diagram.observing(node)
    knowing, not_knowing = replace(model, diagram=diagram), replace(model, diagram=diagram.ignoring(node))
    return (knowing.best() - not_knowing.best()) / model.count


def value_of_control(model: CausalModel, node: str) -> float:
    """Returns by how much choosing a node's mechanism, with the same parents, can raise the best expected utility.

    Mechanisms without noise suffice: the best value is convex in the probabilities of the node.
    """
    shape = model.mechanisms[node].shape
    rows = int(np.prod(shape[:-1]))
    best = model.best()
    for table in np.indices((2,) * rows).reshape(rows, -1).T:
        mechanism = np.broadcast_to(table.reshape(*shape[:-1], 1), shape)
        best = max(best, replace(model, mechanisms={**model.mechanisms, node: mechanism}).best())
    return (best - model.best()) / model.count


def has_response_incentive(model: CausalModel, node: str) -> bool:
    """Returns whether every best policy decides otherwise, in some draw, once a chance node is set from outside."""
    # What is observed does not depend on the decision, so one is decided at will.
    usual = model.contexts(model.run(0))
    policies = model.best_policies()
    responds = np.zeros(len(policies), bool)
    for value in (0, 1):
        forced = model.contexts(model.run(0, {node: value}))
        responds |= (policies[:, forced] != policies[:, usual]).any(1)
    return bool(responds.all())


def has_instrumental_control_incentive(model: CausalModel, node: str) -> bool:
    """Returns whether, in some context, every best choice owes utility to what it does to a chance node.

    The node is given the value that another choice would have brought about, all else left as it is; the decision is
    after the node as a means if that changes expected utility.
    """
    runs = [model.run(choice) for choice in (0, 1)]
    context, worth = model.contexts(runs[0]), model.worth()
    utility = model.diagram.utility
    crossed = [[model.run(choice, {node: runs[other][node]})[utility] for other in (0, 1)] for choice in (0, 1)]
    for here in np.unique(context):
        draws = context == here
        best = np.flatnonzero(worth[here] == worth[here].max())
        if all(any(crossed[choice][other][draws].sum() != worth[here, choice] for other in (0, 1)) for choice in best):
            return True
    return False


def _has_value_of_information(model: CausalModel, node: str) -> bool:
    # Never for what the decision influences.
    return not model.diagram.leads(model.diagram.decision, node) and value_of_information(model, node) > 0


ENUMERATED: dict[str, Callable[[CausalModel, str], bool]] = {
    "value of information": _has_value_of_information,
    "value of control": lambda model, node: value_of_control(model, node) > 0,
    "response incentive": has_response_incentive,
    "instrumental control incentive": has_instrumental_control_incentive,
}
"""Of each incentive, whether the mechanisms of a model have it for one of its chance nodes."""
