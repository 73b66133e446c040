"""The three standard streams: results alone on one, and none of them closed behind anybody's back."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from mesascope.cli.console import NOWHERE, Output
from mesascope.core.errors import OutputError


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
