"""Progress where there is no terminal: a line now and then, so that nobody takes work for a hang."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from mesascope.core.progress import Progress
from mesascope.core.text import shown

FIRST: float = 5.0
"""Seconds after which the first line is written."""
EVERY: float = 15.0
"""Seconds between lines."""


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
