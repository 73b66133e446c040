"""What a newcomer would paste: the blocks of a page, in order.

A fence says its language. A block that is indented by four spaces, or whose fence says none, is Python if it parses as
Python, and otherwise a command line.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = {"sh": "shell", "bash": "shell", "shell": "shell", "console": "shell", "python": "python", "py": "python"}
"""Other languages are shown and not pasted."""
INSTALLS = re.compile(r"\s*(uv|pip|git clone|(python -m )?(pip|pytest|venv)|python tests/slow\.py|bash \.ci/run)\b")
"""How a command begins that makes an environment or runs the tests: it is not run again inside a test."""
EXPECTED = re.compile(r"^(?P<command>.*\S); echo \$\? +# (?P<code>\d+)\b.*$")
"""A command that a page announces an exit code for: `mesascope ...; echo $?   # 1: why`."""


@dataclass(frozen=True)
class Block:
    """Lines to be pasted together; `line` is where they begin."""

    line: int
    language: str
    text: str

    @property
    def script(self) -> str:
        """What bash is given: the lines, less installations, with announced exit codes checked."""
        return "\n".join(map(_checked, map(_installed, self.text.splitlines())))


def _installed(line: str) -> str:
    while INSTALLS.match(line):
        line = line.partition("&&")[2]
    return line


def _checked(line: str) -> str:
    found = EXPECTED.match(line)
    if found is None:
        return line
    return f"if {found['command']}; then code=0; else code=$?; fi; echo $code; test $code = {found['code']}"


def blocks_of(page: Path) -> list[Block]:
    """Returns the blocks of a page of Markdown, those that are only shown among them, in order."""
    found: list[Block] = []
    lines = page.read_text().splitlines()
    place, blank = 0, True
    while place < len(lines):
        line, start = lines[place], place
        if fence := re.match(r"(\s*)```(\w*)", line):
            place += 1
            while not re.match(r"\s*```\s*$", lines[place]):
                place += 1
            text = textwrap.dedent("\n".join(lines[start + 1 : place]))
            found.append(Block(start + 2, LANGUAGES.get(fence[2], fence[2]) or _guessed(text), text))
        elif blank and line.startswith("    "):
            while place + 1 < len(lines) and (lines[place + 1].startswith("    ") or not lines[place + 1].strip()):
                place += 1
            text = textwrap.dedent("\n".join(lines[start : place + 1])).rstrip()
            found.append(Block(start + 1, _guessed(text), text))
        blank = not line.strip()
        place += 1
    return found


def _guessed(text: str) -> str:
    try:
        ast.parse(text)
    except SyntaxError:
        return "shell"
    return "python"
