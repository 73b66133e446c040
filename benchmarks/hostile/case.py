"""What a case is: something hostile or careless that is done to the command, and what must hold afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SEED: int = 20_261_129
"""Of everything in the cases that is drawn."""

REFUSED = frozenset({2, 4})
USAGE = frozenset({2})
UNTRUSTED = frozenset({4})
ANY = frozenset({0, 1, 2, 3, 4})
"""Any ending that is an answer; never 70, never a signal."""


def words(text: str) -> list[str]:
    """Returns the words of a text: how the cases list their names."""
    return text.split()


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    **Arguments:**

    - `code`: exit code; negative for a signal.
    - `out`, `err`: what it wrote.
    - `cpu`: seconds, user and system, without the import of Mesascope where the case starts in a warm process.
    - `peak`: resident bytes at most, those of the imports included.
    - `ended`: whether it ended within the limit of the case.
    - `folder`: the current folder of the command.
    - `before`, `after`: what lay in the folder of the case, by path; see `running.look`.
    - `canary`: whether code ran that nobody named.
    - `note`: what the case itself found wrong.
    """

    code: int
    out: bytes
    err: bytes
    cpu: float
    peak: int
    ended: bool
    folder: Path
    before: dict[str, str]
    after: dict[str, str]
    canary: bool
    note: str = ""


Build = Callable[[Path, Path, random.Random], None]
"""Fills the current folder of a case: the folder, that of the prepared material, a source of random numbers."""


def nothing(folder: Path, material: Path, rng: random.Random) -> None:
    """Leaves the folder empty."""


@dataclass(frozen=True)
class Case:
    """One case.

    **Arguments:**

    - `kind`: which claim it counts for.
    - `name`: unique; what it is about, for people.
    - `argv`: arguments of `mesascope`.
    - `build`: makes the files that lie in the current folder.
    - `exits`: the exit codes that are right.
    - `says`: a pattern that standard error must match, where it ends with a message.
    - `unlike`: a pattern that neither output may match.
    - `refusal`: it is the refusal of a file, whose memory and time count.
    - `fresh`: the command is started as a user starts it, not from a warm process.
    - `torch`: the warm process has imported the libraries of the extra `sb3`.
    - `environment`: variables that are set; `None` removes one.
    - `changes`: what the command may replace, as patterns of paths in its current folder.
    - `limit`: wall seconds.
    - `file_bytes`: size at which the system stops files from growing.
    - `shell`: a script for `bash` in place of the command; `mesascope` is on its path.
    - `script`: a Python program in place of the command.
    - `check`: looks at the outcome and returns what is wrong, or nothing.
    """

    kind: str
    name: str
    argv: tuple[str, ...] = ()
    build: Build = nothing
    exits: frozenset[int] = REFUSED
    says: str = ""
    unlike: str = ""
    refusal: bool = False
    fresh: bool = False
    torch: bool = False
    environment: dict[str, str | None] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    limit: float = 240.0
    file_bytes: int | None = None
    shell: str | None = None
    script: str | None = None
    check: Callable[[Outcome], str] | None = None

    @property
    def gated(self) -> bool:
        """Whether the command is a gate, which may not let pass what it has not reported on."""
        return "--fail-on" in self.argv or "--require" in self.argv

    @property
    def random(self) -> random.Random:
        """The same numbers for the same case in every run."""
        return random.Random(f"{SEED}:{self.name}")
