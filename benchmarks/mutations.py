"""Damage and malice done to files at random, by the structure that they have: bytes, JSON, zip archives, pickles."""

from __future__ import annotations

import io
import json
import pickletools
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]

NUMBERS: tuple[int, ...] = (0, 1, 2, 255, 2**16, 2**20, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)

VALUES: tuple[str, ...] = (
    *("null", "true", "0", "-1", "1.5", "1e308", "-1e400", "NaN", "Infinity", "9" * 400, "1e-320", str(2**63)),
    *('""', '"\\u001b[2J\\u001b[31m"', '"\\u202e"', '"\\ud800"', '"' + "x" * 5000 + '"', '"../../etc/passwd"'),
    *("[]", "{}", "[[]]", '{"a": {"a": 1}}', "[1, 2, 3]", '{"a": 1, "a": 2}', "[" * 900 + "]" * 900, '["a", 1, null]'),
)
"""What is put in the place of a value of JSON, as text: not all of it is JSON."""

_NOTE = "\0hostile-"


def of_bytes(content: bytes, source: random.Random) -> bytes:
    """Flips, cuts, doubles, inserts and overwrites bytes; numbers of 4 and 8 bytes are set to their ends."""
    content = bytearray(content or b"\0")
    # Headers are a small part of most files, and the part with the most to break.
    place = source.randrange(min(len(content), source.choice([64, 2048, len(content)])))
    match source.randrange(8):
        case 0:
            content[place] ^= 1 << source.randrange(8)
        case 1:
            content[place] = source.randrange(256)
        case 2:
            del content[place:]
        case 3:
            del content[place : place + source.randrange(1, 64)]
        case 4:
            content[place:place] = content[place : place + source.randrange(1, 4096)]
        case 5:
            content[place:place] = source.randbytes(source.randrange(1, 32))
        case 6:
            kind = source.choice(["<I", "<Q", ">I", "<H"])
            number = source.choice(NUMBERS) % 2 ** (8 * struct.calcsize(kind))
            content[place : place + struct.calcsize(kind)] = struct.pack(kind, number)
        case _:
            content += content[place : place + 4096]
    return bytes(content)


def of_json(content: bytes, source: random.Random) -> bytes:
    """Replaces, removes, adds and doubles values; sometimes the text itself is damaged."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return of_bytes(content, source)
    if source.random() < 0.15 or not isinstance(data, dict | list):
        return of_bytes(content, source)
    holders = [data]
    for holder in holders:
        holders += [one for one in (holder.values() if isinstance(holder, dict) else holder) if _holds(one)]
    holder = source.choice([one for one in holders if one] or [data])
    note = f"{_NOTE}{source.randrange(len(VALUES))}\0"
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    action = source.randrange(6)
    if not keys or action == 0:
        if isinstance(holder, dict):
            holder[source.choice(["extra", "", "\x1b[31m", "__class__", *keys])] = note
        else:
            holder.append(note)
    elif action == 1:
        del holder[source.choice(keys)]
    elif action == 2 and isinstance(holder, list):
        holder *= source.choice([2, 50])
    elif action == 3 and len(keys) > 1:
        one, other = source.sample(keys, 2)
        holder[one], holder[other] = holder[other], holder[one]
    else:
        holder[source.choice(keys)] = note
    text = json.dumps(data)
    for index, value in enumerate(VALUES):
        text = text.replace(json.dumps(f"{_NOTE}{index}\0"), value)
    return text.encode("utf-8", "replace")


def of_pickle(content: bytes, source: random.Random) -> bytes:
    """Removes, doubles, swaps and replaces whole instructions, and damages their arguments."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            places = [place for _, _, place in pickletools.genops(content) if place is not None]
    except Exception:
        return of_bytes(content, source)
    parts = [content[start:end] for start, end in zip(places, [*places[1:], len(content)], strict=True)]
    one, other = source.randrange(len(parts)), source.randrange(len(parts))
    match source.randrange(6):
        case 0:
            del parts[one]
        case 1:
            parts.insert(other, parts[one])
        case 2:
            parts[one], parts[other] = parts[other], parts[one]
        case 3:
            parts[one] = source.choice(pickletools.opcodes).code.encode("latin-1") + parts[one][1:]
        case 4:
            parts[one] = of_bytes(parts[one], source)
        case _:
            hostile = [b"cos\nsystem\n", b"(lp0\n", b"h\0h\0\x86", b"N" * 1000, b"\x8b\xff\xff\xff\x7f", b"2" * 500]
            parts.insert(one, source.choice(hostile))
    return b"".join(parts)


def of_zip(inner: Callable[[str], Mutation]) -> Mutation:
    """Returns what damages an archive: its bytes, its list of members, or a member by a mutation of its own.

    **Arguments:**

    - `inner`: the mutation for a member of a name.
    """

    def mutated(content: bytes, source: random.Random) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [(name, archive.read(name)) for name in archive.namelist()]
        except Exception:
            return of_bytes(content, source)
        index = source.randrange(len(members))
        name, data = members[index]
        action = source.randrange(10)
        if action == 0:
            return of_bytes(content, source)
        if action == 1:
            return _list_of_members(content, source)
        if action == 2:
            del members[index]
        elif action == 3:
            members.append((source.choice([name, "../x", "/x", "a\\b", "\x1b[2J", "", name * 500]), data))
        elif action == 4:
            members[index] = (name, zipped([(name, data)]))
        elif action == 5:
            members[index] = (name, bytes(source.choice([0, 1, 2**16, 2**22])))
        else:
            members[index] = (name, inner(name)(data, source))
        packed = source.random() < 0.2
        return zipped(members, compression=zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)

    return mutated


def zipped(members: list[tuple[str, bytes]], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Returns an archive; members of one name may occur twice."""
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", compression) as archive:
        warnings.simplefilter("ignore")
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=compression)
    return target.getvalue()


def of_safetensors(content: bytes, source: random.Random) -> bytes:
    """Damages the header by its JSON, its length, or the bytes."""
    length = int.from_bytes(content[:8], "little")
    if length > len(content) or source.random() < 0.2:
        return of_bytes(content, source)
    header, numbers = content[8 : 8 + length], content[8 + length :]
    try:
        data = json.loads(header)
        own = data["__metadata__"].get("mesascope", "{}")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return of_bytes(content, source)
    if source.random() < 0.5 and isinstance(own, str):
        data["__metadata__"]["mesascope"] = of_json(own.encode("utf-8", "replace"), source).decode("utf-8", "replace")
        header = json.dumps(data).encode()
    else:
        header = of_json(header, source)
    stated = len(header) if source.random() < 0.95 else source.choice(NUMBERS) % 2**64
    return struct.pack("<Q", stated) + header + numbers


def _list_of_members(content: bytes, source: random.Random) -> bytes:
    """Returns an archive whose list of members says something else than is there."""
    start = content.rfind(b"PK\x01\x02")
    field, kind = source.choice([(8, "<H"), (10, "<H"), (16, "<I"), (20, "<I"), (24, "<I"), (38, "<I"), (42, "<I")])
    number = source.choice([*NUMBERS, len(content), 100]) % 2 ** (8 * struct.calcsize(kind))
    changed = bytearray(content)
    changed[start + field : start + field + struct.calcsize(kind)] = struct.pack(kind, number)
    return bytes(changed)


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)
