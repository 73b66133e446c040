"""The boundary around code of others: agents, worlds, environments, objective functions, plug-ins.

Whatever such code does (raises, exits, prints, interrupts) becomes one named error that says whose fault it is.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

from mesascope.core.errors import MesascopeError
from mesascope.core.text import shown


class ProcessExit(SystemExit):
    """An attempt to end the process at once (`os._exit`, `os.exec`), caught by `guarded_process`."""


_interrupted = threading.Event()
"""Set when the user pressed Ctrl-C: what tells that from a `KeyboardInterrupt` which code of others raised."""


def note_interrupt() -> None:
    """Says that the user has asked to stop; called by the handler of the command line."""
    _interrupted.set()


@contextlib.contextmanager
def code_of_others(who: str, doing: str, *, error: type[MesascopeError]) -> Iterator[None]:
    """Runs code of others: leaves with an `error` that names it, however that code leaves.

    What it prints goes to standard error, so that results stay alone on standard output.

    **Arguments:**

    - `who`: whose code it is, as the subject of a sentence (`"Agent 'policy'"`, `"World 'lake'"`).
    - `doing`: what it was asked for (`"when asked about observations of shape [4, 9]"`).
    - `error`: what is raised, with `who` at fault.

    **Raises:** `error` for exceptions of any kind, `sys.exit`, `os._exit` and an interrupt that the user did not ask
    for. A `MesascopeError` passes as it is, and so does the user's Ctrl-C.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except MesascopeError as known:
        # Others may derive from ours, and give it an exit code that says all is well.
        if type(known).__module__.partition(".")[0] != __name__.partition(".")[0] or "exit_code" in vars(known):
            raise error(f"{who} raised {shown(type(known).__name__, limit=80)} {doing}: {shown(known)}") from known
        raise
    except KeyboardInterrupt as interrupt:
        if _interrupted.is_set() or not _commanded():
            raise
        raise error(f"{who} raised KeyboardInterrupt {doing}, though nobody interrupted.") from interrupt
    except MemoryError as cause:
        raise error(f"{who} asked for more memory than there is {doing}.") from cause
    except SystemExit as cause:
        how = "end the process" if isinstance(cause, ProcessExit) else f"exit with code {shown(cause.code, limit=40)}"
        raise error(f"{who} tried to {how} {doing}; it must return.") from cause
    except BaseException as cause:
        # GeneratorExit and exceptions of their own, too: nothing that others raise ends an audit unnamed.
        raise error(f"{who} raised {shown(type(cause).__name__, limit=80)} {doing}: {shown(cause)}") from cause


_held: list[MesascopeError] = []


def hold(error: MesascopeError) -> None:
    """Keeps an error of code that compiled programs call back, out of which nothing can be raised; see `raise_held`."""
    _held.append(error)


def raise_held() -> None:
    """Raises the first error that is held, if there is one: to be called where the result of such a program is used."""
    if _held:
        first = _held[0]
        _held.clear()
        raise first


_guard: list[int] = []


def _commanded() -> bool:
    """Whether a command line runs, whose handler would have noted a true interrupt."""
    return bool(_guard)


@contextlib.contextmanager
def guarded_process() -> Iterator[None]:
    """Keeps code of others from ending this process behind the back of a command, with whatever exit code it likes.

    Children made by `fork` end as they always do.
    """
    names = [name for name in ("_exit", "execv", "execve") if hasattr(os, name)]
    # The module under `os` has the same functions under the same names.
    homes = [os, *(sys.modules[name] for name in ("posix", "nt") if name in sys.modules)]
    before = {name: getattr(os, name) for name in names}
    own = os.getpid()

    def refusing(name: str):
        def refuse(*arguments, **options):
            if os.getpid() != own:
                return before[name](*arguments, **options)
            raise ProcessExit(f"os.{name}")

        return refuse

    _guard.append(own)
    _interrupted.clear()
    for home in homes:
        for name in names:
            setattr(home, name, refusing(name))
    try:
        yield
    finally:
        for home in homes:
            for name in names:
                setattr(home, name, before[name])
        _guard.pop()
