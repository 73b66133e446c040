"""The folder that a verb writes to, claimed before hours of work and not afterwards."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mesascope.core.errors import OutputError, UsageError
from mesascope.core.files import sha256_of, write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.text import quoted, shown

REQUEST = "request.json"
PROBE_BYTES: int = 2**20
"""Written and removed to find out whether there is room: more than a report and a network take."""


class Record(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in a folder: the request that it answers, and the checksums that each of its files may have.

    While files are being replaced that is two: a run that is killed then leaves some old and some new ones.
    """

    request: dict[str, Any]
    files: dict[str, list[str]]


@dataclass(frozen=True)
class OutputFolder:
    """A folder that can be written to, and what was asked for in it.

    **Arguments:**

    - `path`: the folder; it exists.
    - `request`: every input that the result depends on, JSON-ready.
    - `files`: names of the files that may be written, the request aside.
    """

    path: Path
    request: dict[str, Any]
    files: tuple[str, ...]

    def write(self, contents: Mapping[str, str | bytes]) -> tuple[Path, ...]:
        """Writes files, each whole or not at all, and records what they are; a run that is killed leaves no other kind.

        **Arguments:**

        - `contents`: of each file by its name, one of `files`. Others that an earlier run wrote are removed.

        **Returns:** the paths.

        **Raises:** `OutputError` if something cannot be written.
        """
        assert set(contents) <= set(self.files)
        record, new = _recorded(self.path), {name: [sha256_of(content)] for name, content in contents.items()}
        standing = {name: _checksum(self.path / name) for name in self.files}
        own = [name for name in self.files if record is not None and standing[name] in record.files.get(name, ())]
        old = {name: [checksum] for name, checksum in standing.items() if checksum is not None}
        self._record({name: [*dict.fromkeys(new.get(name, []) + old.get(name, []))] for name in old | new})
        paths = tuple(write_atomically(self.path / name, content) for name, content in contents.items())
        for name in own:
            if name not in contents:
                (self.path / name).unlink(missing_ok=True)
        self._record(new)
        return paths

    def holds(self, contents: Mapping[str, str | bytes]) -> bool:
        """Returns whether files on disk are what was written."""
        return all(_checksum(self.path / name) == sha256_of(content) for name, content in contents.items())

    def _record(self, files: dict[str, list[str]]) -> None:
        text = json.dumps({"request": self.request, "files": files}, indent=2, sort_keys=True) + "\n"
        write_atomically(self.path / REQUEST, text)


def claim(path: Path, request: dict[str, Any], *, files: tuple[str, ...], force: bool | None) -> OutputFolder:
    """Makes a folder and finds out whether results may and can be written there.

    A result is a pure function of its request, so the same request may replace its own result; that of another
    request, and any file that was not written so or was changed since, needs `force`.

    **Arguments:**

    - `path`: the folder.
    - `request`: every input that the result depends on, JSON-ready.
    - `files`: names of all the files that may be written there.
    - `force`: replace whatever stands there; `None` for a verb that has no such option.

    **Raises:** `OutputError` if something else stands there, or nothing can be written.
    """
    if not force:
        way = "Choose" if force is None else "Pass --force to replace it, or choose"
        _check_own(path, request, files, advice=f"{way} another folder with --out.")
    check_writable(path)
    return OutputFolder(path, request, files)


def _check_own(path: Path, request: dict[str, Any], files: tuple[str, ...], *, advice: str) -> None:
    record = _recorded(path)
    standing = [name for name in files if os.path.lexists(path / name)]
    foreign, why = None, "nothing says who wrote it"
    if record is None:
        foreign = next(iter(standing), REQUEST if os.path.lexists(path / REQUEST) else None)
    else:
        for name in standing:
            if name not in record.files or _checksum(path / name) not in record.files[name]:
                foreign, why = name, "it was changed since" if name in record.files else why
                break
    if foreign is not None:
        raise OutputError(f"{quoted(path / foreign, limit=200)} exists already, and {why}. {advice}")
    if standing and record is not None and record.request != request:
        raise OutputError(
            f"{quoted(path / standing[0], limit=200)} exists already and answers another question "
            f"({_difference(record.request, request)}). {advice}"
        )


def check_writable(path: Path) -> None:
    """Makes a folder and writes and removes a file in it; `OutputError` if it cannot."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise OutputError(
            f"Cannot write to the folder {quoted(path, limit=200)}: {error.strerror or error}. Choose another one with "
            "--out."
        ) from error


def wrote(file: Path) -> bool:
    """Returns whether a verb wrote a file, as it is now, into its folder."""
    record = _recorded(file.parent)
    return record is not None and _checksum(file) in record.files.get(file.name, ())


def rewrite(file: Path, content: str | bytes) -> None:
    """Replaces a file that a verb wrote into its folder, and records what it is now."""
    record = _recorded(file.parent)
    assert record is not None
    folder = OutputFolder(file.parent, record.request, (file.name,))
    new, old = sha256_of(content), record.files[file.name]
    folder._record({**record.files, file.name: [new, *old]})
    write_atomically(file, content)
    folder._record({**record.files, file.name: [new]})


def _recorded(path: Path) -> Record | None:
    try:
        return read_json(path / REQUEST, purpose="a request", form=Record)
    except UsageError:
        return None


def _checksum(path: Path) -> str | None:
    try:
        # Opening a pipe that nobody writes to would wait for ever.
        return sha256_of(path) if path.is_file() else None
    except OSError:
        return None


def _difference(recorded: dict[str, Any], request: dict[str, Any]) -> str:
    differing = sorted(key for key in recorded.keys() | request.keys() if recorded.get(key) != request.get(key))
    return "; ".join(
        f"{shown(key, limit=40)} was {shown(repr(recorded.get(key)), limit=80)}, now "
        f"{shown(repr(request.get(key)), limit=80)}"
        for key in differing[:2]
    )
