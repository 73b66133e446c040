"""Kinds of options as types of fields: read and checked in one place, before a verb does anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import tyro

from mesascope.core.quantities import LEVELS, PATH, SEED, SHARE, TEXT, Quantity, Whole

_refused: ContextVar[tuple[Quantity, Any] | None] = ContextVar("refused", default=None)


def option(quantity: Quantity, metavar: str) -> tuple[Quantity, tyro.constructors.PrimitiveConstructorSpec]:
    """Returns what makes a field an option of a kind, to be unpacked into `Annotated`.

    **Arguments:**

    - `quantity`: what it may be.
    - `metavar`: how the help writes its value.
    """

    def read(texts: Sequence[str]) -> Any:
        value = quantity.read(texts[0])
        if quantity.fault(value) is not None:
            # The caller knows which option this is.
            _refused.set((quantity, value))
            raise ValueError("refused")
        return value

    reader = tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=read,  # pyright: ignore[reportArgumentType]
        is_instance=lambda value: True,
        str_from_instance=lambda value: [str(value)],
    )
    return quantity, reader


Seed = Annotated[int, *option(SEED, "INT")]
Share = Annotated[float, *option(SHARE, "SHARE")]
Processes = Annotated[int, *option(Whole(1, 256), "INT")]
Name = Annotated[str, *option(TEXT, "NAME")]
AgentText = Annotated[str, *option(TEXT, "AGENT")]
Folder = Annotated[Path, *option(PATH, "FOLDER")]
File = Annotated[Path, *option(PATH, "FILE")]

# `None` is inside: outside, tyro would take the word None for it.
MaybeLevels = Annotated[int | None, *option(LEVELS, "INT")]
Seeds = Annotated[int | None, *option(Whole(1, 10_000), "INT")]
MaybeShare = Annotated[float | None, *option(SHARE, "SHARE")]
MaybeName = Annotated[str | None, *option(TEXT, "NAME")]
MaybeAgent = Annotated[str | None, *option(TEXT, "AGENT")]
MaybeTarget = Annotated[str | None, *option(TEXT, "MODULE:FUNCTION")]
MaybeFolder = Annotated[Path | None, *option(PATH, "FOLDER")]
MaybeFile = Annotated[Path | None, *option(PATH, "FILE")]

Names = Annotated[tuple[str, ...], TEXT, tyro.conf.arg(metavar="NAME"), tyro.conf.UseAppendAction]
Steps = Annotated[tuple[str, ...], TEXT, tyro.conf.arg(metavar="STEP"), tyro.conf.UseAppendAction]
Pairs = Annotated[tuple[str, ...], TEXT, tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction]


def seeds_from(first: int, count: int) -> tuple[int, ...]:
    """Returns consecutive seeds; `UsageError` if the last would be none."""
    SEED.check(first + count - 1, f"--seed {first} --seeds {count}: the last seed")
    return tuple(range(first, first + count))


def check_refused(complaint: str) -> None:
    """Raises the `UsageError` of a value that was refused while arguments were read, if any was.

    **Arguments:**

    - `complaint`: of tyro, which names the option.
    """
    found, named = _refused.get(), re.search(r"Error parsing \[?([^\s\]]+?)\]?:", complaint)
    _refused.set(None)
    if found is not None:
        quantity, value = found
        quantity.check(value, named.group(1) if named else "A value")


def check_repeated(command: Any) -> None:
    """Raises `UsageError` unless every value of the options that may be repeated is of their kind."""
    hints = get_type_hints(type(command), include_extras=True)
    for field in fields(command):
        value = getattr(command, field.name)
        if is_dataclass(value):
            check_repeated(value)
        for quantity in getattr(hints[field.name], "__metadata__", ()):
            if isinstance(quantity, Quantity) and isinstance(value, tuple):
                for one in value:
                    quantity.check(one, "--" + field.name.rstrip("_").replace("_", "-"))
