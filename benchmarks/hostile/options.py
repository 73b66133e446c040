"""Cases of options: every verb, every option that its help names, values that cannot be."""

from __future__ import annotations

import functools
import random
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hostile.case import ANY, USAGE, Case
from hostile.mangling import ESCAPE
from hostile.running import environment

LONG = "9" * 5000
WHOLE = {
    "2-63": str(2**63),
    "10-20": str(10**20),
    "minus": "-1",
    "nan": "nan",
    "infinite": "inf",
    "empty": "",
    "fraction": "1.5",
    "exponent": "1e3",
    "word": "seven",
    "escapes": ESCAPE,
    "escapes-after": "7\x1b[31m",
    "long": LONG,
    "blank": " ",
    "not-utf-8": "\udcff",
}
REAL = {
    "nan": "nan",
    "infinite": "inf",
    "minus-infinite": "-inf",
    "minus": "-1",
    "1e400": "1e400",
    "empty": "",
    "word": "half",
    "escapes": ESCAPE,
    "long": LONG,
    "hex": "0x1p3",
}
NAMES = {
    "empty": "",
    "blank": " ",
    "unknown": "nobody-knows-this",
    "escapes": ESCAPE,
    "long": "n" * 100_000,
    "lines": "a\nb\r\nc",
    "path": "../../outside/victim.txt",
    "module": "os:system",
    "no-module": "a_module_that_nobody_has:Thing",
    "colon": ":",
    "colons": "a:b:c",
    "dots": "...:x",
    "not-utf-8": "\udcff\udcfe",
    "dash": "--",
    "markup": "[bold red]x[/bold red]",
}
PAIRS = {
    "empty": "",
    "equals": "=",
    "no-equals": "size",
    "no-value": "discount=",
    "no-key": "=3",
    "unknown": "nobody=1",
    "escapes": f"{ESCAPE}={ESCAPE}",
    "long-key": "k" * 100_000 + "=1",
    "long-value": "discount=" + LONG,
    "word": "discount=half",
    "nan": "discount=nan",
    "minus": "discount=-1",
    "two": "discount=2",
    "infinite": "discount=inf",
}
FILES = {
    "empty": "",
    "long": "x" * 5000,
    "long-path": "x/" * 3000 + "x",
    "null": "/dev/null",
    "full": "/dev/full/x",
    "proc": "/proc/1/x",
    "below-a-file": "file/below",
    "victim": "../outside/victim.txt",
    "missing": "missing/../../outside/victim.txt/x",
}
"""No value here can be written to, or read from."""
BY_METAVAR = {
    "INT": WHOLE,
    "N": WHOLE,
    "K": WHOLE,
    "FLOAT": REAL,
    "KEY=VALUE": PAIRS,
    "FOLDER": FILES,
    "FILE": FILES,
    "PATH": FILES,
}
GROUPS = ("check", "bank", "challenge")
TINY = ("--world", "tiny_world:Tiny")
STARTS: dict[str, tuple[str, ...]] = {
    "audit": ("policies:right", *TINY, "--levels", "8", "--quiet"),
    "search": ("policies:right", *TINY, "--levels", "8", "--quiet"),
    "objective": ("policies:right", *TINY, "--levels", "2", "--quiet"),
    "battery": ("policies:right", *TINY, "--levels", "2", "--quiet"),
    "witness": ("policies:right", *TINY, "--own", "goal", "--budget", "16", "--quiet"),
    "distance": ("goal", "trap", *TINY, "--levels", "2", "--quiet"),
    "show": ("tiny_world:Tiny", "--levels", "1", "--quiet"),
    "check world": ("tiny_world:Tiny", "--quiet"),
    "check fit": ("policies:right", *TINY, "--quiet"),
    "check answers": ("--quiet",),
    "report": ("audit", "--quiet"),
    "challenge make": ("--specimens", "1", "--quiet"),
    "bank list": ("--quiet",),
    "bank score": ("--smoke", "--quiet"),
    "onset": ("--quiet",),
    "list": ("worlds", "--quiet"),
    "train": ("corner", "--quiet"),
    "compare": ("policies:right", "policies:single", *TINY, "--quiet"),
}
"""Sound arguments of each verb; of one that is not here, those of its help."""
WITHOUT_EFFECT = {
    ("challenge make", "--trained"),
    ("train", "--modification"),
    ("check assay", "--bank"),
    ("check answers", "--section"),
}
"""Options that these arguments do not need: whatever they are may be passed over, but nothing may break."""


@dataclass(frozen=True)
class Option:
    """An option as the help of a verb names it: `metavar` is empty for a switch."""

    name: str
    metavar: str


