"""Records in the details of evidence: what is none of the form that is drawn is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

LARGEST: float = 1e9
"""Beyond this size an axis cannot be drawn, and no statistic of ours lies."""


def record_of(value: Any, kind: type[T]) -> T | None:
    """Returns a value as a record, `None` if it is not of its form.

    **Arguments:**

    - `value`: a record; or plain JSON of an assay that is not known here, which may have come from anywhere.
    - `kind`: of the record.
    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def records_of(values: Any, kind: type[T], *, most: int) -> list[T]:
    """Returns the first values of a list that are records of a kind; an empty list for what is no list."""
    found = values[:most] if isinstance(values, list | tuple) else ()
    return [record for value in found if (record := record_of(value, kind)) is not None]


def part_of(details: Any, name: str) -> Any:
    """Returns one field of details, be they a record or plain JSON; `None` if they have none of that name."""
    return details.get(name) if isinstance(details, Mapping) else getattr(details, name, None)


def drawable(number: float | None) -> float | None:
    """Returns a number that can be drawn; `None` for one that is missing, not finite, or beyond all measure."""
    return float(number) if number is not None and abs(number) < LARGEST else None
