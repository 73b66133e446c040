"""What an agent answers, checked to be action probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.text import quoted, shown

SUM_TOLERANCE: float = 1e-4
"""Probabilities that miss one by more than this are an error, by less are rescaled."""


def softmax(logits: np.ndarray) -> Float[np.ndarray, "B A"]:
    """Returns probabilities of logits `[B, A]` in double precision, each row summing to one to rounding."""
    logits = np.asarray(logits, np.float64)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def count_of(actions: object) -> int:
    """Returns how many actions are meant by their number or by their names.

    **Raises:** `UsageError` for anything else.
    """
    if isinstance(actions, int | np.integer) and not isinstance(actions, bool) and actions >= 1:
        return int(actions)
    if isinstance(actions, Sequence) and not isinstance(actions, str | bytes) and len(actions):
        return len(actions)
    raise UsageError(
        f"actions={shown(repr(actions), limit=80)} does not say how many actions there are; give their number, "
        "len(world.actions), or their names, world.actions."
    )


def _array(returned: object) -> np.ndarray:
    detach = getattr(returned, "detach", None)
    if callable(detach) and hasattr(returned, "requires_grad"):
        # A tensor that still carries its gradient.
        returned = detach()
    return np.asarray(returned)


def checked_probabilities(
    returned: object, *, name: str, rows: int, actions: int, precision: float | None = None
) -> Float[np.ndarray, "B A"]:
    """Returns an answer as probabilities in double precision, each row summing to one to rounding.

    **Arguments:**

    - `returned`: what the agent gave.
    - `name`: of the agent, for the message.
    - `rows`: how many observations it was shown.
    - `actions`: how many actions there are.
    - `precision`: relative rounding of the numbers; by default that of their type.

    **Raises:** `AgentError` for what are no numbers, another shape, numbers that are not finite or negative, and rows
    that do not sum to one within `SUM_TOLERANCE` and rounding; it names the first bad row.
    """
    who, given = _numbers(returned, name=name, what=f"probabilities [{rows}, {actions}]")
    probabilities = given.astype(np.float64)
    if probabilities.shape != (rows, actions):
        raise AgentError(
            f"{who} returned an array of shape {list(probabilities.shape)} for {rows} observations; with "
            f"{actions} actions it must be [{rows}, {actions}]: one row of action probabilities for each observation."
        )
    rounding = _rounding(given.dtype) if precision is None else precision
    # Each number is off by half of its rounding, and so may be the sum that it was divided by.
    tolerance = max(SUM_TOLERANCE, rounding * (actions + 1) / 2)
    for wrong, fault in (
        (np.isnan(probabilities).any(-1), "are NaN"),
        (np.isinf(probabilities).any(-1), "are infinite"),
        ((probabilities < -tolerance).any(-1), "are negative"),
        (np.abs(probabilities.sum(-1) - 1) > tolerance, "do not sum to one"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            numbers = np.array2string(probabilities[row], precision=4, max_line_width=1000, threshold=20)
            raise AgentError(
                f"{who} returned probabilities that {fault} for {int(wrong.sum())} of {rows} observations; "
                f"the first is row {row}: {numbers}. Return a softmax of logits, or one-hot rows for a fixed choice."
            )
    probabilities = probabilities.clip(min=0)
    return probabilities / probabilities.sum(-1, keepdims=True)


def checked_numbers(returned: object, *, name: str, rows: int, outputs: int) -> Float[np.ndarray, "B O"]:
    """Returns an answer as finite numbers in double precision.

    **Arguments:**

    - `returned`: what the agent gave.
    - `name`: of the agent, for the message.
    - `rows`: how many observations it was shown.
    - `outputs`: how many numbers answer one of them.

    **Raises:** `AgentError` for what are no numbers, another shape, and numbers that are not finite.
    """
    who, given = _numbers(returned, name=name, what=f"numbers [{rows}, {outputs}]")
    if given.shape != (rows, outputs):
        raise AgentError(
            f"{who} returned an array of shape {list(given.shape)} for {rows} observations; it must be "
            f"[{rows}, {outputs}]: one row of numbers for each observation."
        )
    numbers = given.astype(np.float64)
    wrong = ~np.isfinite(numbers).all(-1)
    if wrong.any():
        raise AgentError(
            f"{who} returned numbers that are NaN or infinite for {int(wrong.sum())} of {rows} observations; the first "
            f"is row {int(wrong.argmax())}."
        )
    return numbers


def _numbers(returned: object, *, name: str, what: str) -> tuple[str, np.ndarray]:
    """Returns who answered, for messages, and the answer as an array of whatever kind of numbers."""
    who = f"Agent {quoted(name)}"
    with code_of_others(who, "when what it returned was read as an array", error=AgentError):
        try:
            given = _array(returned)
        except (TypeError, ValueError) as error:
            raise AgentError(
                f"{who} returned a {shown(type(returned).__name__, limit=80)}, not an array of {what} ({shown(error)})."
            ) from error
    if given.dtype.kind not in "fiub" and not (given.dtype.kind == "V" and "float" in given.dtype.name):
        found = f"an array of {shown(given.dtype)}" if given.ndim else f"a {shown(type(returned).__name__, limit=80)}"
        raise AgentError(f"{who} returned {found}, not an array of {what}.")
    return who, given


def _rounding(kind: np.dtype) -> float:
    """Returns the relative rounding of numbers of a type; 0 for whole ones."""
    if kind.kind in "iub":
        return 0.0
    return float(jnp.finfo(kind).eps)
