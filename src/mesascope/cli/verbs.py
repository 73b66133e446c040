"""The verbs of the command line: what each does, and how its arguments become a command."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mesascope.cli.command import Command
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.registry import load_target

NARROWEST, WIDEST = 40, 200
"""Columns of a help."""


@dataclass(frozen=True)
class Verb:
    """A verb.

    **Arguments:**

    - `target`: its class as `module:attribute`.
    - `summary`: its one line in the help.
    - `examples`: arguments with which it can be run as they stand, two of them.
    """

    target: str
    summary: str
    examples: tuple[str, str]


@dataclass(frozen=True)
class Group:
    """Verbs that share a first word.

    **Arguments:**

    - `summary`: one line in the help.
    - `verbs`: by their second word.
    - `default`: the one that the first word alone means, if any.
    """

    summary: str
    verbs: dict[str, Verb]
    default: str | None = None


CHECKS = Group(
    "recompute all known answers; or test a world of your own, an assay, or whether a world fits an agent",
    {
        "answers": Verb(
            "mesascope.cli.check_answers:CheckAnswers",
            "recompute the known answers that the paper rests on",
            ("", "--section 4.5"),
        ),
        "world": Verb(
            "mesascope.cli.check_world:CheckWorld",
            "test that a world keeps the contract",
            ("corner", "gym:FrozenLake-v1 --world-option is_slippery=false"),
        ),
        "assay": Verb(
            "mesascope.cli.check_assay:CheckAssay",
            "test an assay on agents of which it is known whether they search",
            ("novelty", "conflict --json"),
        ),
        "fit": Verb(
            "mesascope.cli.check_fit:CheckFit",
            "say whether a world shows an agent what it was trained on",
            ("corner", "corner --world corner --levels 16"),
        ),
    },
    default="answers",
)
BANK = Group(
    "list, build and score the agents that search detection is judged by",
    {
        "list": Verb("mesascope.cli.bank:BankList", "list the agents", ("", "--smoke --json")),
        "build": Verb("mesascope.cli.bank:BankBuild", "train what they are made of", ("--smoke", "")),
        "score": Verb("mesascope.cli.bank:BankScore", "run every assay on every agent", ("--smoke", "--processes 1")),
    },
)
CHALLENGE = Group(
    "sealed organisms to be named, and the score of answers",
    {
        "make": Verb("mesascope.cli.challenge:ChallengeMake", "make a challenge", ("", "--specimens 1")),
        "answer": Verb("mesascope.cli.challenge:ChallengeAnswer", "let the battery answer it", ("", "--json")),
        "score": Verb(
            "mesascope.cli.challenge:ChallengeScore",
            "score answers to it",
            ("answers.json", "answers.json --challenge runs/challenge"),
        ),
    },
)

GROUPS: dict[str, dict[str, Verb | Group]] = {
    "Audit": {
        "audit": Verb(
            "mesascope.cli.audit:Audit",
            "ask the three questions about an agent and write a report",
            ("", "corner --require robust --json"),
        ),
        "search": Verb(
            "mesascope.cli.search:Search",
            "ask whether an agent searches, and how far it looks ahead",
            ("corner", "corner --levels 64 --json"),
        ),
        "objective": Verb(
            "mesascope.cli.objective:Objective",
            "recover what an agent is after, and what stays open",
            ("corner", "corner --edits 2"),
        ),
        "battery": Verb(
            "mesascope.cli.battery:Battery",
            "say what kind of alignment it is, test by test",
            ("corner", "instrumental --levels 3"),
        ),
        "witness": Verb(
            "mesascope.cli.witness:WitnessVerb",
            "search for the worst level in which an agent is able",
            ("corner", "corner --budget 256 --out runs/corner-0-witness"),
        ),
    },
    "Look": {
        "list": Verb(
            "mesascope.cli.list:List", "worlds, objectives, organisms and assays", ("", "objectives --world maze")
        ),
        "show": Verb(
            "mesascope.cli.show:Show",
            "draw levels, paths and policies",
            ("maze", "corner --agent corner --levels 1 --out corner.svg"),
        ),
        "report": Verb(
            "mesascope.cli.report:Remake",
            "write the page of a saved report again",
            ("runs/corner-0", "runs/corner-0 --out again.html"),
        ),
        "compare": Verb(
            "mesascope.cli.compare:Compare",
            "put two agents or saved audits side by side: what changed, with intervals",
            ("runs/corner-0 runs/corner-1", "corner corner --second-deterministic --levels 64 --json"),
        ),
        "table": Verb(
            "mesascope.cli.table:Table",
            "read the saved audits of many runs as one table",
            ("runs", "runs --out table.parquet"),
        ),
        "distance": Verb(
            "mesascope.cli.distance:Distance",
            "compare two rewards: STARC, EPIC, DARD, NPEC, ERC",
            ("cheese corner", "cheese=1,corner=0.5 cheese --outer"),
        ),
        "onset": Verb(
            "mesascope.cli.onset:Onset",
            "say when deception pays: threat, horizon, discount, cue accuracy",
            ("", "--threat 0.3 --cue-accuracy 0.9"),
        ),
    },
    "Make": {
        "train": Verb(
            "mesascope.cli.train:Train",
            "train a model organism; the same command resumes",
            ("corner", "corner --seeds 2"),
        ),
        "bank": BANK,
        "challenge": CHALLENGE,
    },
    "Check": {"check": CHECKS},
}
"""Verbs by what one wants."""

NAMES: dict[str, Verb | Group] = {name: verb for verbs in GROUPS.values() for name, verb in verbs.items()}

HELP = """usage: mesascope VERB [ARGUMENTS]

Does a trained agent search, for what, and is it aligned?

{verbs}

  mesascope VERB --help   arguments of a verb, and examples
  --debug                 with any verb: show the traceback of an error
  --version               print the version

Exit codes: 0 ran; 1 a gate (--fail-on, --require) or a check failed; 2 something given cannot be used;
3 inconclusive under a gate; 4 a model file was refused; 70 a fault in Mesascope; 130 interrupted."""


class HelpAsked(Exception):
    """The help of a verb, which was asked for instead of running it."""


def every_verb() -> dict[str, Verb]:
    """Returns all verbs by their full names, those of two words among them."""
    found: dict[str, Verb] = {}
    for name, verb in NAMES.items():
        found |= (
            {f"{name} {second}": member for second, member in verb.verbs.items()}
            if isinstance(verb, Group)
            else {name: verb}
        )
    return found


def help_text() -> str:
    """Returns the help of the whole command line."""
    width = max(map(len, NAMES))
    blocks = [
        "\n".join([f"{want}:", *(f"  {name:{width}}  {verb.summary}" for name, verb in verbs.items())])
        for want, verbs in GROUPS.items()
    ]
    return HELP.format(verbs="\n\n".join(blocks))


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
