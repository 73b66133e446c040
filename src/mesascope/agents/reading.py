"""Reading files that somebody else made: looked at before they are read, and read whole before they are parsed."""

from __future__ import annotations

import errno
import io
import math
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Set
from pathlib import Path, PurePosixPath

import numpy as np

from mesascope.core.errors import UntrustedModelError, UsageError
from mesascope.core.text import quoted, shown

MAXIMUM_BYTES: int = 256 * 2**20
"""Of a model file, and of everything that is unpacked from one."""
MAXIMUM_MEMBERS: int = 10_000
"""Of an archive."""
MAXIMUM_DIRECTORY_BYTES: int = 2 * 2**20
"""Of the list of members at the end of an archive."""
MAXIMUM_RATIO: int = 100
"""Unpacked bytes per packed byte of one member."""

MAXIMUM_DIMENSIONS: int = 8
"""Of one array."""

KINDS: frozenset[str] = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16"})
"""Types of numbers that are read."""

_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22
_HEAD = b"PK\x03\x04"
_HEAD_BYTES = 30


def read_model_file(path: str | os.PathLike, *, maximum_bytes: int = MAXIMUM_BYTES) -> bytes:
    """Returns the content of a model file.

    The file is opened once and looked at through the open handle, so that it cannot be exchanged in between. A link is
    refused because what it points to may change between an audit and its report.

    **Arguments:**

    - `path`: the file.
    - `maximum_bytes`: the cap.

    **Raises:** `UsageError` if there is no such file or it may not be read; `UntrustedModelError` if it is a link, a
    folder, a pipe or a device, or larger than the cap.
    """
    path = Path(path)
    # Without O_NONBLOCK, opening a pipe that nobody writes to would wait forever. Not every system has these flags.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UntrustedModelError("it is a symbolic link; give the file it points to.", path=path) from error
        if error.errno in (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP):
            raise UntrustedModelError("it is not a regular file.", path=path) from error
        raise UsageError(f"Cannot read the model file {quoted(path, limit=200)}: {error.strerror or error}.") from error
    except ValueError as error:
        raise UsageError(f"Cannot read the model file {quoted(path, limit=200)}: {shown(error)}.") from error
    too_large = f"it has more than {maximum_bytes:,} bytes, the most that is read."
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UntrustedModelError("it is not a regular file.", path=path)
        if status.st_size > maximum_bytes:
            raise UntrustedModelError(too_large, path=path)
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(maximum_bytes + 1)
    except OSError as error:
        raise UsageError(f"Cannot read the model file {quoted(path, limit=200)}: {error.strerror or error}.") from error
    finally:
        os.close(handle)
    if len(content) > maximum_bytes:
        raise UntrustedModelError(too_large, path=path)
    return content


