"""Foreign text (names, error messages) made harmless for terminals, figures and pages."""

from __future__ import annotations

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
