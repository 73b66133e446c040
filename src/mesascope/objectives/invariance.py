"""Invariance classes: what a source of data, or a distance, cannot tell apart, as values that can be compared.

A source of data determines a distance if whatever the source confuses the distance ignores; otherwise no amount of that
data settles it (Skalse et al. 2023, arXiv 2203.07475).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mesascope.core.errors import UnknownNameError


class Change(StrEnum):
    """Changes of a reward that a source of data, or a distance, may not notice."""

    CONSTANT = "constant"
    """The same number is added to every reward of a level without ends: shaping by a potential that is the same
    everywhere."""
    SHAPING = "potential shaping"
    """`discount potential(s') - potential(s)` is added (Ng, Harada, Russell 1999)."""
    REDISTRIBUTION = "redistribution over next states"
    """Reward moves between the outcomes of an action, so that its expectation stays."""
    SCALE = "positive scaling"
    """All rewards are multiplied by one number above 0."""
    SAME_ORDER = "anything that keeps the order of all policies"
    """By theorem 2.6 of Skalse & Abate (2023), the first four together."""
    SAME_OPTIMA = "anything that keeps the optimal actions"
    """The optimal actions of every state are the same."""
    SAME_CHOICE = "anything that keeps the chosen actions among the optimal ones"
    """Even the reward 0 is left (Ng & Russell 2000)."""


SIMPLE: frozenset[Change] = frozenset({Change.CONSTANT, Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE})
"""Changes that say what is done to the reward, not only what of it is kept."""

_IMPLIED: dict[Change, frozenset[Change]] = {
    Change.SHAPING: frozenset({Change.CONSTANT}),
    Change.SAME_ORDER: frozenset({Change.CONSTANT, Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE}),
}
_IMPLIED[Change.SAME_OPTIMA] = _IMPLIED[Change.SAME_ORDER] | {Change.SAME_ORDER}
_IMPLIED[Change.SAME_CHOICE] = _IMPLIED[Change.SAME_OPTIMA] | {Change.SAME_OPTIMA}


@dataclass(frozen=True)
class InvarianceClass:
    """The changes of a reward that go unnoticed.

    `A <= B` if A notices all that B notices: A's classes of equal rewards are a refinement of B's.

    **Arguments:**

    - `changes`: that go unnoticed, with all that they imply.
    """

    changes: frozenset[Change]

    def __le__(self, other: InvarianceClass) -> bool:
        return self.changes <= other.changes

    def __lt__(self, other: InvarianceClass) -> bool:
        return self.changes < other.changes

    def __and__(self, other: InvarianceClass) -> InvarianceClass:
        """Returns what goes unnoticed by both together."""
        return InvarianceClass(self.changes & other.changes)

    def beyond(self, other: InvarianceClass) -> tuple[Change, ...]:
        """Returns the simple changes that go unnoticed here and matter there, in the order of `Change`."""
        found = [change for change in Change if change in self.changes - other.changes and change in SIMPLE]
        return tuple(one for one in found if not any(one in _IMPLIED.get(more, ()) for more in found))

    def __str__(self) -> str:
        kept = [change for change in Change if change in self.changes]
        plain = [change for change in kept if not any(change in _IMPLIED.get(other, ()) for other in kept)]
        return ", ".join(plain) or "nothing"


def invariance(*changes: Change) -> InvarianceClass:
    """Returns the class of some changes and all that they imply."""
    every = frozenset(changes).union(*(_IMPLIED.get(change, frozenset()) for change in changes))
    # Shaping, redistribution and scale together are all that keeps the order of policies.
    if {Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE} <= every:
        every |= {Change.SAME_ORDER}
    return InvarianceClass(every)


SOURCES: dict[str, InvarianceClass] = {
    "soft": invariance(Change.SHAPING, Change.REDISTRIBUTION),
    "soft, temperature unknown": invariance(Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE),
    "noisy": invariance(Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE),
    "hard": invariance(Change.SAME_CHOICE),
    "all optimal actions": invariance(Change.SAME_OPTIMA),
}
"""What is left open by the choices of each kind of planner in one level, however many are seen."""

MEASURES: dict[str, InvarianceClass] = {
    "starc": invariance(Change.SAME_ORDER),
    "starc-minimal": invariance(Change.SAME_ORDER),
    "epic": invariance(Change.SHAPING, Change.SCALE),
    "dard": invariance(Change.SHAPING, Change.SCALE),
    "npec": invariance(Change.SAME_ORDER),
    "erc": invariance(Change.SCALE),
}
"""What each distance ignores. Theirs do no more: a change outside of these moves some rewards apart."""


def source(name: str) -> InvarianceClass:
    """Returns what a source of data leaves open; `UnknownNameError` for another name."""
    return _named("source of data", name, SOURCES)


def measure(name: str) -> InvarianceClass:
    """Returns what a kind of distance ignores; `UnknownNameError` for another name."""
    return _named("distance", name, MEASURES)


def _named(kind: str, name: str, known: dict[str, InvarianceClass]) -> InvarianceClass:
    if name not in known:
        raise UnknownNameError(kind, name, tuple(known))
    return known[name]
