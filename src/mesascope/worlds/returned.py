"""What the methods of a world written by others return, checked where they return it."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from types import MappingProxyType
from typing import Any

from mesascope.core.errors import WorldError
from mesascope.core.foreign_class import Check
from mesascope.core.text import shown
from mesascope.worlds.level import Level


def _a(kind: type, method: str) -> Check:
    def check(found: Any, who: str) -> None:
        if not isinstance(found, kind):
            raise WorldError(f"{who}: {method} returned a {shown(type(found).__name__)}, not a {kind.__name__}.")

    return check


def _position(found: Any, who: str) -> None:
    fine = found is None or (isinstance(found, tuple) and len(found) == 2 and all(_is_whole(one) for one in found))
    if not fine:
        raise WorldError(f"{who} returned {shown(found, limit=80)} from position(), not (row, column) or None.")


def _shape(found: Any, who: str) -> None:
    if not (isinstance(found, tuple) and found and all(_is_whole(one) and one > 0 for one in found)):
        raise WorldError(
            f"{who} has the observation_shape {shown(found, limit=80)}, not a tuple of whole numbers: [H, W, C] or [D]."
        )


def _distinct(found: Any, who: str) -> None:
    if found is not None and not (_is_whole(found) and found > 0):
        raise WorldError(f"{who} returned {shown(found, limit=80)} from distinct_levels(), not None or 1 or more.")


def _changed(method: str) -> Check:
    def check(found: Any, who: str) -> None:
        if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Level)):
            raise WorldError(
                f"{who} returned {shown(type(found).__name__)} from {method}, not a pair: the changed Level, and the "
                "row and column of the change."
            )

    return check


def _is_whole(number: Any) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


RETURNED: Mapping[str, Check] = MappingProxyType(
    {
        "sample": _a(Level, "sample()"),
        "parse": _a(Level, "parse()"),
        "format": _a(str, "format()"),
        "position": _position,
        "observation_shape": _shape,
        "distinct_levels": _distinct,
        "edit": _changed("edit()"),
        "rearrange": _changed("rearrange()"),
        "options": _a(dict, "options()"),
    }
)
"""Checks by the name of the method or property."""
