"""The command of a case as it can be typed, cut short."""

from __future__ import annotations

import shlex

from hostile.case import Case

WORD: int = 60
COMMAND: int = 240


def command_of(case: Case) -> str:
    """Returns the command of a case, long arguments cut, control characters written out."""
    if case.shell:
        return _cut(" ; ".join(case.shell.strip().splitlines()), COMMAND)
    if case.script:
        return f"python {case.script} (of {case.name})"
    return _cut(" ".join(["mesascope", *map(_word, case.argv)]), COMMAND)


def _word(text: str) -> str:
    plain = ascii(text)[1:-1]
    cut = _cut(plain, WORD)
    return cut if plain == text and shlex.quote(cut) == cut else f"$'{cut}'"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…({len(text)} characters)"
