"""Details of evidence: what an assay measured beside its effect, as a frozen typed record that JSON can hold.

Records are `msgspec` structs: their fields are the keys of the JSON, and what is read back has been checked against
their types. A field that is left at its default is left out of the JSON, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from mesascope.core.verdicts import Estimate

R = TypeVar("R")

Number = int | float
"""Whole numbers stay whole, so that what is read back is written as it was."""


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the details of any assay are made of."""


class NotDone(Details, frozen=True, kw_only=True):
    """Details of an assay that could not be done for a fault of Mesascope's own.

    **Arguments:**

    - `fault`: true.
    """

    fault: bool


class Point(Details, frozen=True, kw_only=True):
    """A point of a curve.

    **Arguments:**

    - `x`, `value`: where, and what was measured there.
    - `low`, `high`: its interval; `None` without one.
    - `n`: units behind it.
    - `other`: the same under the placebo, where the curve has one.
    """

    x: Number
    value: Number | None
    low: Number | None = None
    high: Number | None = None
    n: int | None = None
    other: Number | None = None


class Curve(Details, frozen=True, kw_only=True):
    """Details that hold a curve: reports draw it.

    **Arguments:**

    - `curve`: points by `x`.
    - `x_label`, `y_label`: what is measured.
    """

    curve: tuple[Point, ...]
    x_label: str
    y_label: str


class Rate(Details, frozen=True, kw_only=True):
    """A named share with its interval.

    **Arguments:**

    - `name`: of what it is the share.
    - `value`, `low`, `high`: the share and its interval.
    - `n`: units behind it.
    """

    name: str
    value: Number | None
    low: Number | None = None
    high: Number | None = None
    n: int | None = None


class Rates(Details, frozen=True, kw_only=True):
    """Details that hold rates side by side: reports draw them.

    **Arguments:**

    - `rates`: in their order.
    - `y_label`: what they are rates of.
    """

    rates: tuple[Rate, ...]
    y_label: str

    def rate(self, name: str) -> float:
        """Returns the value of a rate."""
        return next(float(rate.value) for rate in self.rates if rate.name == name and rate.value is not None)


class Line(Details, frozen=True, kw_only=True):
    """A line of a chart.

    **Arguments:**

    - `name`: whose it is.
    - `values`: one a step, the first of step 1.
    - `reference`: whether it is there to be read beside others.
    """

    name: str
    values: tuple[Number | None, ...]
    reference: bool = False


class Chart(Details, frozen=True, kw_only=True):
    """Details that hold several lines over the same steps: reports draw them.

    **Arguments:**

    - `lines`: the agent's own first.
    - `x_label`, `y_label`: what is measured.
    - `logarithmic`: whether they are read by powers of ten.
    """

    lines: tuple[Line, ...]
    x_label: str
    y_label: str
    logarithmic: bool = False


def point(x: float, estimate: Estimate) -> Point:
    """Returns an estimate as a point of a curve."""
    return Point(x=x, value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n)


def rate(name: str, estimate: Estimate) -> Rate:
    """Returns an estimate as a named rate."""
    return Rate(name=name, value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n)


def details_data(details: object) -> dict[str, Any]:
    """Returns details as plain numbers, texts, lists and dictionaries; nothing where there are none.

    **Arguments:**

    - `details`: a record, a dataclass or a mapping.

    **Raises:** `TypeError` for anything in them that JSON cannot hold.
    """
    if details is None:
        return {}
    if isinstance(details, Mapping):
        return dict(details)
    return msgspec.to_builtins(details, enc_hook=_plain, str_keys=True)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"details hold a {type(value).__name__}; they are numbers, texts, lists and dictionaries of them")


def details_of(data: dict[str, Any], kind: type[R] | None) -> R | NotDone | dict[str, Any] | None:
    """Returns details that JSON holds.

    **Arguments:**

    - `data`: the JSON object.
    - `kind`: type of the assay's details; `None` for an assay that is not known here, whose details stay as they are.

    **Returns:** the record; `None` where there are none. What is no record of that kind, as an older version may have
    written it, stays as it is, and nothing is drawn from it.
    """
    if not data:
        return None
    if data == {"fault": True}:
        return NotDone(fault=True)
    if kind is None or kind is dict:
        return data
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        return data
