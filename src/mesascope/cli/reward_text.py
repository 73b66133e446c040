"""Rewards that arrive as text: the name of an objective, weights of attributes, or a JSON file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.files import checked_file

if TYPE_CHECKING:
    from mesascope.worlds.world import ObjectiveSpec, World

MAXIMUM_BYTES: int = 2**20


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
            raise UsageError(f"'{part}' in the reward '{text}' is not of the form ATTRIBUTE=WEIGHT or stop:ATTRIBUTE.")
        if name in weights:
            raise UsageError(f"The reward '{text}' weighs '{name}' twice.")
        weights[_attribute(name, world)] = _weight(value, name)
    return ObjectiveSpec(text, weights, tuple(stops))


def _attribute(name: str, world: World) -> str:
    if name not in world.attributes:
        raise UnknownNameError(f"attribute in world '{world.name}'", name, world.attributes)
    return name


def _weight(value: Any, name: str) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        raise UsageError(f"The weight of '{name}' is {value!a}: not a number.") from None
    if isinstance(value, bool) or not math.isfinite(weight):
        raise UsageError(f"The weight of '{name}' is {value!a}: not a finite number.")
    return weight


def _from_file(text: str, world: World) -> ObjectiveSpec:
    from mesascope.worlds.world import ObjectiveSpec

    file = checked_file(text, maximum_bytes=MAXIMUM_BYTES, purpose="a reward")
    try:
        data = json.loads(file.read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"Cannot read '{text}' as a reward: {error}.") from error
    if not isinstance(data, dict) or not isinstance(data.get("weights"), dict):
        raise UsageError(f"'{text}' is no reward: it must hold an object with 'weights', and 'stops' if need be.")
    unknown = sorted(data.keys() - {"weights", "stops"})
    if unknown:
        raise UsageError(f"'{text}' holds '{unknown[0][:80]}', which a reward does not have.")
    stops = data.get("stops", [])
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise UsageError(f"'stops' in '{text}' must be a list of attributes.")
    weights = {_attribute(name, world): _weight(value, name) for name, value in data["weights"].items()}
    return ObjectiveSpec(Path(text).stem, weights, tuple(_attribute(stop, world) for stop in stops))
