"""From the arguments of a verb to the command that they mean: a frozen dataclass whose fields they are."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mesascope.cli.verbs import NAMES, Group, Verb
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.registry import load_target

if TYPE_CHECKING:
    from mesascope.cli.console import Console
    from mesascope.cli.options.output import PrintOptions

NARROWEST, WIDEST = 40, 200
"""Columns of a help."""


@runtime_checkable
class Command(Protocol):
    """A verb.

    A concrete verb is a frozen dataclass in a file of its name. Its fields are its arguments and options, or groups of
    them (`mesascope.cli.options`); their docstrings are the help. Anything slow to import is imported inside `run`.
    """

    @property
    def output(self) -> PrintOptions:
        """What is printed, and where results go."""
        ...

    def run(self, console: Console) -> int:
        """Does the work and returns the exit code.

        **Arguments:**

        - `console`: where results, notes and progress go.

        **Raises:** `MesascopeError` for whatever a user can cause.
        """
        ...


class HelpAsked(Exception):
    """The help of a verb, which was asked for instead of running it."""


def parse(arguments: Sequence[str]) -> Command:
    """Returns the command that a verb and its arguments mean, every option of it checked.

    **Arguments:**

    - `arguments`: a verb and what follows it.

    **Raises:** `UsageError` in one line for what cannot be used; `HelpAsked` with the text of the help.
    """
    name, *rest = arguments
    if name not in NAMES:
        raise UnknownNameError("verb", name, NAMES)
    verb = NAMES[name]
    if isinstance(verb, Group):
        name, verb, rest = _member(name, verb, rest)
    return _parsed(name, verb, rest)


def _member(name: str, group: Group, arguments: Sequence[str]) -> tuple[str, Verb, Sequence[str]]:
    """Returns the full name of a verb of a group, the verb, and what follows it."""
    if arguments and arguments[0] in ("-h", "--help"):
        raise HelpAsked(_group_help(name, group))
    if arguments and not arguments[0].startswith("-"):
        second, rest = arguments[0], arguments[1:]
        if second not in group.verbs:
            raise UnknownNameError(f"verb of 'mesascope {name}'", second, group.verbs)
    elif group.default is not None:
        second, rest = group.default, arguments
    else:
        raise UsageError(f"What to do? Name it: mesascope {name} {'|'.join(group.verbs)}.")
    return f"{name} {second}", group.verbs[second], rest


def _group_help(name: str, group: Group) -> str:
    width = max(map(len, group.verbs))
    lines = [f"  {second:{width}}  {verb.summary}" for second, verb in group.verbs.items()]
    alone = [] if group.default is None else ["", f"`mesascope {name}` alone means `mesascope {name} {group.default}`."]
    further = ["", f"  mesascope {name} {next(iter(group.verbs))} --help   arguments and examples"]
    return "\n".join([f"usage: mesascope {name} VERB [ARGUMENTS]", "", *lines, *alone, *further])


def _parsed(name: str, verb: Verb, arguments: Sequence[str]) -> Command:
    import tyro

    from mesascope.cli.options.kinds import check_refused, check_repeated

    form: type[Command] = load_target(verb.target)  # pyright: ignore[reportAssignmentType]
    options = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)
    # Into buffers, which are no terminal: without colours, and one line in place of a box.
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as complaint:
        try:
            with _bearable_width():
                command = tyro.cli(form, prog=f"mesascope {name}", args=list(arguments), config=options)
        except SystemExit as stop:
            if not stop.code:
                examples = "\n".join(f"  mesascope {name} {example}".rstrip() for example in verb.examples)
                raise HelpAsked(f"{out.getvalue().strip()}\n\nexamples:\n{examples}") from None
            check_refused(complaint.getvalue())
            raise UsageError(_one_line(complaint.getvalue(), name)) from None
    check_repeated(command)
    return command


@contextlib.contextmanager
def _bearable_width() -> Iterator[None]:
    """Lets help be as wide as the terminal within reason: in a column or two its boxes never come to an end."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(min(max(shutil.get_terminal_size((100, 24)).columns, NARROWEST), WIDEST))
    try:
        yield
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before


def _one_line(complaint: str, verb: str) -> str:
    """The words in a box of tyro, without its title."""
    lines = [line.strip(" -\u2500\u256d\u256e\u256f\u2570\u2502") for line in complaint.splitlines()]
    words = " ".join([line for line in lines if line][1:]).split("For full helptext")[0].strip().rstrip(".")
    return f"{words[:1].upper()}{words[1:]}. See: mesascope {verb} --help"
