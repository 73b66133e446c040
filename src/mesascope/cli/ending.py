"""What is said when a command ends by an exception, and the exit code that goes with it."""

from __future__ import annotations

import sys

from mesascope.cli.console import drop_unwritten
from mesascope.cli.main import EXIT_CRASHED, EXIT_INTERRUPTED, EXIT_PIPE_CLOSED, EXIT_USAGE, NOTHING_WRITTEN
from mesascope.core.errors import MesascopeError
from mesascope.core.text import shown


def complaint(error: BaseException) -> tuple[str, int]:
    """Returns the message, empty if nothing is to be said, and the exit code of a command that an exception ended."""
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
