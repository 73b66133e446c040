"""What a proof may say: proved, refuted by a witness, or unknown for a reason; never a bare boolean."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mesascope.audit.findings import Witness


class Status(enum.StrEnum):
    """What became of a statement about all of a set."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Counterexample:
    """One member of the set for which the statement is false, replayed through the original agent.

    **Arguments:**

    - `sentence`: what it is and what the agent does there, for people.
    - `inputs`: the numbers that the agent was shown, flattened; empty where a level is the witness.
    - `outputs`: what it made of them, by action or output.
    - `level`: the level, with the way of the agent in it.
    - `behaves`: the nearest level of the set in which the statement holds, or `None`.
    """

    sentence: str
    inputs: tuple[float, ...] = ()
    outputs: tuple[float, ...] = ()
    level: Witness | None = None
    behaves: Witness | None = None


@dataclass(frozen=True)
class ProofVerdict:
    """What is known of a statement about all of a set.

    **Arguments:**

    - `status`: proved, refuted or unknown.
    - `how`: what was done, with its numbers: `"all 2,352 states were evaluated"`.
    - `reason`: why it is open; empty unless the status is unknown.
    - `counterexample`: never `None` where it is refuted, always where it is not.
    - `checked`: members of the set (states, boxes) that were looked at.
    - `size`: of the set, where it is finite and known.
    - `budget`: what was spent, or what would be needed, as in `"5 CPU seconds"`.
    - `exact`: whether it holds exactly; bounds hold up to the rounding of double precision.
    """

    status: Status
    how: str
    reason: str = ""
    counterexample: Counterexample | None = None
    checked: int = 0
    size: int | None = None
    budget: str = ""
    exact: bool = True

    def __post_init__(self):
        if (self.status is Status.REFUTED) != (self.counterexample is not None):
            raise ValueError(f"a verdict that is {self.status} has a counterexample if and only if it is refuted")
        if (self.status is Status.UNKNOWN) != bool(self.reason):
            raise ValueError(f"a verdict that is {self.status} gives a reason if and only if it is unknown")

    def __bool__(self) -> bool:
        raise TypeError("A verdict has three values, so it is neither true nor false: look at its `status`.")


def proved(how: str, **numbers) -> ProofVerdict:
    """Returns the verdict that a statement holds for all of a set; arguments as of `ProofVerdict`."""
    return ProofVerdict(Status.PROVED, how, **numbers)


def refuted(how: str, counterexample: Counterexample, **numbers) -> ProofVerdict:
    """Returns the verdict that a statement is false for a witness; arguments as of `ProofVerdict`."""
    return ProofVerdict(Status.REFUTED, how, counterexample=counterexample, **numbers)


def unknown(how: str, reason: str, **numbers) -> ProofVerdict:
    """Returns the verdict that a statement is open; arguments as of `ProofVerdict`."""
    return ProofVerdict(Status.UNKNOWN, how, reason=reason, **numbers)
