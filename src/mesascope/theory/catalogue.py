"""The known answers: every row of `mesascope.theory.answers`, and the names of the paper's sections.

A row stands under the section of RFLO which raises its topic, or whose claim it bears on. An expected number is a
closed form written out in the row, a published figure, or the result of a derivation that the remark names; none was
copied from what the code printed. Where a published figure is off, both stand in the row and the remark says why.
"""

from __future__ import annotations

from mesascope.theory.answers import (
    concrete_problems,
    conditions,
    deception,
    inner_alignment,
    introduction,
    learned_algorithms,
    scheming,
)
from mesascope.theory.known_answer import KnownAnswer

SECTIONS: dict[str, str] = {
    "1": "Introduction: what an optimizer is",
    "1.2": "The inner and outer alignment problems",
    "2.1": "The task",
    "2.2": "The base optimizer",
    "3.1": "Pseudo-alignment",
    "3.3": "The base optimizer",
    "4.2": "Conditions for deceptive alignment",
    "4.3": "Training dynamics",
    "4.4": "Internalization or deception after extensive training",
    "4.5": "Distributional shift and deceptive alignment",
}

KNOWN_ANSWERS: tuple[KnownAnswer, ...] = (
    *introduction.ANSWERS,
    *learned_algorithms.ANSWERS,
    *concrete_problems.ANSWERS,
    *conditions.ANSWERS,
    *inner_alignment.ANSWERS,
    *deception.ANSWERS,
    *scheming.ANSWERS,
)
"""Every row, by part of the paper."""
