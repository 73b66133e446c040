"""Where output goes: results alone to standard output, progress and notes to standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from mesascope.core.errors import OutputError
from mesascope.core.progress import Progress
from mesascope.core.text import printable, shown

NOWHERE: str = (
    "Standard output is closed, so there is nowhere to print the result. Redirect it to a file, or to /dev/null."
)

FIRST: float = 5.0
"""Seconds after which progress is first told where there is no terminal, so that nobody takes work for a hang."""
EVERY: float = 15.0
"""Seconds between lines of progress there."""


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


@contextlib.contextmanager
def progress_lines(title: str, write: Callable[[str], None]) -> Iterator[Progress]:
    """Writes what is being done after some seconds, and again every few, also while nothing new was said.

    **Arguments:**

    - `title`: what runs.
    - `write`: gets each line.

    **Returns:** a function of (what is being done, the share that is done).
    """
    latest: list[tuple[str, float]] = [("", 0.0)]
    ended, begun = threading.Event(), time.monotonic()

    def report(words: str, share: float) -> None:
        latest[0] = (words, share)

    def tell() -> None:
        wait = FIRST
        while not ended.wait(wait):
            words, share = latest[0]
            said = f": {shown(words, limit=120)}" if words else ""
            done = f" {share:.0%}" if share > 0 else ""
            write(f"{title}{done}{said} ({time.monotonic() - begun:.0f} s)")
            wait = EVERY

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield report
    finally:
        ended.set()
        teller.join()


def numbered_streams() -> None:
    """Opens whichever of the numbers 0, 1 and 2 are closed to nowhere, so that no file that is opened gets them.

    Standard error that is closed is replaced, so that whoever prints there does no harm; standard output stays `None`,
    because a result that nobody can read is an error.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free, which is this one.
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


@contextlib.contextmanager
def results_alone() -> Iterator[Output]:
    """Keeps standard output for results: whatever else prints while a verb runs, prints to standard error.

    **Returns:** where results go.

    **Raises:** `OutputError` if standard output is closed.
    """
    stream, saved = sys.stdout, None
    if stream is None:
        raise OutputError(NOWHERE)
    try:
        # Code of others may write past Python, too: children, and libraries in C.
        if stream.fileno() == 1:
            stream.flush()
            saved = os.dup(1)
            os.dup2(2, 1)
            stream = os.fdopen(saved, "w", encoding=stream.encoding, errors="replace")
    except (OSError, ValueError, AttributeError):
        # A stream of a test or a notebook, which is no file.
        saved = None
    before, sys.stdout = sys.stdout, sys.stderr
    try:
        yield stream
    finally:
        sys.stdout = before
        if saved is not None:
            with contextlib.suppress(OSError):
                os.dup2(saved, 1)
