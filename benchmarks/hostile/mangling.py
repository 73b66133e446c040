"""Texts and bytes that are not what they should be, made from sound ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

ESCAPE = "\x1b[31mred\x07\x1b]0;title\x07\x9b2J\u202e\u2066\u200b\u2028end"
"""Colours a terminal, rings its bell, sets its title, clears it and turns its writing round."""
MARKUP = "<script>alert(1)</script>"
LONG = "x" * 500_000


def _first_inside(sound: bytes, value: str) -> bytes:
    """Puts a name with a raw value first into a table."""
    text = sound.decode().strip()
    return (text[:1] + f'"zzz_number": {value}, ' + text[1:]).encode()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda sound: b"",
    "blank": lambda sound: b" \n\t ",
    "truncated": lambda sound: sound[: len(sound) * 2 // 3],
    "one-byte": lambda sound: b"{",
    "with-bom-twice": lambda sound: b"\xef\xbb\xbf\xef\xbb\xbf" + sound,
    "utf-16": lambda sound: sound.decode().encode("utf-16"),
    "latin-1": lambda sound: sound.replace(b'"', b'"\xe9', 1),
    "nul-bytes": lambda sound: b"\0" * 4096,
    "half-nul": lambda sound: sound[:100] + b"\0" + sound[100:],
    "twice": lambda sound: sound + sound,
    "trailing": lambda sound: sound + b"}",
    "comment": lambda sound: b"// a comment\n" + sound,
    "single-quotes": lambda sound: sound.replace(b'"', b"'"),
    "deep-lists-900": lambda sound: b"[" * 900 + b"]" * 900,
    "deep-lists": lambda sound: b"[" * 200_000 + b"]" * 200_000,
    "deep-lists-open": lambda sound: b"[" * 200_000,
    "deep-tables": lambda sound: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep-inside": lambda sound: _first_inside(sound, "[" * 5000 + "]" * 5000),
    "digits-400": lambda sound: _first_inside(sound, "1" * 400),
    "digits-5000": lambda sound: _first_inside(sound, "1" * 5000),
    "digits-1000000": lambda sound: _first_inside(sound, "1" * 1_000_000),
    "float-400": lambda sound: _first_inside(sound, "1" * 400 + ".5"),
    "exponent": lambda sound: _first_inside(sound, "1e999"),
    "exponent-long": lambda sound: _first_inside(sound, "1e" + "9" * 5000),
    "nan": lambda sound: _first_inside(sound, "NaN"),
    "infinity": lambda sound: _first_inside(sound, "Infinity"),
    "minus-infinity": lambda sound: _first_inside(sound, "-Infinity"),
    "doubled-new-name": lambda sound: _first_inside(sound, '1, "zzz": 2, "zzz": 2'),
    "null": lambda sound: b"null",
    "true": lambda sound: b"true",
    "number": lambda sound: b"7",
    "text": lambda sound: b'"text"',
    "list": lambda sound: b"[]",
    "list-of-itself": lambda sound: b"[" + sound.strip() + b"]",
    "table": lambda sound: b"{}",
    "table-of-empty-name": lambda sound: b'{"": {}}',
    "many-names": lambda sound: ("{" + ",".join(f'"n{i}": {i}' for i in range(300_000)) + "}").encode(),
    "long-name": lambda sound: ('{"' + LONG + '": 1}').encode(),
    "escaping-name": lambda sound: json.dumps({ESCAPE: 1}).encode(),
    "raw-escape": lambda sound: sound.replace(b'"', b'"\x1b[31m', 1),
    "half-pair": lambda sound: b'{"\\ud800": "\\udfff"}',
    "blank-50-mb": lambda sound: b" " * (50 * 2**20) + sound,
    "text-50-mb": lambda sound: b'"' + b"x" * (50 * 2**20) + b'"',
    "lists-of-lists-10-mb": lambda sound: b"[" + b"[]," * (3 * 2**20) + b"[]]",
    "not-json": lambda sound: b"report: yes\n",
    "html": lambda sound: b"<html></html>",
    "binary": lambda sound: bytes(range(256)) * 64,
}
"""What makes a text that no reader of JSON may take from a sound one, by what is wrong with it."""


Path = tuple[str | int, ...]


def paths(data: Any, start: Path = ()) -> Iterator[Path]:
    """Returns the way to every value inside JSON."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        yield (*start, key)
        yield from paths(value, (*start, key))


WRONG: dict[str, Callable[[Any], Any]] = {
    "null": lambda value: None,
    "text": lambda value: "text",
    "list": lambda value: [value],
    "table": lambda value: {"a": value},
    "empty-list": lambda value: [],
    "empty-table": lambda value: {},
    "true": lambda value: True,
    "minus-one": lambda value: -1,
    "vast": lambda value: 10**30,
    "tiny": lambda value: 5e-324,
    "large": lambda value: 1.7e308,
    "half": lambda value: 0.5,
    "escapes": lambda value: ESCAPE,
    "markup": lambda value: MARKUP + "<img src=x onerror=alert(1)>",
    "long": lambda value: LONG,
    "half-pair": lambda value: "\ud800",
    "leads-out": lambda value: "../../outside/victim.txt",
    "doubled": lambda value: value + value if isinstance(value, list) and value else [value, value],
}
"""What can stand where a value stood."""


def other_values(sound: bytes, rng: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Returns JSON in which one value is another one, or is missing, or has a sibling nobody knows."""
    data = json.loads(sound)
    # The shorter the way, the more hangs on it.
    ways = sorted(paths(data), key=lambda way: (len(way) * rng.random(), str(way)))
    for number in range(count):
        way = ways[number % len(ways)]
        changed = copy.deepcopy(data)
        holder = changed
        for step in way[:-1]:
            holder = holder[step]
        kind = rng.choice(["missing", "unknown", *WRONG])
        if kind == "missing":
            del holder[way[-1]]
        elif kind == "unknown" and isinstance(holder, dict):
            holder["zzz_unknown"] = 1
        else:
            kind = kind if kind in WRONG else "null"
            holder[way[-1]] = WRONG[kind](holder[way[-1]])
        label = ".".join(map(str, way))[:50]
        yield f"{number}-{label}-{kind}", json.dumps(changed).encode()


def flipped(sound: bytes, rng: random.Random, bytes_changed: int) -> bytes:
    """Returns bytes of which some are others."""
    content = bytearray(sound)
    for _ in range(bytes_changed):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)
