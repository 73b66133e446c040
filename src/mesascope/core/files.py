"""Files: written whole or not at all, read only after a look at their size."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from mesascope.core.errors import OutputError, UsageError


def write_atomically(path: str | os.PathLike, content: str | bytes, *, overwrite: bool = True) -> Path:
    """Writes a file under a temporary name beside its goal and renames it.

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
        raise OutputError(f"'{path}' exists already. Pass --force to replace it, or choose another place with --out.")
    data = content.encode() if isinstance(content, str) else content
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise OutputError(
            f"Cannot write '{path}': {error.strerror or error}. Choose another place with --out."
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    return path


def checked_file(path: str | os.PathLike, *, maximum_bytes: int, purpose: str) -> Path:
    """Returns the path of a regular file that is small enough to be read.

    **Arguments:**

    - `path`: the file.
    - `maximum_bytes`: the cap; a larger file is refused before it is opened.
    - `purpose`: what it is to be read as, for the message (`"a report"`).

    **Raises:** `UsageError` if it is missing, not a regular file, or larger than the cap.
    """
    path = Path(path)
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError(f"Cannot read '{path}' as {purpose}: {error.strerror or error}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"Cannot read '{path}' as {purpose}: it is not a regular file.")
    if status.st_size > maximum_bytes:
        raise UsageError(
            f"Cannot read '{path}' as {purpose}: it has {status.st_size:,} bytes; at most {maximum_bytes:,} are read."
        )
    return path
