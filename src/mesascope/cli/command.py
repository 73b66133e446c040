"""What a verb of the command line is: a frozen dataclass whose fields are its arguments."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mesascope.cli.console import Console
from mesascope.core.errors import MesascopeError


@runtime_checkable
class Prints(Protocol):
    """What every verb can be told about what it prints; see `mesascope.cli.options.output`."""

    @property
    def quiet(self) -> bool:
        """Whether progress and notes are left out."""
        ...


@runtime_checkable
class Command(Protocol):
    """A verb.

    A concrete verb is a frozen dataclass in a file of its name. Its fields are its arguments and options, or groups of
    them (`mesascope.cli.options`); their docstrings are the help. Anything slow to import is imported inside `run`.
    """

    @property
    def output(self) -> Prints:
        """What is printed, and where results go."""
        ...

    def run(self, console: Console) -> int:
        """Does the work and returns the exit code.

        **Arguments:**

        - `console`: where results, notes and progress go.

        **Raises:** `MesascopeError` for whatever a user can cause.
        """
        ...


class Interrupted(MesascopeError):
    """Ctrl-C, with what is left to say: what stands on disk and how to go on."""

    exit_code = 130
