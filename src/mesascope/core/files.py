"""Files: written whole or not at all, read only after a look at their size."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from mesascope.core.errors import OutputError, UsageError
from mesascope.core.text import quoted

try:
    import fcntl
except ImportError:  # Windows has no such locks; what a killed run left behind stays there.
    fcntl = None

LONGEST_NAME: int = 255
"""Bytes that a file's name may have on every usual file system."""


def write_atomically(path: str | os.PathLike, content: str | bytes, *, overwrite: bool = True) -> Path:
    """Writes a file under a temporary name beside its goal and renames it.

    What a run that was killed left behind under such a name is removed. The file gets the mode that the umask gives.

    **Arguments:**

    - `path`: where the file shall stand; missing folders are made.
    - `content`: text (UTF-8) or bytes.
    - `overwrite`: if false, an existing file is an error.

    **Returns:** the path.

    **Raises:** `OutputError` if the disk is full, the place cannot be written or the file exists; nothing half-written
    stays behind and what stood there before is untouched.
    """
    path = Path(path)
    # A link that points nowhere is something, too.
    if not overwrite and os.path.lexists(path):
        raise OutputError(
            f"{quoted(path, limit=200)} exists already. Pass --force to replace it, or choose another place with --out."
        )
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        with _temporary(path) as (descriptor, temporary):
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            os.fsync(descriptor)
            # Renamed while it is locked: until then another run could take it for one that nobody holds.
            os.replace(temporary, path)
    except (OSError, ValueError) as error:
        # A path with a NUL is a `ValueError`.
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"Cannot write {quoted(path, limit=200)}: {reason}. Choose another place with --out."
        ) from error
    return path


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[tuple[int, Path]]:
    """Makes and locks an empty file beside a path, and removes it if it is still there at the end."""
    while True:
        temporary = path.with_name(f"{_stem(path)}{secrets.token_hex(4)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        if _locked(descriptor, without_locks=True) and os.fstat(descriptor).st_nlink:
            break
        # Another run took it for a stale one before it was locked.
        os.close(descriptor)
    try:
        yield descriptor, temporary
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        os.close(descriptor)


def _remove_stale(path: Path) -> None:
    """Removes temporary files of this path that no living process holds: their writers were killed."""
    form = re.compile(re.escape(_stem(path)) + r"[A-Za-z0-9_]{8}\.tmp")
    with contextlib.suppress(OSError):
        for name in filter(form.fullmatch, os.listdir(path.parent)):
            with contextlib.suppress(OSError):
                found = path.with_name(name)
                descriptor = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    if stat.S_ISREG(os.fstat(descriptor).st_mode) and _locked(descriptor, without_locks=False):
                        os.unlink(found)
                finally:
                    os.close(descriptor)


def _stem(path: Path) -> str:
    # A long name leaves no room for what a temporary one adds.
    return f".{os.fsdecode(os.fsencode(path.name)[: LONGEST_NAME - 20])}."


def _locked(descriptor: int, *, without_locks: bool) -> bool:
    """Whether a file could be locked; on a file system that knows no locks what is given."""
    if fcntl is None:
        return without_locks
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return without_locks
    return True


def sha256_of(content: str | bytes | Path) -> str:
    """Returns the SHA-256 of a text, of bytes, or of what a file holds.

    **Raises:** `OSError` if the file cannot be read.
    """
    if isinstance(content, Path):
        with content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def checked_file(path: str | os.PathLike, *, maximum_bytes: int, purpose: str) -> Path:
    """Returns the path of a regular file that is small enough to be read.

    **Arguments:**

    - `path`: the file.
    - `maximum_bytes`: the cap; a larger file is refused before it is opened.
    - `purpose`: what it is to be read as, for the message (`"a report"`).

    **Raises:** `UsageError` if it is missing, not a regular file, or larger than the cap.
    """
    path, shown = Path(path), quoted(path, limit=200)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        # A path with a NUL is a `ValueError`.
        raise UsageError(f"Cannot read {shown} as {purpose}: {getattr(error, 'strerror', None) or error}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"Cannot read {shown} as {purpose}: it is not a regular file.")
    if status.st_size > maximum_bytes:
        raise UsageError(
            f"Cannot read {shown} as {purpose}: it has {status.st_size:,} bytes; at most {maximum_bytes:,} are read."
        )
    return path


def read_text(path: str | os.PathLike, *, purpose: str, maximum_bytes: int = 2**20) -> str:
    """Returns the text in a file, UTF-8; arguments and errors as of `checked_file`, and for what is no such text."""
    file = checked_file(path, maximum_bytes=maximum_bytes, purpose=purpose)
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"Cannot read {quoted(file, limit=200)} as {purpose}: {why}.") from error
