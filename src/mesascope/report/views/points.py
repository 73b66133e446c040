"""Curves, rates and cliffs in the details of evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mesascope.audit.search.horizon import FittedCliff
from mesascope.core.details import Point as CurvePoint
from mesascope.core.details import Rate
from mesascope.report.views.numbers import steps_text
from mesascope.report.views.record import drawable, part_of, record_of, records_of

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


def curve_points(details: Any) -> list[Point]:
    """Returns the points of a curve that can be drawn, by `x`; an empty list if the details hold no curve."""
    curve = records_of(part_of(details, "curve"), CurvePoint, most=MOST_POINTS)
    return sorted(_points(curve), key=lambda point: point.x)


def rate_points(details: Any) -> list[Point]:
    """Returns the rates that can be drawn, in their order; an empty list if the details hold none."""
    return _points(records_of(part_of(details, "rates"), Rate, most=MOST_RATES))


def cliff_drop(details: Any) -> Drop | None:
    """Returns the fitted cliff of a curve, its levels kept between chance (0) and the optimum (1); `None` without."""
    found = record_of(part_of(details, "cliff"), FittedCliff)
    if found is None:
        return None
    x, near, far = drawable(found.distance), drawable(found.near), drawable(found.far)
    if x is None or near is None or far is None:
        return None
    unit = "plies" if str(part_of(details, "x_label")).startswith("plies") else "steps"
    return Drop(x, min(max(near, 0.0), 1.0), min(max(far, 0.0), 1.0), f"cliff at {steps_text(x)} {unit}")


def _points(entries: Iterable[CurvePoint | Rate]) -> list[Point]:
    points = []
    for entry in entries:
        name, x = (entry.name, math.nan) if isinstance(entry, Rate) else ("", drawable(entry.x))
        value, low, high = drawable(entry.value), drawable(entry.low), drawable(entry.high)
        if value is not None and x is not None:
            points.append(
                Point(name, x, value, value if low is None else low, value if high is None else high, entry.n)
            )
    return points
