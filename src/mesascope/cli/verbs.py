"""The verbs of the command line: what each does, and how its arguments become a command."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mesascope.cli.command import Command
from mesascope.core.errors import UsageError
from mesascope.core.registry import load_target

NARROWEST, WIDEST = 40, 200
"""Columns of a help."""


@dataclass(frozen=True)
class Verb:
    """A verb's class as `module:attribute`, and its one line in the help."""

    target: str
    summary: str


VERBS: dict[str, Verb] = {
    "audit": Verb("mesascope.cli.audit:Audit", "ask the three questions about an agent and write a report"),
    "search": Verb("mesascope.cli.search:Search", "ask whether an agent searches, and how far it looks ahead"),
    "objective": Verb("mesascope.cli.objective:Objective", "recover what an agent is after, and what stays open"),
    "battery": Verb("mesascope.cli.battery:Battery", "say what kind of alignment it is, test by test"),
    "witness": Verb("mesascope.cli.witness:WitnessVerb", "search for the worst level in which an agent is able"),
    "distance": Verb("mesascope.cli.distance:Distance", "compare two rewards: STARC, EPIC, DARD, NPEC, ERC"),
    "onset": Verb("mesascope.cli.onset:Onset", "say when deception pays: threat, horizon, discount, cue accuracy"),
    "train": Verb("mesascope.cli.train:Train", "train a model organism; the same command resumes"),
    "list": Verb("mesascope.cli.list:List", "worlds, objectives, organisms and assays"),
    "show": Verb("mesascope.cli.show:Show", "draw levels, paths and policies"),
    "report": Verb("mesascope.cli.report:Remake", "write the HTML of a saved report again"),
    "compare": Verb(
        "mesascope.cli.compare:Compare", "put two saved reports side by side: what changed, with intervals"
    ),
    "bank": Verb("mesascope.cli.bank:Bank", "list, build and score the agents that search detection is judged by"),
    "challenge": Verb(
        "mesascope.cli.challenge:ChallengeCommand", "sealed organisms to be named, and the score of answers"
    ),
    "check": Verb(
        "mesascope.cli.check:Check",
        "recompute all known answers; or test a world of your own, an assay, or whether a world fits an agent",
    ),
}

HELP = """usage: mesascope VERB [ARGUMENTS]

Does a trained agent search, for what, and is it aligned?

{verbs}

  mesascope VERB --help   arguments of a verb
  --debug                 with any verb: show the traceback of an error
  --version               print the version

Exit codes: 0 ran; 1 a gate (--fail-on, --require) or a check failed; 2 something given cannot be used;
3 inconclusive under a gate; 4 a model file was refused; 70 a fault in Mesascope; 130 interrupted."""


class HelpAsked(Exception):
    """The help of a verb, which was asked for instead of running it."""


def help_text() -> str:
    """Returns the help of the whole command line."""
    width = max(map(len, VERBS))
    return HELP.format(verbs="\n".join(f"  {name:{width}}  {verb.summary}" for name, verb in VERBS.items()))


def parse(name: str, arguments: Sequence[str]) -> Command:
    """Returns the command that a verb and its arguments mean, every option of it checked.

    **Arguments:**

    - `name`: one of `VERBS`.
    - `arguments`: what follows it.

    **Raises:** `UsageError` in one line for arguments that cannot be used; `HelpAsked` with the text of the help.
    """
    import tyro

    from mesascope.cli.options.kinds import check_refused, check_repeated

    verb: type[Command] = load_target(VERBS[name].target)  # pyright: ignore[reportAssignmentType]
    options = (tyro.conf.FlagCreatePairsOff,)
    # Into buffers, which are no terminal: without colours, and one line in place of a box.
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as complaint:
        try:
            with _bearable_width():
                command = tyro.cli(verb, prog=f"mesascope {name}", args=list(arguments), config=options)
        except SystemExit as stop:
            if not stop.code:
                raise HelpAsked(out.getvalue().strip("\n")) from None
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
