"""The command line from its first moment to its last: every way to end becomes one message and an exit code."""

from __future__ import annotations

# Nothing more is imported up here: Ctrl-C is listened to before anything else is loaded.
import contextlib
import gc
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import NoReturn

EXIT_USAGE = 2
EXIT_CRASHED = 70
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141

NOTHING_WRITTEN = "Interrupted: no result was written. The same command starts it again."

_leave = os._exit
"""As it was before code of others was kept from it."""


def run() -> NoReturn:
    """Runs the command line as a process of its own and ends that, whatever an agent registered to run at its end."""
    # Imports and tracing make millions of objects that stay: to look for cycles among them as often as is usual takes
    # one second in thirty.
    gc.set_threshold(100_000, 50, 100)
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    _leave(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    **Arguments:**

    - `argv`: the arguments after the program's name; by default this process's, which Ctrl-C may then end at once.

    **Returns:** the exit code; nothing is raised.
    """
    interrupts = _Interrupts(own_process=argv is None)
    try:
        return _main(list(sys.argv[1:] if argv is None else argv), interrupts)
    finally:
        interrupts.end()


class _Interrupts:
    """Ctrl-C: while a verb works it is raised, so that training keeps a checkpoint; before that it ends the process.

    An import that is interrupted half-way prints tracebacks of its own, or loses the interrupt, so those end it, too.
    """

    def __init__(self, *, own_process: bool):
        self.own_process, self.working = own_process, False
        try:
            self.before = signal.signal(signal.SIGINT, self.handle)
        except ValueError:
            # Not in the main thread, where nobody can interrupt.
            self.before = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        boundary = sys.modules.get("mesascope.core.boundary")
        if boundary is not None and hasattr(boundary, "note_interrupt"):
            boundary.note_interrupt()
        if self.own_process and not (self.working and not _importing(frame)):
            try:
                # Not through a stream, which may be in the middle of a line.
                os.write(2, f"mesascope: {NOTHING_WRITTEN}\n".encode())
            finally:
                _leave(EXIT_INTERRUPTED)
        raise KeyboardInterrupt

    def end(self) -> None:
        if self.before is not None:
            # What is left of a process that has done its work takes no time, and is no place for a traceback.
            signal.signal(signal.SIGINT, signal.SIG_IGN if self.own_process else self.before)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _main(arguments: list[str], interrupts: _Interrupts) -> int:
    debug = "--debug" in arguments
    try:
        from mesascope.cli.console import numbered_streams

        numbered_streams()
        with contextlib.ExitStack() as stack:
            if debug:
                from mesascope.core.faults import tracebacks_shown

                stack.enter_context(tracebacks_shown())
            return _run([argument for argument in arguments if argument != "--debug"], interrupts)
    except BaseException as error:
        message, code = _complaint(error)
        if debug:
            import traceback

            traceback.print_exc()
        if message:
            _tell(message)
        return code


def _run(arguments: list[str], interrupts: _Interrupts) -> int:
    from mesascope.cli.command import HelpAsked, parse
    from mesascope.cli.console import Console, results_alone
    from mesascope.cli.verbs import help_text

    if not arguments or arguments[0] in ("-h", "--help", "help"):
        Console().result(help_text())
        return 0 if arguments else EXIT_USAGE
    if arguments[0] == "--version":
        import importlib.metadata

        Console().result(importlib.metadata.version("mesascope"))
        return 0
    try:
        command = parse(arguments)
    except HelpAsked as help_asked:
        Console().result(str(help_asked))
        return 0
    import logging

    from mesascope.cli.surroundings import prepare_surroundings
    from mesascope.core.boundary import guarded_process
    from mesascope.core.progress import progress_shown_by

    prepare_surroundings()
    with guarded_process(), results_alone() as stream:
        console = Console(quiet=command.output.quiet, results=stream)
        # What a library would log for people, as that an audit will take long, is a note here.
        logging.getLogger("mesascope").setLevel(logging.ERROR if command.output.quiet else logging.WARNING)
        interrupts.working = True
        try:
            with progress_shown_by(console.progress):
                return command.run(console)
        finally:
            interrupts.working = False


def _tell(message: str) -> None:
    # If nobody listens on standard error, the exit code says it.
    with contextlib.suppress(OSError, ValueError):
        print(f"mesascope: {message}", file=sys.stderr, flush=True)


def _complaint(error: BaseException) -> tuple[str, int]:
    """Returns the message, empty if nothing is to be said, and the exit code of a command that an exception ended."""
    from mesascope.cli.console import drop_unwritten
    from mesascope.core.errors import MesascopeError
    from mesascope.core.text import shown

    if isinstance(error, MesascopeError):
        return str(error), error.exit_code
    if isinstance(error, BrokenPipeError):
        # Nobody reads any more. Python would complain again when it flushes at exit.
        drop_unwritten(sys.stdout)
        return "", EXIT_PIPE_CLOSED
    if isinstance(error, KeyboardInterrupt):
        return NOTHING_WRITTEN, EXIT_INTERRUPTED
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in type(error).__name__ + str(error)[:200]:
        return "There is not enough memory for this. Ask for fewer levels, or for a smaller world.", EXIT_USAGE
    if isinstance(error, RuntimeError) and "Unable to initialize backend" in str(error):
        return f"JAX cannot compute here: {shown(error)}", EXIT_USAGE
    if isinstance(error, SystemExit):
        return (
            f"Code that was brought along tried to end the process (exit code {shown(error.code, limit=40)}), so "
            "nothing can be said. It must return."
        ), EXIT_USAGE
    if isinstance(error, OSError) and error.strerror:
        where = f": '{shown(error.filename, limit=200)}'" if error.filename else ""
        return f"The system refused: {shown(error.strerror)}{where}.", EXIT_USAGE
    return (
        f"Mesascope has a fault: {shown(type(error).__name__, limit=80)}: {shown(error)}\n"
        "Please report it with the command and the traceback, which the same command prints with --debug."
    ), EXIT_CRASHED
