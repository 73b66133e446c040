"""Classes of others that implement one of our interfaces: whatever their methods do stays inside the boundary."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import MesascopeError
from mesascope.core.text import quoted

OURS: str = __name__.partition(".")[0]
"""The package whose classes are trusted to keep to what they promise."""

Check = Callable[[Any, str], None]
"""Given what a method returned and whose it is, raises the error that says what is wrong with it."""

_inside = threading.local()
"""Whether this thread runs code of others already: they may raise and catch among themselves what they like."""


@contextlib.contextmanager
def asked_of_others(who: str, doing: str, *, error: type[MesascopeError]) -> Iterator[None]:
    """As `code_of_others`, where one object of others is asked for one thing: its own guards then leave it at that.

    **Arguments:** as of `code_of_others`.
    """
    before = getattr(_inside, "running", False)
    _inside.running = True
    try:
        with code_of_others(who, doing, error=error):
            yield
    finally:
        _inside.running = before


def is_foreign(kind: type) -> bool:
    """Returns whether a class was written outside Mesascope."""
    return kind.__module__.partition(".")[0] != OURS


def guard_class(
    kind: type, what: str, *, error: type[MesascopeError], returns: Mapping[str, Check] = MappingProxyType({})
) -> None:
    """Puts every public method and property that a foreign class defines inside the boundary around code of others.

    To be called when the class is made (`__init_subclass__`): then every way to such an object is guarded, from the
    command line and from Python, and the object keeps its type and its capabilities. Classes of Mesascope are left as
    they are.

    **Arguments:**

    - `kind`: the class; its public methods are meant.
    - `what`: what its objects are, capitalised (`"Agent"`).
    - `error`: raised with the object at fault.
    - `returns`: checks of what is returned, by name of method or property.
    """
    if not is_foreign(kind):
        return
    for name, member in list(vars(kind).items()):
        if name.startswith("_"):
            continue
        guard = functools.partial(_guarded, name=name, what=what, error=error, check=returns.get(name))
        if inspect.isfunction(member):
            setattr(kind, name, guard(member))
        elif isinstance(member, property) and member.fget is not None:
            setattr(kind, name, property(guard(member.fget), member.fset, member.fdel, member.__doc__))
        elif isinstance(member, staticmethod | classmethod):
            setattr(kind, name, type(member)(guard(member.__func__)))


def _guarded(
    function: Callable[..., Any], *, name: str, what: str, error: type[MesascopeError], check: Check | None
) -> Callable[..., Any]:
    @functools.wraps(function)
    def inside(*arguments: Any, **options: Any) -> Any:
        if getattr(_inside, "running", False):
            return function(*arguments, **options)
        who = _called(arguments[0] if arguments else None, what)
        with asked_of_others(who, f"in its '{name}'{_shown_shape(arguments[1:])}", error=error):
            found = function(*arguments, **options)
        if check is not None:
            check(found, who)
        return found

    return inside


def _called(owner: object, what: str) -> str:
    """Returns an object of others as the subject of a sentence, without asking it for more than a plain attribute."""
    name = vars(owner).get("name") if hasattr(owner, "__dict__") else None
    if not isinstance(name, str):
        kind = owner if isinstance(owner, type) else type(owner)
        name = next((vars(one)["name"] for one in kind.__mro__ if isinstance(vars(one).get("name"), str)), None)
        name = name or kind.__qualname__
    return f"{what} {quoted(name)}"


def _shown_shape(arguments: tuple[Any, ...]) -> str:
    """Returns, for messages, the shape of the first argument if that is an array."""
    shape = getattr(arguments[0], "shape", None) if arguments else None
    return f" on observations of shape {list(shape)}" if isinstance(shape, tuple) and shape else ""
