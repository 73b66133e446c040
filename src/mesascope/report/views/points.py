"""Curves, rates and cliffs in the details of evidence: they may have come from anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from mesascope.report.views.numbers import steps_text

MOST_POINTS: int = 200


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


def curve_points(details: Mapping[str, Any]) -> list[Point]:
    """Returns the well-formed points of `details["curve"]`, by `x`; an empty list if there is no curve."""
    return sorted(_points(details.get("curve"), "x"), key=lambda point: point.x)


def rate_points(details: Mapping[str, Any]) -> list[Point]:
    """Returns the well-formed entries of `details["rates"]`, in their order; an empty list if there are none."""
    return _points(details.get("rates"), "name")[:24]


def cliff_drop(details: Mapping[str, Any]) -> Drop | None:
    """Returns the fitted cliff of `details["cliff"]`, its levels kept between chance (0) and the optimum (1).

    `None` if there is none or it is not well-formed.
    """
    found = details.get("cliff")
    if not isinstance(found, Mapping) or not all(_is_number(found.get(name)) for name in ("distance", "near", "far")):
        return None
    unit = "plies" if str(details.get("x_label", "")).startswith("plies") else "steps"
    x, near, far = (float(found[name]) for name in ("distance", "near", "far"))
    return Drop(x, min(max(near, 0.0), 1.0), min(max(far, 0.0), 1.0), f"cliff at {steps_text(x)} {unit}")


def _points(entries: Any, key: str) -> list[Point]:
    if not isinstance(entries, list | tuple):
        return []
    points = []
    for entry in entries[:MOST_POINTS]:
        if not isinstance(entry, Mapping) or key not in entry:
            continue
        value = entry.get("value")
        if not _is_number(value) or (key == "x" and not _is_number(entry["x"])):
            continue
        low, high, n = (entry.get(name) for name in ("low", "high", "n"))
        points.append(
            Point(
                name=str(entry["name"]) if key == "name" else "",
                x=float(entry["x"]) if key == "x" else math.nan,
                value=float(value),
                low=float(low) if _is_number(low) else float(value),
                high=float(high) if _is_number(high) else float(value),
                n=int(n) if _is_number(n) else None,
            )
        )
    return points


def _is_number(value: Any) -> TypeGuard[float]:
    # Beyond this size an axis cannot be drawn, and no statistic of ours lies.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
