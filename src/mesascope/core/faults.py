"""Faults of Mesascope's own inside one assay: it fails alone, says so, and the rest goes on."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mesascope.core.boundary import raise_held
from mesascope.core.details import NotDone
from mesascope.core.errors import MesascopeError
from mesascope.core.text import shown
from mesascope.core.verdicts import Evidence, Verdict

T = TypeVar("T")

STRICT: str = "MESASCOPE_STRICT"
"""Environment variable under which a fault is raised instead: what our own tests run with."""

_shown_tracebacks: list[bool] = []


@contextlib.contextmanager
def tracebacks_shown() -> Iterator[None]:
    """Prints the traceback of each fault to standard error while it lasts."""
    _shown_tracebacks.append(True)
    try:
        yield
    finally:
        _shown_tracebacks.pop()


def fault_reason(error: Exception) -> str:
    """Returns what is said of a fault where a result should stand; raises it instead where `STRICT` is set.

    **Arguments:**

    - `error`: caught just now.
    """
    # What code of others did inside a compiled program comes out as something else, or as numbers that are none.
    raise_held()
    if os.environ.get(STRICT):
        raise error
    if _shown_tracebacks:
        traceback.print_exception(error, file=sys.stderr)
    return (
        f"a fault in this assay ({type(error).__name__}: {shown(error, limit=200)}), and in nothing else. Please "
        "report it with the command and the traceback, which the same command prints with --debug"
    )


@dataclass(frozen=True)
class Fault:
    """What stands where a result should.

    **Arguments:**

    - `reason`: why there is none, for people.
    """

    reason: str


def attempted(work: Callable[[], T]) -> T | Fault:
    """Returns what some work of ours finds, or its fault.

    **Arguments:**

    - `work`: to be done.

    **Raises:** `MesascopeError`: what is wrong with an agent, a world or an argument is no fault of ours.
    """
    try:
        found = work()
        raise_held()
        return found
    except MesascopeError:
        raise
    except Exception as error:
        return Fault(fault_reason(error))


def not_done(name: str, question: str, fault: Fault) -> Evidence:
    """Returns the evidence of an assay that could not be done."""
    text = f"Assay '{name}' could not be done."
    return Evidence(name, question, Verdict.INCONCLUSIVE, text, fault.reason, details=NotDone(fault=True))
