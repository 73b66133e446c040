"""The command line: finds the verb, runs it, and turns every way to end into a message and an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mesascope.cli.command import Command
from mesascope.cli.compilation_cache import use_compilation_cache
from mesascope.cli.console import Console, Output
from mesascope.core.boundary import guarded_process, note_interrupt
from mesascope.core.errors import MesascopeError, UnknownNameError
from mesascope.core.registry import load_target

EXIT_INTERRUPTED = 130
EXIT_CRASHED = 70
EXIT_PIPE_CLOSED = 141


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

Exit codes: 0 ran; 1 a --fail-on gate or a check failed; 2 something given cannot be used;
3 inconclusive under a gate; 4 a model file was refused; 70 a fault in Mesascope; 130 interrupted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    **Arguments:**

    - `argv`: the arguments after the program's name; by default this process's.

    **Returns:** the exit code; nothing is raised.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        return _run(arguments)
    except SystemExit as stop:
        # tyro has printed its message; argparse's convention for the code.
        return stop.code if isinstance(stop.code, int) else 2
    except BrokenPipeError:
        # Nobody reads any more. Python would complain again when it flushes at exit.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE_CLOSED
    except MesascopeError as error:
        return _fail(str(error), error.exit_code, debug)
    except KeyboardInterrupt:
        return _fail("Interrupted: no result was written. The same command starts it again.", EXIT_INTERRUPTED, debug)
    except Exception as error:
        message = (
            f"Mesascope has a fault: {type(error).__name__}: {error}\n"
            "Please report it with the command and the traceback, which the same command prints with --debug."
        )
        return _fail(message, EXIT_CRASHED, debug)


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        width = max(map(len, VERBS))
        lines = "\n".join(f"  {name:{width}}  {verb.summary}" for name, verb in VERBS.items())
        Console().result(HELP.format(verbs=lines))
        return 0 if arguments else 2
    if arguments[0] == "--version":
        import importlib.metadata

        Console().result(importlib.metadata.version("mesascope"))
        return 0
    name, *rest = arguments
    if name not in VERBS:
        raise UnknownNameError("verb", name, VERBS)
    command = parse(name, rest)
    use_compilation_cache()
    with guarded_process(), noted_interrupts(), results_alone() as stream:
        return command.run(Console(quiet=command.quiet, results=stream))


@contextlib.contextmanager
def results_alone() -> Iterator[Output | None]:
    """Keeps standard output for results: whatever else prints while a verb runs, prints to standard error.

    **Returns:** where results go; `None` if standard output is closed.
    """
    stream, saved = sys.stdout, None
    try:
        # Code of others may write past Python, too: children, and libraries in C.
        if stream is not None and stream.fileno() == 1:
            stream.flush()
            saved = os.dup(1)
            os.dup2(2, 1)
            stream = os.fdopen(saved, "w", encoding=stream.encoding, errors="replace")
    except (OSError, ValueError, AttributeError):
        # A stream of a test or a notebook, which is no file.
        saved = None
    before, sys.stdout = sys.stdout, sys.stderr
    try:
        yield stream
    finally:
        sys.stdout = before
        if saved is not None:
            with contextlib.suppress(OSError):
                os.dup2(saved, 1)


@contextlib.contextmanager
def noted_interrupts() -> Iterator[None]:
    """Tells Ctrl-C from a `KeyboardInterrupt` that code of others raises."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number, frame) -> None:
        note_interrupt()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def parse(name: str, arguments: Sequence[str]) -> Command:
    """Returns the command that a verb and its arguments mean.

    **Arguments:**

    - `name`: one of `VERBS`.
    - `arguments`: what follows it.

    **Raises:** `SystemExit` after printing what is wrong, or the help if that was asked for.
    """
    import tyro

    verb: type[Command] = load_target(VERBS[name].target)  # pyright: ignore[reportAssignmentType]
    options = (tyro.conf.FlagCreatePairsOff,)
    return tyro.cli(verb, prog=f"mesascope {name}", args=list(arguments), config=options)


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    with contextlib.suppress(OSError):
        print(f"mesascope: {message}", file=sys.stderr, flush=True)
    return code
