"""Text of others: names, messages and values that nobody here wrote, made fit to be printed."""

from __future__ import annotations

import re
import unicodedata

NAME: int = 80
"""Characters of a name that are shown."""
MESSAGE: int = 400
"""Characters of a message of another program that are shown."""
LINES: int = 12_000
"""Characters of one whole message of ours."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories that move the cursor, colour, reorder or show nothing: controls, formats, half pairs, separators."""

_NOT_PLAIN = re.compile(r"[^ -~]")


def printable(text: object, *, limit: int | None = LINES, keep: str = "\n\t") -> str:
    """Returns text in which nothing but letters and signs is left: what is not is written as an escape.

    **Arguments:**

    - `text`: of whatever origin.
    - `limit`: characters after which it is cut, with a sign that it was; `None` for all of it.
    - `keep`: control characters that may stay.
    """
    whole = str(text)
    # Cut before it is looked at: a text of megabytes costs nothing then.
    result = _NOT_PLAIN.sub(lambda found: _fit(found.group(), keep), whole if limit is None else whole[: limit + 1])
    if limit is not None and (len(whole) > limit or len(result) > limit):
        return result[: max(0, limit - 1)] + "…"
    return result


def shown(text: object, *, limit: int = MESSAGE) -> str:
    """Returns a message of others on one line, without control characters, cut short.

    **Arguments:**

    - `text`: the message; an exception stands for what it says.
    - `limit`: characters.
    """
    try:
        whole = str(text)
    except Exception as error:
        # An exception of others may fail even at saying what it is.
        whole = f"(says nothing: its text raised {type(error).__name__})"
    return printable(whole, limit=limit, keep="")


def quoted(name: object, *, limit: int = NAME) -> str:
    """Returns a name of others in quotes, as data: on one line, without control characters, cut short.

    **Arguments:**

    - `name`: from a file, a world, an agent, or a command line.
    - `limit`: characters.
    """
    return f"'{shown(name, limit=limit)}'"


def _fit(sign: str, keep: str) -> str:
    return sign if sign in keep or unicodedata.category(sign) not in _HIDDEN else _escape(sign)


def _escape(sign: str) -> str:
    code = ord(sign)
    if code < 0x20:
        return f"\\x{code:02x}"
    # As JSON writes it, so that a text of JSON still says the same.
    pair = [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF)]
    return "".join(f"\\u{half:04x}" for half in pair)


def probability_text(probability: float) -> str:
    """Returns a probability for people: three decimals, and never a rounded 0 or 1."""
    if 0 < probability < 0.0005:
        return "<0.001"
    if 0.9995 < probability < 1:
        return ">0.999"
    return f"{probability:.3f}"
