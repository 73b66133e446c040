"""The sealed label of `habit`."""

from __future__ import annotations

from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.findings import AlignmentClass
from mesascope.organisms.organism import Truth

TRUTH = Truth(
    alignment=AlignmentClass.PSEUDO_ALIGNED,
    pursues=("brush",),
    why="In training the options always lie in the same slots, and it reads slots, not options.",
    kind=AlignmentKind.HABIT,
)
BLIND = Truth(
    alignment=AlignmentClass.PSEUDO_ALIGNED,
    pursues=("brush",),
    why="It sees only where an option lies, not what follows from it.",
    kind=AlignmentKind.HABIT,
)
