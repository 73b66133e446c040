"""Rewards that arrive as text: the name of an objective, weights of attributes, or a JSON file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.json_reading import read_json
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.worlds.world import ObjectiveSpec, World

MAXIMUM_BYTES: int = 2**20
LARGEST: float = 1e50
"""Of the absolute values of weights."""


def chosen_reward(text: str, world: World) -> ObjectiveSpec:
    """Returns the reward that a text means.

    **Arguments:**

    - `text`: an objective of the world; `ATTRIBUTE=WEIGHT,…` with `stop:ATTRIBUTE` for what ends an episode; or a file
      ending in `.json` that holds `{"weights": {…}, "stops": […]}`.
    - `world`: whose attributes are weighed.

    **Raises:** `UnknownNameError` for an unknown name, `UsageError` for anything else that is none of these.
    """
    from mesascope.worlds.world import ObjectiveSpec

    if text.endswith(".json"):
        return _from_file(text, world)
    named = {spec.name: spec for spec in world.objectives}
    if "=" not in text and not text.startswith("stop:"):
        if text not in named:
            raise UnknownNameError(f"objective in world '{world.name}'", text, named)
        return named[text]
    weights: dict[str, float] = {}
    stops: list[str] = []
    for part in text.split(","):
        if part.startswith("stop:"):
            stops.append(_attribute(part.removeprefix("stop:"), world))
            continue
        name, equals, value = part.partition("=")
        if not equals:
            raise UsageError(
                f"{quoted(part)} in the reward {quoted(text)} is not of the form ATTRIBUTE=WEIGHT or stop:ATTRIBUTE."
            )
        if name in weights:
            raise UsageError(f"The reward {quoted(text)} weighs {quoted(name)} twice.")
        weights[_attribute(name, world)] = _weight(value, name)
    return ObjectiveSpec(text, weights, tuple(stops))


def _attribute(name: str, world: World) -> str:
    if name not in world.attributes:
        raise UnknownNameError(f"attribute in world '{world.name}'", name, world.attributes)
    return name


def _weight(value: str | float, name: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        raise UsageError(f"The weight of {quoted(name)} is {quoted(value)}: not a number.") from None
    if not math.isfinite(weight):
        raise UsageError(f"The weight of {quoted(name)} is {quoted(value)}: not a finite number.")
    # Distances multiply up to four of them, and a scale does not matter to any.
    if weight and not 1 / LARGEST <= abs(weight) <= LARGEST:
        raise UsageError(
            f"The weight of {quoted(name)} is {weight:g}; it must be 0 or between {1 / LARGEST:g} and {LARGEST:g} in "
            "absolute value. Scale the reward: distances do not depend on its scale."
        )
    return weight


class _RewardFile(msgspec.Struct, forbid_unknown_fields=True):
    weights: dict[str, float]
    stops: list[str] = []


def _from_file(text: str, world: World) -> ObjectiveSpec:
    from mesascope.worlds.world import ObjectiveSpec

    data: _RewardFile = read_json(text, purpose="a reward", form=_RewardFile, maximum_bytes=MAXIMUM_BYTES)
    weights = {_attribute(name, world): _weight(weight, name) for name, weight in data.weights.items()}
    return ObjectiveSpec(Path(text).stem, weights, tuple(_attribute(stop, world) for stop in data.stops))
