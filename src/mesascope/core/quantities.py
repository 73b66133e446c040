"""Kinds of values that people give: what each may be, and one sentence for what it may not."""

from __future__ import annotations

import abc
import math
import numbers
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesascope.core.errors import UsageError
from mesascope.core.text import quoted, shown

LONGEST_TEXT: int = 4096
"""Characters of a text that is taken."""
LONGEST_PART: int = 255
"""Bytes of one name in a path that file systems take."""
MOST_DIGITS: int = 4000
"""Python refuses to read more."""


@dataclass(frozen=True)
class Unreadable:
    """A text that is no value of the kind that was asked for."""

    text: str

    def __str__(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True)
class Quantity(abc.ABC):
    """A kind of value: read from text, and checked wherever it comes from."""

    @abc.abstractmethod
    def read(self, text: str) -> Any:
        """Returns the value that a text stands for, or `Unreadable`."""

    @abc.abstractmethod
    def fault(self, given: object) -> str | None:
        """Returns what is wrong with a value and what to give instead, to be read after it; `None` if it will do."""

    def check(self, given: Any, name: str) -> Any:
        """Returns a value, if it is one of this kind.

        **Arguments:**

        - `given`: from anywhere.
        - `name`: of the option or argument, for the message (`"--seed"`).

        **Raises:** `UsageError` naming the option, what was given, what may be, and what to do.
        """
        fault = self.fault(given)
        if fault is not None:
            plain = isinstance(given, int | float | Unreadable)
            raise UsageError(f"{name} {shown(given, limit=40) if plain else quoted(given)} {fault}")
        return given


@dataclass(frozen=True)
class Whole(Quantity):
    """A whole number.

    **Arguments:**

    - `low`, `high`: the least and the largest.
    """

    low: int
    high: int

    def read(self, text: str) -> int | Unreadable:
        # Python takes blanks, underscores and digits of every script, and refuses thousands of them.
        plain = text.removeprefix("-").removeprefix("+")
        return int(text) if plain.isascii() and plain.isdigit() and len(plain) <= MOST_DIGITS else Unreadable(text)

    def fault(self, given: object) -> str | None:
        advice = f"give one from {self.low} to {self.high}."
        if isinstance(given, bool) or not isinstance(given, numbers.Integral):
            return f"is not a whole number; {advice}"
        number = int(given)
        if number < self.low:
            return f"is {'negative' if self.low == 0 else f'below {self.low}'}; {advice}"
        return f"is more than {self.high}; {advice}" if number > self.high else None


@dataclass(frozen=True)
class Real(Quantity):
    """A finite number.

    **Arguments:**

    - `low`, `high`: the least and the largest.
    - `below_high`: whether `high` itself is left out.
    """

    low: float
    high: float
    below_high: bool = False

    def read(self, text: str) -> float | Unreadable:
        try:
            return float(text) if text.isascii() and "_" not in text else Unreadable(text)
        except ValueError:
            return Unreadable(text)

    def fault(self, given: object) -> str | None:
        upper = f"and below {self.high:g}" if self.below_high else f"to {self.high:g}"
        if isinstance(given, bool) or not isinstance(given, numbers.Real):
            return f"is not a number; give one from {self.low:g} {upper}."
        number = float(given)
        if not math.isfinite(number):
            return f"is not a finite number; give one from {self.low:g} {upper}."
        outside = not self.low <= number <= self.high or (self.below_high and number == self.high)
        return f"is not from {self.low:g} {upper}; give a number in that range." if outside else None


@dataclass(frozen=True)
class Text(Quantity):
    """A name or another text that is not empty, of bearable length and without control characters."""

    def read(self, text: str) -> Any:
        return text

    def fault(self, given: object) -> str | None:
        if not isinstance(given, str):
            return "is not a text; give one."
        if not given.strip():
            return "is empty; give a name, or leave it out."
        if len(given) > LONGEST_TEXT:
            return f"is {len(given):,} characters long; give at most {LONGEST_TEXT:,}."
        # Half pairs are what Python makes of bytes that are not UTF-8.
        for sign in given:
            category = unicodedata.category(sign)
            if category in ("Cc", "Cs"):
                what = "a control character" if category == "Cc" else "bytes that are not UTF-8"
                return f"holds {what}; give it without."
        return None


@dataclass(frozen=True)
class PathText(Text):
    """A path of a file or folder, whether it exists or not."""

    def read(self, text: str) -> Path | Unreadable:
        return Unreadable(text) if self.fault(text) else Path(text)

    def fault(self, given: object) -> str | None:
        text = given.text if isinstance(given, Unreadable) else given
        if not isinstance(text, str | os.PathLike):
            return "is not a path; give one."
        text = os.fspath(text)
        fault = super().fault(text)
        if fault is None and any(len(os.fsencode(part)) > LONGEST_PART for part in text.split("/")):
            return f"holds a name of more than {LONGEST_PART} bytes, which no file can have; give a shorter one."
        return fault and fault.replace("give a name", "give a path")


SEED = Whole(0, 2**32 - 1)
"""What a root key is made of."""
LEVELS = Whole(1, 65_536)
"""Levels that are sampled at once."""
SHARE = Real(0, 1)
"""A share or a probability."""
TEXT = Text()
PATH = PathText()
