"""Cases of archives: zip files that lie, files of Stable-Baselines3, weights of torch inside them."""

from __future__ import annotations

import io
import random
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable

from hostile.case import REFUSED, Case, words
from hostile.mangling import ESCAPE, flipped
from hostile.model_files import RUNS, Change, always, on, written

MEGABYTE = 2**20
Members = dict[str, bytes]


def members_of(archive: bytes) -> Members:
    """Returns the members of a sound archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(members: Members | list[tuple[object, bytes]], *, deflated: bool = False) -> bytes:
    """Returns an archive of these members."""
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", kind) as opened:
        # A doubled name is the point.
        warnings.simplefilter("ignore")
        for name, content in members.items() if isinstance(members, dict) else members:
            opened.writestr(name, content)  # pyright: ignore[reportArgumentType]
    return out.getvalue()


def with_member(name: str, content: Callable[[bytes], bytes], **options: bool) -> Change:
    """Returns the change of one member of a sound archive."""

    def change(sound: bytes, rng: random.Random) -> bytes:
        members = members_of(sound)
        return packed({**members, name: content(members.get(name, b""))}, **options)

    return change


def with_more(*more: tuple[object, bytes], deflated: bool = False) -> Change:
    """Returns the change that adds members, doubled ones, too."""

    def change(sound: bytes, rng: random.Random) -> bytes:
        return packed([*members_of(sound).items(), *more], deflated=deflated)

    return change


def _info(name: str, **fields: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def size_lie(member: str, says: int, holds: int, *, local: bool) -> Change:
    """Returns the change of a member into one that says a size and inflates to another."""

    def change(sound: bytes, rng: random.Random) -> bytes:
        members = members_of(sound)
        archive = bytearray(packed({**members, member: b"\0" * holds}, deflated=True))
        name = member.encode()
        central = archive.rfind(b"PK\x01\x02", 0, archive.rfind(name))
        while archive[central + 46 : central + 46 + len(name)] != name:
            central = archive.rfind(b"PK\x01\x02", 0, central)
        archive[central + 24 : central + 28] = struct.pack("<I", says)
        if local:
            start = struct.unpack("<I", archive[central + 42 : central + 46])[0]
            archive[start + 22 : start + 26] = struct.pack("<I", says)
        return bytes(archive)

    return change


def _encrypted(sound: bytes, rng: random.Random) -> bytes:
    archive = bytearray(sound)
    at = archive.find(b"PK\x01\x02")
    while at >= 0:
        archive[at + 8] |= 1
        at = archive.find(b"PK\x01\x02", at + 4)
    return bytes(archive)


def _end(field: int, value: int, size: int) -> Change:
    def change(sound: bytes, rng: random.Random) -> bytes:
        archive = bytearray(sound)
        at = archive.rfind(b"PK\x05\x06") + field
        archive[at : at + size] = value.to_bytes(size, "little")
        return bytes(archive)

    return change


def _nested(sound: bytes, rng: random.Random) -> bytes:
    inner = packed({"data": b"\0" * (50 * MEGABYTE)}, deflated=True)
    for _ in range(5):
        inner = packed({f"data{i}": inner for i in range(8)}, deflated=True)
    return packed({**members_of(sound), "policy.pth": inner})


def _overlapping(sound: bytes, rng: random.Random) -> bytes:
    """One compressed block that a thousand entries of the directory point to (after Fifield's bomb)."""
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"\0" * (8 * MEGABYTE)
    data = block.compress(content) + block.flush()
    crc, names = zlib.crc32(content), ["data", "policy.pth", *(f"x{i}" for i in range(1000))]
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(data), len(content), 4, 0) + b"data"
    directory = b"".join(
        struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(data), len(content), len(name), 0, 0, 0, 0, 0, 0
        )
        + name.encode()
        for name in names
    )
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(local) + len(data), 0
    )
    return local + data + directory + end


