"""What a verb prints, where its result goes, and which question it answers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeFolder
from mesascope.cli.output_folder import OutputFolder, claim
from mesascope.core.errors import OutputError
from mesascope.core.files import sha256_of
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.cli.command import Command
    from mesascope.report.data.saved_report import SavedReport

NOT_INPUTS = ("out", "force", "json", "quiet", "fail_on", "require", "most_episodes", "must_hold", "processes")
"""Fields that no result depends on."""


@dataclass(frozen=True)
class PrintOptions:
    """How a verb prints its result."""

    json: bool = False
    """Print one JSON object instead of text."""
    quiet: bool = False
    """Leave out progress and notes."""


@dataclass(frozen=True)
class OutputOptions(PrintOptions):
    """How a verb prints its result, and where it writes it."""

    out: MaybeFolder = None
    """The folder that the result goes to; by default one in runs, and none for onset and witness."""
    force: bool = False
    """Replace a result about something else."""

    @overload
    def claimed(self, command: Command, files: tuple[str, ...], place: Path) -> OutputFolder: ...
    @overload
    def claimed(self, command: Command, files: tuple[str, ...], place: Path | None = None) -> OutputFolder | None: ...
    def claimed(self, command: Command, files: tuple[str, ...], place: Path | None = None) -> OutputFolder | None:
        """Returns the folder that a verb's result goes to, once it is known that it may.

        **Arguments:**

        - `command`: whose result it is.
        - `files`: names of all the files that may be written.
        - `place`: where they go unless the user chose another folder; `None` for nowhere.

        **Raises:** as `claim`.
        """
        folder = self.out or place
        return None if folder is None else claim(folder, request_of(command), files=files, force=self.force)

    def give(self, report: SavedReport, console: Console, folder: OutputFolder | None) -> None:
        """Writes a report's files into the folder that was claimed for them, if any, and prints it."""
        paths = () if folder is None else folder.write(report.contents())
        if self.json:
            console.result(report.to_json().rstrip())
        else:
            console.result(report.text(width=console.width, encoding=console.encoding))
        for path in paths:
            console.note(f"Report  {path}")


def request_of(command: Command) -> dict[str, Any]:
    """Returns every input that a verb's result depends on, JSON-ready.

    An agent's file goes in by its checksum: another agent under the same name is another question.
    """
    request = {
        name: list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value
        for name, value in options_of(command)
        if name not in NOT_INPUTS
    }
    for name in ("agent", "first", "second", "preferences", "property", "level"):
        file = Path(str(request.get(name) or ""))
        if file.is_file():
            request[f"{name}_sha256"] = sha256_of(file)
    return request


def options_of(command: Any) -> Iterator[tuple[str, Any]]:
    """Yields the name and value of every option of a verb, those of its groups among them."""
    for field in fields(command):
        value = getattr(command, field.name)
        if is_dataclass(value):
            yield from options_of(value)
        else:
            yield field.name, value


def result_folder(agent: str, seed: int, kind: str = "") -> Path:
    """Returns the folder that a result goes to if the user chose none.

    **Arguments:**

    - `agent`: as it was given, `seed` of the run and `kind` of the result: parts of the name.
    """
    name = Path(agent).stem if os.path.exists(agent) else agent
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:100]
    return Path("runs") / "-".join(filter(None, (name or "agent", str(seed), kind)))


def check_new(file: Path | None, *, force: bool) -> None:
    """Raises `OutputError` if a file that was asked for stands there already and may not be replaced."""
    if file is not None and os.path.lexists(file) and not force:
        raise OutputError(
            f"{quoted(file, limit=200)} exists already. Pass --force to replace it, or choose another place."
        )
