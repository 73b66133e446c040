"""Numbers, names and messages as people read them: foreign text in them is made harmless."""

from __future__ import annotations

import math
import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Control, format (bidirectional overrides) and surrogate characters can move the cursor, change colours, or make a
# name read as another one.
_HARMFUL = frozenset({"Cc", "Cf", "Cs"})


def plain(text: str, *, lines: bool = False) -> str:
    """Returns a text in which every character that could do something instead of being seen is replaced.

    **Arguments:**

    - `text`: anything.
    - `lines`: keep line feeds; otherwise every run of white space becomes one space.
    """
    text = text.replace("\r\n", "\n")
    kept = "\n\t" if lines else "\n\t\r"
    cleaned = "".join(
        character if character in kept or unicodedata.category(character) not in _HARMFUL else REPLACEMENT
        for character in text
    )
    return cleaned if lines else " ".join(cleaned.split())


def shortened(text: str, limit: int) -> str:
    """Returns a harmless text of at most `limit` characters, cut in the middle, where paths are least telling."""
    text = plain(text)
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


LARGEST: float = 1e9
"""Beyond this size an axis cannot be drawn, and no statistic of ours lies."""


def steps_text(distance: float) -> str:
    """Returns the last whole number of steps before a cliff: one between 3 and 4 steps is that of a depth of 3."""
    return f"{math.floor(distance)}"


def ruler_text(value: float) -> str:
    """Returns a number with two decimals, none from a thousand on, without the sign of a rounded zero."""
    return f"{value:z.2f}" if abs(value) < 1000 else f"{value:,.0f}"


def counted(number: int, noun: str) -> str:
    """Returns a number of things, in the singular for one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def drawable(number: float | None) -> float | None:
    """Returns a number that can be drawn; `None` for one that is missing, not finite, or beyond all measure."""
    return float(number) if number is not None and abs(number) < LARGEST else None
