"""Reading files that somebody else made: looked at before they are read, and read whole before they are parsed."""

from __future__ import annotations

import errno
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mesascope.core.errors import UntrustedModelError, UsageError

MAXIMUM_BYTES: int = 512 * 2**20
"""Of a model file, and of everything that is unpacked from one."""
MAXIMUM_MEMBERS: int = 10_000
"""Of an archive."""
MAXIMUM_DIRECTORY_BYTES: int = 4 * 2**20
"""Of the list of members at the end of an archive."""
MAXIMUM_RATIO: int = 100
"""Unpacked bytes per packed byte of one member."""

_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22


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
        raise UsageError(f"Cannot read the model file '{path}': {error.strerror or error}.") from error
    except ValueError as error:
        raise UsageError(f"Cannot read the model file {str(path)!r}: {error}.") from error
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
        raise UsageError(f"Cannot read the model file '{path}': {error.strerror or error}.") from error
    finally:
        os.close(handle)
    if len(content) > maximum_bytes:
        raise UntrustedModelError(too_large, path=path)
    return content


def read_archive(
    content: bytes, *, path: str | os.PathLike, field: str | None = None, wanted: Callable[[str], bool]
) -> dict[str, bytes]:
    """Returns members of a zip archive, after a look at all of them.

    **Arguments:**

    - `content`: the archive.
    - `path`: the file it comes from, for messages.
    - `field`: the part of that file which the archive is.
    - `wanted`: says by name which members to unpack.

    **Raises:** `UntrustedModelError` for a broken archive, too many members, names that are doubled or lead out of a
    folder, encryption, links, unusual compression, and members that unpack to too much.
    """

    def refuse(reason: str, member: str | None = None) -> UntrustedModelError:
        return UntrustedModelError(reason, path=path, field=" > ".join(filter(None, (field, member))) or None)

    end = content[-_END_BYTES:]
    if len(end) < _END_BYTES or not end.startswith(_END_OF_DIRECTORY) or end[-2:] != b"\0\0":
        raise refuse("it is not a whole zip archive (truncated, or followed by something else).")
    if int.from_bytes(end[12:16], "little") > MAXIMUM_DIRECTORY_BYTES:
        raise refuse("its list of members is too long.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAXIMUM_MEMBERS:
                raise refuse(f"it has {len(members):,} members; at most {MAXIMUM_MEMBERS:,} are read.")
            seen: set[str] = set()
            for member in members:
                if reason := _fault(member, seen):
                    raise refuse(reason, member.filename[:100])
                seen.add(member.filename)
            total = sum(member.file_size for member in members)
            if total > MAXIMUM_BYTES:
                raise refuse(f"it unpacks to {total:,} bytes; at most {MAXIMUM_BYTES:,} are read.")
            return {member.filename: archive.read(member) for member in members if wanted(member.filename)}
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        OverflowError,
        MemoryError,
    ) as error:
        raise refuse(f"the archive is broken: {error}.") from error


def _fault(member: zipfile.ZipInfo, seen: set[str]) -> str | None:
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
    if member.file_size > MAXIMUM_RATIO * max(member.compress_size, 1):
        return f"this member unpacks to more than {MAXIMUM_RATIO} times its size."
    return None
