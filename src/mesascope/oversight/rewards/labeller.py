"""What a labeller is: an overseer who says which of two segments serves the base objective better."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.core.text import shown
from mesascope.objectives.objective import Objectives
from mesascope.oversight.catalogue import LABELLERS
from mesascope.oversight.rewards.segments import Pairs
from mesascope.worlds.world import World, parse_options


class Labeller(abc.ABC):
    """An overseer of segments. A concrete one is a frozen dataclass whose fields are its settings, plain values."""

    @abc.abstractmethod
    def label(self, world: World, objectives: Objectives, pairs: Pairs, *, key: RandomKey) -> Float[np.ndarray, " N"]:
        """Returns what it answers about N pairs: 1 for the first, 0 for the second, between them if it cannot tell.

        **Arguments:**

        - `world`: of the levels.
        - `objectives`: the base objective alone, which it means to serve.
        - `pairs`: N.
        - `key`: consumed.
        """

    def assisted(self, weights: Float[np.ndarray, " F"]) -> Labeller:
        """Returns this labeller with a helper at its side, who says what it cannot see itself.

        **Arguments:**

        - `weights`: what the helper takes each attribute to be worth, in log-odds as of `LinearReward`.

        **Raises:** `UsageError` for labellers that cannot be helped.
        """
        raise UsageError(f"The labeller {self} cannot be assisted; simulated ones with a temperature can.")


def labeller_named(text: str) -> Labeller:
    """Returns a labeller as settings name it: `"boltzmann"`, or `"boltzmann:temperature=0.5,mistaken=0.1"`.

    **Raises:** `UnknownNameError` for a name or setting that does not exist, `UsageError` for a value of the wrong
    type or a setting that is there twice.
    """
    name, _, options = text.partition(":")
    labeller: Any = LABELLERS.load(name)
    given = {field.name: getattr(labeller, field.name) for field in dataclasses.fields(labeller)}
    known = {setting: type(value) for setting, value in given.items() if isinstance(value, bool | int | float | str)}
    texts: dict[str, str] = {}
    for part in filter(None, options.split(",")):
        setting, _, value = part.partition("=")
        if setting in texts:
            raise UsageError(f"Setting {shown(setting, limit=80)} of labeller '{name}' is there twice; give one value.")
        texts[setting] = value
    return dataclasses.replace(labeller, **parse_options(f"setting of labeller '{name}'", texts, known))
