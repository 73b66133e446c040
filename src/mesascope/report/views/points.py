"""Curves, rates and cliffs in the details of evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from mesascope.audit.search.horizon import Cliff
from mesascope.core.details import Point as CurvePoint
from mesascope.core.details import Rate
from mesascope.report.views.words import drawable, steps_text

MOST_POINTS: int = 200
MOST_RATES: int = 24


@dataclass(frozen=True)
class Point:
    """One measured number of a curve (`x` is set) or of a set of rates (`name` is set)."""

    name: str
    x: float
    value: float
    low: float
    high: float
    n: int | None


@dataclass(frozen=True)
class Drop:
    """Where a curve falls, as fitted.

    **Arguments:**

    - `x`: the place of the fall.
    - `near`, `far`: the level before and beyond it.
    - `label`: for the place.
    """

    x: float
    near: float
    far: float
    label: str


def part_of(details: object, name: str) -> Any:
    """Returns one field of details, be they a record or the plain JSON of an assay that is not known here."""
    return details.get(name) if isinstance(details, Mapping) else getattr(details, name, None)


def curve_points(details: object) -> list[Point]:
    """Returns the points of a curve that can be drawn, by `x`; an empty list if the details hold no curve."""
    return sorted(_points(part_of(details, "curve"), CurvePoint, MOST_POINTS), key=lambda point: point.x)


def rate_points(details: object) -> list[Point]:
    """Returns the rates that can be drawn, in their order; an empty list if the details hold none."""
    return _points(part_of(details, "rates"), Rate, MOST_RATES)


def cliff_drop(details: object) -> Drop | None:
    """Returns the fitted cliff of a curve, its levels kept between chance (0) and the optimum (1); `None` without."""
    found = part_of(details, "cliff")
    if not isinstance(found, Cliff):
        return None
    x, near, far = drawable(found.distance), drawable(found.near), drawable(found.far)
    if x is None or near is None or far is None:
        return None
    unit = "plies" if str(part_of(details, "x_label")).startswith("plies") else "steps"
    return Drop(x, min(max(near, 0.0), 1.0), min(max(far, 0.0), 1.0), f"cliff at {steps_text(x)} {unit}")


def _points(values: Any, kind: type[CurvePoint] | type[Rate], most: int) -> list[Point]:
    points = []
    for entry in values[:most] if isinstance(values, list | tuple) else ():
        try:
            read = msgspec.convert(entry, kind)
        except msgspec.ValidationError:
            continue
        name, x = (read.name, math.nan) if isinstance(read, Rate) else ("", drawable(read.x))
        value, low, high = drawable(read.value), drawable(read.low), drawable(read.high)
        if value is not None and x is not None:
            points.append(Point(name, x, value, value if low is None else low, value if high is None else high, read.n))
    return points
