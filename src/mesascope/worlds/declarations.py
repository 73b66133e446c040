"""What a world declares about itself, checked against the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mesascope.core.errors import UnknownNameError
from mesascope.core.text import quoted, shown
from mesascope.worlds.level_checks import BrokenContractError, require
from mesascope.worlds.world import ObjectiveSpec, World


def check_declarations(world: World) -> str:
    """Checks names, objectives, shape of observations and legend of a world; `BrokenContractError` says what is wrong.

    **Arguments:**

    - `world`: any world.

    **Returns:** what was found, for a person.
    """
    for field in ("name", "base_objective"):
        value = getattr(world, field, None)
        require(isinstance(value, str) and value != "", f"{field} must be a non-empty text, not {shown(repr(value))}.")
    for field in ("attributes", "actions", "channels", "distributions"):
        names = getattr(world, field, ())
        fine = isinstance(names, tuple) and len(names) > 0 and all(isinstance(name, str) for name in names)
        require(fine, f"{field} must be a tuple of at least one name, not {shown(repr(names))}.")
        _check_different(field, names)
    motion = getattr(world, "motion", ())
    require(
        isinstance(motion, tuple) and set(motion) <= set(world.attributes),
        f"motion must be a tuple of attributes, not {shown(repr(motion))}.",
    )
    shape = world.observation_shape
    legend = getattr(world, "legend", None)
    require(
        isinstance(legend, Mapping)
        and all(isinstance(sign, str) and isinstance(meaning, str) for sign, meaning in legend.items()),
        "legend must map each character of the text form to what it stands for.",
    )
    require(len(shape) != 3 or world.legend.get("#") == "wall", "legend must map '#' to 'wall'.")
    specs = getattr(world, "objectives", ())
    require(
        isinstance(specs, tuple) and specs and all(isinstance(spec, ObjectiveSpec) for spec in specs),
        "objectives must be a tuple of at least one ObjectiveSpec.",
    )
    candidates = [spec.name for spec in specs]
    _check_different("objectives", candidates)
    require(world.base_objective in candidates, str(UnknownNameError("objective", world.base_objective, candidates)))
    for spec in specs:
        for name in (*spec.weights, *spec.stops):
            kind = f"attribute (of objective {quoted(spec.name)})"
            require(name in world.attributes, str(UnknownNameError(kind, str(name), world.attributes)))
        require(bool(np.isfinite(list(spec.weights.values())).all()), f"A weight of {quoted(spec.name)} is not finite.")
    try:
        hash(world)
    except TypeError as error:
        raise BrokenContractError(
            f"The world cannot be hashed ({shown(error)}); make it a frozen dataclass."
        ) from error
    return f"{len(candidates)} objectives over {len(world.attributes)} attributes"


def _check_different(field: str, names: Sequence[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    require(not doubled, f"{field} holds {', '.join(map(quoted, doubled))} more than once.")