class Archive:
    """A zip archive, after a look at all of its members; none of them is unpacked before it is read.

    **Arguments:**

    - `content`: the archive.
    - `path`: the file it comes from, for messages.
    - `field`: the part of that file which the archive is.
    - `compressed`: whether members may be compressed.

    **Raises:** `UntrustedModelError` for a broken archive, too many members, names that are doubled or lead out of a
    folder, encryption, links, unusual compression, and members that unpack to too much.
    """

    def __init__(self, content: bytes, *, path: object, field: str | None = None, compressed: bool = True):
        self._content, self._path, self._field = content, path, field
        end = content[-_END_BYTES:]
        if len(end) < _END_BYTES or not end.startswith(_END_OF_DIRECTORY) or end[-2:] != b"\0\0":
            raise self._refusal("it is not a whole zip archive (truncated, or followed by something else).")
        if int.from_bytes(end[12:16], "little") > MAXIMUM_DIRECTORY_BYTES:
            raise self._refusal("its list of members is too long.")
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                listed = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, struct.error) as error:
            raise self._refusal(f"the archive is broken: {shown(error, limit=120)}.") from error
        if len(listed) > MAXIMUM_MEMBERS:
            raise self._refusal(f"it has {len(listed):,} members; at most {MAXIMUM_MEMBERS:,} are read.")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in listed:
            if reason := _fault(member, self._members.keys(), compressed):
                raise self._refusal(reason, member.filename)
            self._members[member.filename] = member
        total = sum(member.file_size for member in listed)
        if total > MAXIMUM_BYTES:
            raise self._refusal(f"it unpacks to {total:,} bytes; at most {MAXIMUM_BYTES:,} are read.")

    @property
    def names(self) -> Set[str]:
        """The members' names."""
        return self._members.keys()

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each member, unpacked, as the archive says."""
        return {name: member.file_size for name, member in self._members.items()}

    def read(self, name: str) -> bytes:
        """Returns a member unpacked, as `view` does."""
        return bytes(self.view(name))

    def view(self, name: str) -> bytes | memoryview:
        """Returns a member unpacked, without a copy of what is not compressed.

        One byte more than its stated size is all that is ever made.

        **Raises:** `UntrustedModelError` if the member is not there, or not what the list of members says of it.
        """
        if name not in self._members:
            raise self._refusal("this member is missing.", name)
        member = self._members[name]
        # The list says where a member begins; names there and here have lengths of their own.
        head = self._content[member.header_offset : member.header_offset + _HEAD_BYTES]
        if member.header_offset < 0 or len(head) < _HEAD_BYTES or not head.startswith(_HEAD):
            raise self._refusal("the archive is broken: this member is not where it should be.", name)
        start = member.header_offset + _HEAD_BYTES + sum(struct.unpack("<HH", head[26:30]))
        packed = memoryview(self._content)[start : start + member.compress_size]
        try:
            if member.compress_type == zipfile.ZIP_STORED:
                data, whole = packed, True
            else:
                unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
                data = unpacking.decompress(packed, member.file_size + 1)
                whole = unpacking.eof and not unpacking.unused_data
        except zlib.error as error:
            raise self._refusal(f"the archive is broken: {shown(error, limit=120)}.", name) from error
        if not whole or len(data) != member.file_size or zlib.crc32(data) != member.CRC:
            raise self._refusal("the archive is broken: this member is not what the list of members says.", name)
        return data

    def _refusal(self, reason: str, member: str | None = None) -> UntrustedModelError:
        parts = [part for part in (self._field, member and shown(member, limit=80)) if part]
        return UntrustedModelError(reason, path=self._path, field=" > ".join(parts) or None)


def _fault(member: zipfile.ZipInfo, seen: Set[str], compressed: bool) -> str | None:
    name = member.filename
    if not name or name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
        return "the name of this member leads out of the archive."
    if name in seen:
        return "two members have this name."
    if member.flag_bits & 1:
        return "this member is encrypted."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "this member is a link."
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "this member is compressed in an unusual way."
    if not compressed and member.compress_type != zipfile.ZIP_STORED:
        return "this member is compressed, which its kind of archive never is."
    if member.file_size > MAXIMUM_RATIO * max(member.compress_size, 1):
        return f"this member unpacks to more than {MAXIMUM_RATIO} times its size."
    return None


def array_of(data: object, code: object, shape: object, *, order: str = "<", columns_first: bool = False) -> np.ndarray:
    """Returns bytes as an array, after checking that they are as many as its shape implies.

    **Arguments:**

    - `data`: the numbers.
    - `code`: one of `KINDS`; a leading `<` may stand before it.
    - `shape`: a tuple of whole numbers.
    - `order`: `">"` if the largest byte comes first.
    - `columns_first`: whether the first index varies fastest.

    **Raises:** `ValueError` if they do not fit.
    """
    code = code.removeprefix("<").removeprefix("|") if isinstance(code, str) else ""
    if code not in KINDS:
        raise ValueError(f"an array has numbers of the unusual kind {quoted(code, limit=20)}")
    if not isinstance(data, bytes | bytearray) or not isinstance(shape, tuple):
        raise ValueError("an array lacks its numbers or its shape")
    if len(shape) > MAXIMUM_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("an array has an impossible shape")
    kind = np.dtype(code).newbyteorder(">" if order == ">" else "<")
    if math.prod(shape) * kind.itemsize != len(data):
        raise ValueError(f"an array of shape {shown(list(shape), limit=80)} and kind {code} has {len(data):,} bytes")
    array = np.frombuffer(data, kind).reshape(shape, order="F" if columns_first else "C")
    return array.astype(kind.newbyteorder("="), order="K")
