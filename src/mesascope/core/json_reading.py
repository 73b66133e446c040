"""One reader for every JSON that others wrote: size, depth, length of numbers, doubled names, and its form."""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from mesascope.core.errors import MesascopeError, UsageError
from mesascope.core.files import checked_file
from mesascope.core.text import quoted, shown

T = TypeVar("T")
Refuse = Callable[[str], Exception]
"""Makes the error of a reason."""

MAXIMUM_BYTES: int = 64 * 2**20
MAXIMUM_DEPTH: int = 64
MAXIMUM_DIGITS: int = 40
"""Characters of one number: what a double needs, and some."""
MAXIMUM_VALUES: int = 1_000_000
"""In lists and objects: each takes a hundred bytes of memory, however short it is in the file."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class MalformedJSON(UsageError):
    """JSON that is broken, or not of the form that is read."""


def decode_json(
    content: bytes | str,
    *,
    refuse: Refuse,
    form: type[T] | Any = Any,
    maximum_bytes: int = MAXIMUM_BYTES,
    maximum_depth: int = MAXIMUM_DEPTH,
) -> T:
    """Returns what a JSON text says, checked before it is believed.

    **Arguments:**

    - `content`: the text, UTF-8.
    - `refuse`: makes the error of a reason, which reads on after "because" (`"it is not UTF-8"`).
    - `form`: a dataclass, `msgspec.Struct` or other type that it must have; `Any` takes whatever JSON can say.
    - `maximum_bytes`, `maximum_depth`: caps, looked at before and after parsing.

    **Raises:** what `refuse` makes, for a text that is too large, too deep or not UTF-8, too many values, numbers that
    are too long or not finite, halves of characters, a name that is given twice, and whatever is not of the form.
    """
    if len(content) > maximum_bytes:
        raise refuse(f"it has {len(content):,} bytes; at most {maximum_bytes:,} are read")
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        if sum(map(text.count, ",[{")) > MAXIMUM_VALUES:
            raise refuse(f"it holds more than {MAXIMUM_VALUES:,} values")
        data = json.loads(
            text,
            parse_int=partial(_whole, refuse),
            parse_float=partial(_real, refuse),
            parse_constant=partial(_constant, refuse),
            object_pairs_hook=partial(_unique, refuse),
        )
    except MesascopeError:
        raise
    except UnicodeDecodeError as fault:
        raise refuse(f"it is not UTF-8 (byte {fault.start})") from fault
    except RecursionError as fault:
        raise refuse(f"it is nested more than {maximum_depth} deep") from fault
    except ValueError as fault:
        raise refuse(f"it is not JSON: {shown(fault, limit=200)}") from fault
    if _deeper(data, maximum_depth):
        raise refuse(f"it is nested more than {maximum_depth} deep")
    if _HALF.search(text) and _has_half(data):
        raise refuse("it holds half a character (a lone surrogate), which no file or terminal can take")
    if form is Any:
        return data
    try:
        return msgspec.convert(data, type=form, strict=True)
    except msgspec.ValidationError as fault:
        raise refuse(f"it is not of the form that is read: {shown(fault, limit=200)}") from fault


def read_json(
    path: str | os.PathLike,
    *,
    purpose: str,
    form: type[T] | Any = Any,
    maximum_bytes: int = MAXIMUM_BYTES,
    maximum_depth: int = MAXIMUM_DEPTH,
) -> T:
    """Returns what a JSON file says.

    **Arguments:**

    - `path`: a regular file.
    - `purpose`: what it is read as, for messages (`"a report"`).
    - `form`, `maximum_bytes`, `maximum_depth`: as of `decode_json`.

    **Raises:** `UsageError` if it cannot be read, `MalformedJSON` as `decode_json` says.
    """

    def refuse(reason: str) -> MalformedJSON:
        return MalformedJSON(f"Cannot read {quoted(path, limit=200)} as {purpose}: {reason}.")

    file = checked_file(path, maximum_bytes=maximum_bytes, purpose=purpose)
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(maximum_bytes + 1)
    except OSError as error:
        raise UsageError(f"Cannot read {quoted(path, limit=200)} as {purpose}: {error.strerror or error}.") from error
    return decode_json(content, refuse=refuse, form=form, maximum_bytes=maximum_bytes, maximum_depth=maximum_depth)


def _whole(refuse: Refuse, text: str) -> int:
    if len(text) > MAXIMUM_DIGITS:
        raise refuse(f"it holds a number of {len(text)} digits ({shown(text, limit=20)})")
    return int(text)


def _real(refuse: Refuse, text: str) -> float:
    number = float(text) if len(text) <= MAXIMUM_DIGITS else math.inf
    if math.isinf(number):
        raise refuse(f"it holds a number that is too long or too large ({shown(text, limit=20)})")
    return number


def _constant(refuse: Refuse, text: str) -> NoReturn:
    raise refuse(f"it holds {text}, which is no number of JSON")


def _unique(refuse: Refuse, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        doubled = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise refuse(f"it holds {quoted(doubled)} twice in one object")
    return table


def _has_half(data: Any) -> bool:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _deeper(data: Any, depth: int) -> bool:
    level = [data]
    for _ in range(depth + 1):
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
