"""What a verb of the command line is: a frozen dataclass whose fields are its arguments."""

from __future__ import annotations

import abc

from mesascope.cli.console import Console
from mesascope.core.errors import MesascopeError


class Command(abc.ABC):
    """A verb.

    A concrete verb is a frozen dataclass in a file of its name. Its fields are its arguments and options, their
    docstrings the help. Anything slow to import is imported inside `run`.
    """

    quiet: bool
    """Whether progress and notes are left out."""

    @abc.abstractmethod
    def run(self, console: Console) -> int:
        """Does the work and returns the exit code.

        **Arguments:**

        - `console`: where results, notes and progress go.

        **Raises:** `MesascopeError` for whatever a user can cause.
        """


class Interrupted(MesascopeError):
    """Ctrl-C, with what is left to say: what stands on disk and how to go on."""

    exit_code = 130