ZIPS: dict[str, Change] = {
    "empty-archive": always(packed({})),
    "empty-file": always(b""),
    "only-end": always(b"PK\x05\x06" + b"\0" * 18),
    "truncated": lambda sound, rng: sound[: len(sound) // 2],
    "trailing": lambda sound, rng: sound + b"more",
    "before": lambda sound, rng: b"#!/bin/sh\n" * 100 + sound,
    "comment": lambda sound, rng: sound[:-2] + b"\x04\x00test",
    "end-count-65535": _end(10, 65535, 2),
    "end-size": _end(12, 2**31, 4),
    "end-offset": _end(16, 2**32 - 1, 4),
    "end-disk": _end(4, 7, 2),
    "encrypted": _encrypted,
    "nested": _nested,
    "overlapping": _overlapping,
    "lie-100-of-800-mb": size_lie("policy.pth", 100, 800 * MEGABYTE, local=True),
    "lie-directory-only": size_lie("policy.pth", 100, 200 * MEGABYTE, local=False),
    "lie-data-100-of-900-mb": size_lie("data", 100, 900 * MEGABYTE, local=True),
    "lie-data-30-mb-of-300": size_lie("data", 30 * MEGABYTE, 300 * MEGABYTE, local=True),
    "lie-more": size_lie("data", 2**31 - 1, 1000, local=True),
    "lie-zero": size_lie("policy.pth", 0, 300 * MEGABYTE, local=True),
    "bomb-data": with_member("data", lambda _: b" " * (520 * MEGABYTE), deflated=True),
    "bomb-weights": with_member("policy.pth", lambda _: b"\0" * (520 * MEGABYTE), deflated=True),
    "bomb-other-member": with_member("other", lambda _: b"\0" * (520 * MEGABYTE), deflated=True),
    "bomb-under-ratio": with_member("data", lambda _: bytes(range(200)) * (2 * MEGABYTE), deflated=True),
    "doubled-data": with_more(("data", b"{}")),
    "doubled-by-case": with_more(("DATA", b"{}")),
    "doubled-weights": with_more(("policy.pth", RUNS)),
    "absolute": with_more(("/etc/cron.d/hostile", b"x")),
    "parent": with_more(("../../outside/victim.txt", b"x")),
    "parent-inside": with_more(("a/../../../outside/new.txt", b"x")),
    "backslash": with_more(("..\\..\\outside\\victim.txt", b"x")),
    "drive": with_more(("C:\\victim.txt", b"x")),
    "escapes": with_more((ESCAPE, b"x"), (ESCAPE, b"x")),
    "name-long": with_more(("n" * 60_000, b"x"), ("n" * 60_000, b"x")),
    "name-nul": with_more(("policy.pth\0.txt", b"x")),
    "link": with_more((_info("link", create_system=3, external_attr=(stat.S_IFLNK | 0o777) << 16), b"/etc/passwd")),
    "pipe": with_more((_info("pipe", create_system=3, external_attr=(stat.S_IFIFO | 0o777) << 16), b"")),
    "link-as-data": lambda sound, rng: packed(
        [
            (_info("data", create_system=3, external_attr=(stat.S_IFLNK | 0o777) << 16), b"/etc/passwd"),
            ("policy.pth", b""),
        ]
    ),
    "members-20000": with_more(*((f"m{i}", b"") for i in range(20_000))),
    "bzip2": with_more((_info("data2", compress_type=zipfile.ZIP_BZIP2), b"\0" * MEGABYTE)),
    "lzma": with_more((_info("data2", compress_type=zipfile.ZIP_LZMA), b"\0" * MEGABYTE)),
    "no-data": lambda sound, rng: packed({n: c for n, c in members_of(sound).items() if n != "data"}),
    "no-weights": lambda sound, rng: packed({n: c for n, c in members_of(sound).items() if n != "policy.pth"}),
    "in-a-folder": lambda sound, rng: packed({f"ppo/{n}": c for n, c in members_of(sound).items()}),
    "weights-are-pickle": with_member("policy.pth", lambda _: RUNS),
    "weights-are-npz": with_member("policy.pth", lambda _: packed({"data.pkl": RUNS})),
    "variables-are-pickle": with_member("policy.pth", lambda _: packed({"archive/data.pkl": RUNS})),
    "gzip": lambda sound, rng: zlib.compress(sound),
    "tar": always(b"ustar" * 1000),
}


HARMLESS = words("comment before doubled-by-case pipe end-count-65535 end-disk name-nul bomb-other-member")
"""These leave the policy as it is: it may be refused, or audited like the sound one."""


def cases() -> Iterable[Case]:
    """Every case of this module."""
    for name, change in ZIPS.items():
        exits = REFUSED | {0, 1, 3} if name in HARMLESS else REFUSED
        yield Case("files", f"zip-{name}", on("ppo.zip"), written("ppo.zip", "ppo.zip", change), exits, refusal=True)
    for number in range(16):
        change = lambda sound, rng: flipped(sound, rng, 30)  # noqa: E731
        exits = REFUSED | {0, 1, 3}
        yield Case("files", f"zip-flipped-{number}", on("ppo.zip"), written("ppo.zip", "ppo.zip", change), exits)
