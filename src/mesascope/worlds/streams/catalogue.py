"""Which streams there are, as the files of this folder say, and how a name on the command line becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UsageError, WorldError
from mesascope.core.folder_entries import classes_in
from mesascope.core.registry import Registry, load_named_by_user
from mesascope.core.text import quoted, shown

# `mesascope list` must answer at once: streams import jax.
if TYPE_CHECKING:
    from mesascope.worlds.streams.stream import Stream

STREAMS: Registry[type["Stream"]] = Registry("stream", classes_in(str(__package__)), group="mesascope.streams")


def is_stream(name: str) -> bool:
    """Returns whether a name on the command line is a stream's; `module:attribute` is looked at."""
    if name in STREAMS.names():
        return True
    if ":" not in name or name.startswith("gym:"):
        return False
    from mesascope.worlds.streams.stream import Stream

    found = load_named_by_user(name)
    return isinstance(found, Stream) or (isinstance(found, type) and issubclass(found, Stream))


def resolve_stream(name: str, options: Mapping[str, str] = MappingProxyType({})) -> Stream:
    """Returns the stream that a name stands for.

    **Arguments:**

    - `name`: a registered name, or `module:attribute` for a class or an instance of one's own, which may lie in the
      current folder.
    - `options`: as text, as they arrive from a command line.

    **Returns:** the stream with these options.

    **Raises:** `UnknownNameError` for a name or option that does not exist, `UsageError` for a value of the wrong type
    or something that is no stream, `WorldError` for options that do not go together.
    """
    from mesascope.worlds.streams.stream import Stream

    found = load_named_by_user(name) if ":" in name else STREAMS.load(name)
    if isinstance(found, type) and issubclass(found, Stream):
        with code_of_others(f"Stream {quoted(name)}", "when it was made", error=WorldError):
            found = found()
    if not isinstance(found, Stream):
        kind = found.__name__ if isinstance(found, type) else type(found).__name__
        raise UsageError(
            f"{quoted(name)} is a {shown(kind, limit=80)}, not a Stream; derive it from "
            "mesascope.worlds.streams.stream.Stream."
        )
    return found.with_options(options) if options else found
