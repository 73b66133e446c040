"""What an agent answers, checked to be action probabilities."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import AgentError

SUM_TOLERANCE: float = 1e-4
"""Probabilities that miss one by more than this are an error, by less are rescaled."""


def softmax(logits: np.ndarray) -> Float[np.ndarray, "B A"]:
    """Returns probabilities in double precision, each row summing to one to rounding.

    **Arguments:**

    - `logits`: `[B, A]`, of any precision.
    """
    logits = np.asarray(logits, np.float64)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def checked_probabilities(returned: object, *, name: str, rows: int, actions: int) -> Float[np.ndarray, "B A"]:
    """Returns an answer as probabilities in double precision, each row summing to one to rounding.

    **Arguments:**

    - `returned`: what the agent gave.
    - `name`: of the agent, for the message.
    - `rows`: how many observations it was shown.
    - `actions`: how many actions there are.

    **Raises:** `AgentError` for another shape, numbers that are not finite or negative, and rows that do not sum to one
    within `SUM_TOLERANCE`; it names the first bad row.
    """
    try:
        probabilities = np.asarray(returned, np.float64)
    except (TypeError, ValueError) as error:
        raise AgentError(
            f"Agent '{name}' returned {type(returned).__name__}, not an array of probabilities."
        ) from error
    if probabilities.shape != (rows, actions):
        raise AgentError(
            f"Agent '{name}' returned an array of shape {list(probabilities.shape)} for {rows} observations; with "
            f"{actions} actions it must be [{rows}, {actions}]: one row of action probabilities for each observation."
        )
    for wrong, fault in (
        (~np.isfinite(probabilities).all(-1), "are not finite"),
        ((probabilities < -SUM_TOLERANCE).any(-1), "are negative"),
        (np.abs(probabilities.sum(-1) - 1) > SUM_TOLERANCE, "do not sum to one"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            shown = np.array2string(probabilities[row], precision=4, max_line_width=1000)
            raise AgentError(
                f"Agent '{name}' returned probabilities that {fault} for {int(wrong.sum())} of {rows} observations; "
                f"the first is row {row}: {shown}. Return a softmax of logits, or one-hot rows for a fixed choice."
            )
    probabilities = probabilities.clip(min=0)
    return probabilities / probabilities.sum(-1, keepdims=True)