@functools.cache
def help_of(*verb: str) -> str:
    """Returns the help of the command or of a verb."""
    done = subprocess.run(
        ["mesascope", *(word for part in verb for word in part.split()), "--help"],
        env=environment(COLUMNS="200"),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def verbs() -> list[str]:
    """Returns the verbs that the help names, those of two words among them."""
    known = []
    for verb in re.findall(r"^  ([a-z]+)  +\S", help_of(), re.MULTILINE):
        second = re.findall(r"^  ([a-z]+)  +\S", help_of(verb), re.MULTILINE) if verb in GROUPS else []
        known += [f"{verb} {word}" for word in second] or [verb]
    return known


def options_of(verb: str) -> list[Option]:
    """Returns the options that the help of a verb names."""
    found = re.findall(
        r"^│\s*(?:-\w, )?(--[a-z-]+)(?: ((?:\{[^}]*\}|[A-Z][A-Z:=]*)(?:\|[A-Z]+)?))?", help_of(verb), re.MULTILINE
    )
    return [Option(name, metavar) for name, metavar in found if name != "--help"]


def _with(option: str, value: str, verb: str) -> tuple[str, ...]:
    """The sound arguments with one option of this value, and not of another."""
    words = list(STARTS.get(verb, ()))
    if option in words:
        at = words.index(option)
        del words[at : at + 2]
    return (*verb.split(), *words, f"{option}={value}")


def _beside(folder: Path, material: Path, rng: random.Random) -> None:
    given = Path(__file__).with_name("given")
    for name in ("tiny_world", "policies"):
        shutil.copy(given / f"{name}.py", folder)
    (folder / "file").write_text("of somebody else\n")
    (folder / "audit").mkdir()
    shutil.copy(material / "audit" / "report.json", folder / "audit")


def of_verbs() -> Iterable[Case]:
    """Every option of every verb with some of the values that it cannot have."""
    for verb in verbs():
        for option in options_of(verb):
            if not option.metavar:
                continue
            metavar = option.metavar.split("|")[-1]
            values = BY_METAVAR.get(metavar, NAMES)
            chosen = random.Random(f"{verb} {option.name}")
            for name in chosen.sample(sorted(values), 3):
                exits = ANY if (verb, option.name) in WITHOUT_EFFECT else USAGE
                if (verb, option.name) == ("check world", "--world-option"):
                    # That a world is wrong is what this verb finds out.
                    exits = frozenset({1, 2})
                if option.name == "--levels" and name in ("10-20", "2-63"):
                    # As many as there are, or refused.
                    exits = frozenset({0, 1, 2, 3})
                yield Case(
                    "options", f"{verb}{option.name}-{name}", _with(option.name, values[name], verb), _beside, exits
                )


def of_arguments() -> Iterable[Case]:
    """What stands where a verb or its first argument should."""
    names = {
        **NAMES,
        "digits": LONG,
        "help": "-hh",
        "version": "--versions",
        "unicode": "\u0000a"[1:] + "\u202e",
        "verb-case": "AUDIT",
    }
    for name, value in names.items():
        yield Case("options", f"verb-{name}", (value,), exits=USAGE)
    for verb, (first, *rest) in STARTS.items():
        if first.startswith("--") or verb not in verbs():
            continue
        words = verb.split()
        chosen = random.Random(f"first of {verb}")
        for name in chosen.sample(sorted(NAMES), 4):
            if name != "dash":
                yield Case("options", f"{verb}-first-{name}", (*words, NAMES[name], *rest), _beside, frozenset({2, 4}))
        yield Case("options", f"{verb}-nothing-known", (*words, *STARTS[verb], "--nobody-knows", "1"), _beside, USAGE)
        yield Case(
            "options",
            f"{verb}-too-much",
            (*words, *STARTS[verb], "more", "\x1b[31mmore"),
            _beside,
            frozenset({2, 4}),
        )
    for number in range(12):
        yield Case("options", f"noise-{number}", _noise(number), _beside, frozenset({0, 2, 4}))


def _noise(number: int) -> tuple[str, ...]:
    rng = random.Random(f"noise {number}")
    words = [
        rng.choice(
            ["--", "-", "=", "--json", "--seed", "-1", "\x1b[2J", "\u202e", "{}", "\\", "'", '"', "%s", "$(id)", "\t"]
        )
        for _ in range(8)
    ]
    return (rng.choice(verbs()), *words)


def cases() -> Iterable[Case]:
    """Every case of this module."""
    yield from of_verbs()
    yield from of_arguments()
