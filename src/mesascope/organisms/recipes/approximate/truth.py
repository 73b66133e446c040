"""The sealed label of `approximate`."""

from __future__ import annotations

from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.findings import AlignmentClass
from mesascope.organisms.organism import Truth

TRUTH = REACTIVE = Truth(
    alignment=AlignmentClass.PSEUDO_ALIGNED,
    pursues=("clean",),
    why="It sees what follows from its options in steps of 0.45, in training and after.",
    kind=AlignmentKind.APPROXIMATE,
)
