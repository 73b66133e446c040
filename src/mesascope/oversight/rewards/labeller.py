"""What a labeller is: an overseer who says which of two segments serves the base objective better."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UnknownNameError
from mesascope.core.random import RandomKey
from mesascope.core.registry import Entry, Registry
from mesascope.objectives.objective import Objectives
from mesascope.oversight.rewards.segments import Segments
from mesascope.worlds.level import Level
from mesascope.worlds.world import World, parse_option


class Labeller(abc.ABC):
    """An overseer of segments. A concrete one is a frozen dataclass whose fields are its settings, plain values."""

    @abc.abstractmethod
    def label(
        self,
        world: World,
        objectives: Objectives,
        levels: Level,
        first: Segments,
        second: Segments,
        *,
        key: RandomKey,
    ) -> Float[np.ndarray, " N"]:
        """Returns what it answers about N pairs: 1 for the first, 0 for the second, between them if it cannot tell.

        **Arguments:**

        - `world`: of the levels.
        - `objectives`: the base objective alone, which it means to serve.
        - `levels`: a batch of N, in each of which both segments of a pair lie.
        - `first`, `second`: segments.
        - `key`: consumed.
        """


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
        Entry("consultancy", f"{_HEARINGS}:CONSULTANCY", "by somebody who argues for the segment that a coin picks"),
        Entry("debate", f"{_HEARINGS}:DEBATE", "by two sides in turns, each of whom argues for a segment of its own"),
    ),
    group="mesascope.labellers",
)
"""Labellers by name, each with settings of its own."""


def labeller_named(text: str) -> Labeller:
    """Returns a labeller as settings name it: `"boltzmann"`, or `"boltzmann:temperature=0.5,mistaken=0.1"`.

    **Raises:** `UnknownNameError` for a name or setting that does not exist, `UsageError` for a value of the wrong
    type.
    """
    name, _, options = text.partition(":")
    labeller: Any = LABELLERS.load(name)
    known = {field.name: type(getattr(labeller, field.name)) for field in dataclasses.fields(labeller)}
    values = {}
    for option in filter(None, options.split(",")):
        setting, _, value = option.partition("=")
        if setting not in known:
            raise UnknownNameError(f"setting of labeller '{name}'", setting, known)
        values[setting] = parse_option(setting, value, known[setting])
    return dataclasses.replace(labeller, **values)
