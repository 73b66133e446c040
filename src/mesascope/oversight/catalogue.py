"""Which remedies there are, the files of `remedies`, and which labellers. Importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.folder_entries import entries_in
from mesascope.core.registry import Entry, Registry

# `mesascope list` must answer at once: remedies import jax.
if TYPE_CHECKING:
    from mesascope.oversight.remedy import Remedy
    from mesascope.oversight.rewards.labeller import Labeller

REMEDIES: Registry[type[Remedy]] = Registry(
    "remedy", entries_in("mesascope.oversight.remedies", "REMEDY", details=("needs",)), group="mesascope.remedies"
)

PLACEBO: str = "placebo"
"""The remedy that changes nothing, which runs beside every other."""

_SIMULATED = "mesascope.oversight.rewards.simulated_labeller"
_HEARINGS = "mesascope.oversight.debate.overseers"
_AMPLIFIED = "mesascope.oversight.amplification.overseer:AMPLIFIED"

LABELLERS: Registry[Labeller] = Registry(
    "labeller",
    (
        Entry("perfect", f"{_SIMULATED}:PERFECT", "prefers the larger return under the base objective"),
        Entry("boltzmann", f"{_SIMULATED}:BOLTZMANN", "the more surely, the larger the difference of returns"),
        Entry("mistaken", f"{_SIMULATED}:MISTAKEN", "as boltzmann, and answers at random in one case of ten"),
        Entry("biased", f"{_SIMULATED}:BIASED", "as boltzmann, with a liking for staying in one place"),
        Entry("myopic", f"{_SIMULATED}:MYOPIC", "as boltzmann, and sees the first five steps only"),
        Entry("sees-part", f"{_SIMULATED}:SEES_PART", "as boltzmann, and sees what happens in half of the states only"),
        Entry("amplified", _AMPLIFIED, "by the return, and how near the end is to more, as far as it can be foreseen"),
        Entry("judge-alone", f"{_HEARINGS}:ALONE", "sees six facts about both segments that chance picks"),
        Entry("adviser", f"{_HEARINGS}:ADVISER", "is shown six facts by somebody who argues for the better segment"),
        Entry(
            "consultancy",
            f"{_HEARINGS}:CONSULTANCY",
            "is shown six facts by somebody who argues for a segment that a coin picks",
        ),
        Entry("debate", f"{_HEARINGS}:DEBATE", "is shown six facts by two sides in turns, one for each segment"),
    ),
    group="mesascope.labellers",
)
"""Labellers by name, each with settings of its own."""
