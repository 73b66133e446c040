"""Where output goes: results to standard output, progress and notes to standard error."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

Progress = Callable[[str, float], None]
"""Called with what is being done and the share that is done, in [0, 1]."""


@runtime_checkable
class Output(Protocol):
    """What can be printed to: a terminal, a file, a buffer."""

    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...
    def isatty(self) -> bool: ...


class Console:
    """The terminal as the verbs see it.

    **Arguments:**

    - `quiet`: leave out notes and progress.
    - `results`: where results go; by default standard output.
    """

    def __init__(self, *, quiet: bool = False, results: Output | None = None):
        self.quiet = quiet
        self.results = sys.stdout if results is None else results

    @property
    def width(self) -> int:
        """Columns that a result may take: those of the terminal, 100 where there is none."""
        return shutil.get_terminal_size((100, 24)).columns

    @property
    def encoding(self) -> str:
        """Of results."""
        return getattr(self.results, "encoding", None) or "utf-8"

    def result(self, text: str) -> None:
        """Prints a result."""
        # Flushed at once, so that a reader who has gone away is noticed here and not while Python shuts down.
        print(text.encode(self.encoding, "replace").decode(self.encoding), file=self.results, flush=True)

    def note(self, text: str) -> None:
        """Prints a line for people that is not a result."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """Shows a bar on standard error while something long runs, if that is a terminal.

        **Arguments:**

        - `title`: what runs.

        **Returns:** a function of (what is being done, the share that is done).
        """
        if self.quiet or not sys.stderr.isatty():
            yield lambda words, share: None
            return
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[words]}")
        with Bar(*columns, console=Terminal(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=1.0, words="")
            yield lambda words, share: bar.update(task, completed=share, words=words)
