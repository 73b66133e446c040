"""Where output goes: results to standard output, progress and notes to standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from mesascope.cli.progress_lines import progress_lines
from mesascope.core.errors import OutputError
from mesascope.core.progress import Progress
from mesascope.core.text import printable, shown

NOWHERE: str = (
    "Standard output is closed, so there is nowhere to print the result. Redirect it to a file, or to /dev/null."
)


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
        self._showing: Callable[[str], None] | None = None
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
        """Prints a result.

        **Raises:** `OutputError` if it cannot be printed; `BrokenPipeError` if its reader has gone away.
        """
        # Without what moves a cursor or hides, whoever wrote it; JSON still says the same.
        text = printable(text, limit=None)
        stream = self.results
        if stream is None:
            raise OutputError(NOWHERE)
        try:
            # Flushed at once, so that a reader who has gone away is noticed here and not while Python shuts down.
            print(text.encode(self.encoding, "replace").decode(self.encoding), file=stream, flush=True)
        except OSError as error:
            drop_unwritten(stream)
            if isinstance(error, BrokenPipeError):
                raise
            raise OutputError(f"Cannot print the result: {error.strerror or error}.") from error

    def note(self, text: str) -> None:
        """Prints a line for people that is not a result."""
        if not self.quiet:
            # Whoever closed or filled standard error does without.
            with contextlib.suppress(OSError, ValueError):
                print(printable(text), file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """Shows what is being done while something long runs: a bar on a terminal, elsewhere a line now and then.

        Inside another progress it adds to the words of that one.

        **Arguments:**

        - `title`: what runs.

        **Returns:** a function of (what is being done, the share that is done).
        """
        title = shown(title, limit=120)
        if self.quiet:
            yield lambda words, share: None
        elif self._showing is not None:
            outer = self._showing
            yield lambda words, share: outer(f"{title}: {words}")
        else:
            latest = [0.0]
            with self._bar(title) if sys.stderr.isatty() else progress_lines(title, self.note) as report:

                def report_shown(words: str, share: float) -> None:
                    latest[0] = share
                    report(shown(words, limit=120), share)

                self._showing = lambda words: report(shown(words, limit=120), latest[0])
                try:
                    yield report_shown
                finally:
                    self._showing = None

    @contextlib.contextmanager
    def _bar(self, title: str) -> Iterator[Progress]:
        from rich.console import Console as Terminal
        from rich.markup import escape
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[words]}")
        with Bar(*columns, console=Terminal(stderr=True), transient=True) as bar:
            task = bar.add_task(escape(title), total=1.0, words="")
            yield lambda words, share: bar.update(task, completed=share, words=escape(words))


def drop_unwritten(stream: Output) -> None:
    """Lets what a stream could not write disappear; Python would complain about it once more when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # pyright: ignore[reportAttributeAccessIssue]
        os.close(nowhere)
        stream.flush()
