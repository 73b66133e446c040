"""Progress of work that takes long, shown by whoever listens: a command line does, a library does not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar

Progress = Callable[[str, float], None]
"""Called with what is being done and the share that is done, in [0, 1]."""


def unheard(what: str, share: float) -> None:
    """The progress of what nobody listens to."""


Opener = Callable[[str], AbstractContextManager[Progress]]
"""Shows the progress of what a title names for as long as the context lasts."""

_opener: ContextVar[Opener | None] = ContextVar("opener", default=None)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Shows progress while something long runs, deep down where no listener was passed to.

    **Arguments:**

    - `title`: what runs (`"Enumerating Taxi-v3"`).

    **Returns:** a function of (what is being done, the share that is done); it does nothing where nobody listens.
    """
    opener = _opener.get()
    if opener is None:
        yield unheard
        return
    with opener(title) as report:
        yield report


@contextlib.contextmanager
def progress_shown_by(opener: Opener) -> Iterator[None]:
    """Lets `opener` show the progress of whatever runs meanwhile."""
    token = _opener.set(opener)
    try:
        yield
    finally:
        _opener.reset(token)
