"""Errors that say what was given, why it cannot be, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mesascope.core.text import printable, quoted, shown

LISTED: int = 60
"""Names that a message lists."""


class MesascopeError(Exception):
    """Base of every error that a user can cause; the command line prints its text and exits with `exit_code`.

    Its text is fit to be printed whatever went into it: no control characters, and of bounded length.
    """

    exit_code: int = 2

    def __str__(self) -> str:
        return printable(super().__str__())


class UsageError(MesascopeError):
    """An argument, option or name that cannot be used as given."""


class UnknownNameError(UsageError):
    """A name that is not registered.

    **Arguments:**

    - `kind`: what was looked for, singular (`"world"`, `"objective"`).
    - `given`: the name that was asked for.
    - `known`: every name that would have been accepted.
    """

    def __init__(self, kind: str, given: str, known: Iterable[str]):
        self.kind, self.given, self.known = kind, given, sorted(known)
        nearest = difflib.get_close_matches(given[:200], self.known, n=1, cutoff=0.4)
        hint = f" Did you mean {quoted(nearest[0])}?" if nearest else ""
        listed = ", ".join(shown(name, limit=80) for name in self.known[:LISTED]) if self.known else "none"
        more = f" and {len(self.known) - LISTED} more" if len(self.known) > LISTED else ""
        super().__init__(f"There is no {kind} named {quoted(given)}.{hint} Known: {listed}{more}.")


class MissingExtraError(UsageError):
    """A feature that needs packages outside the core.

    **Arguments:**

    - `feature`: what was asked for.
    - `extra`: the name of the pip extra that provides it.
    - `missing`: the module that could not be imported.
    """

    def __init__(self, feature: str, extra: str, missing: str):
        super().__init__(
            f"{feature} needs the package '{missing}', which is not installed. "
            f'Install it from the checkout with: python -m pip install -e ".[{extra}]"'
        )


class WorldError(MesascopeError):
    """A world, or a level of it, that breaks the contract or cannot be made."""


class AgentError(MesascopeError):
    """An agent that raised, or returned something that is not a policy."""


class OutputError(MesascopeError):
    """A result that could not be written; whatever stood there before is untouched."""


class TrainingError(MesascopeError):
    """A training run that cannot start, resume or go on (for example because a number stopped being finite)."""


class UntrustedModelError(MesascopeError):
    """A model file that is refused before any code in it could run.

    **Arguments:**

    - `reason`: why it is refused and what to do.
    - `path`: the file.
    - `field`: the part of the file at fault, when it can be named.
    """

    exit_code = 4

    def __init__(self, reason: str, *, path: object, field: str | None = None):
        self.reason, self.path, self.field = reason, str(path), field
        where = f" ({shown(field, limit=120)})" if field else ""
        super().__init__(f"Cannot load {quoted(path, limit=200)}{where}: {reason}")
