"""Which worlds there are, as the files of this folder say, and how a name on the command line becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.core.folder_entries import classes_in
from mesascope.core.registry import Registry, load_named_by_user
from mesascope.core.text import quoted, shown

# Nothing here may import jax before a world is resolved: `mesascope list` must answer at once.
if TYPE_CHECKING:
    from mesascope.worlds.world import World

GYMNASIUM_PREFIX: str = "gym:"


STREAMS_FOLDER: str = "streams"
"""Streams have a catalogue of their own."""


WORLDS: Registry[type["World"]] = Registry(
    "world",
    classes_in(str(__package__), details={"base": "base_objective"}, without=(STREAMS_FOLDER,)),
    group="mesascope.worlds",
)


def resolve_world(name: str, options: Mapping[str, str] = MappingProxyType({})) -> World:
    """Returns the world that a name stands for.

    **Arguments:**

    - `name`: a registered name, `gym:<id>` for a Gymnasium environment, or `module:attribute` for a class or an
      instance of one's own, which may lie in the current folder.
    - `options`: as text, as they arrive from a command line.

    **Returns:** the world with these options.

    **Raises:** `UnknownNameError` for a name or option that does not exist, `UsageError` for a value of the wrong type
    or something that is not a world, `WorldError` for options that do not go together.
    """
    if name.startswith(GYMNASIUM_PREFIX):
        from mesascope.worlds.gymnasium import gymnasium_world

        return gymnasium_world(name.removeprefix(GYMNASIUM_PREFIX), options)
    if ":" in name:
        return _configured(name, load_named_by_user(name), options)
    from mesascope.worlds.streams.catalogue import STREAMS

    if name in STREAMS.names():
        raise UsageError(f"'{name}' is a stream, in which one learns within an episode; it has no levels.")
    if name not in WORLDS.names():
        raise UnknownNameError("world or stream", name, [*WORLDS.names(), *STREAMS.names()])
    return _configured(name, WORLDS.load(name), options)


def _configured(name: str, found: object, options: Mapping[str, str]) -> World:
    from mesascope.worlds.world import World

    if isinstance(found, type) and issubclass(found, World):
        try:
            with code_of_others(f"World {quoted(name)}", "when it was made", error=WorldError):
                found = found()
        except WorldError as error:
            if not isinstance(error.__cause__, TypeError):
                raise
            raise UsageError(
                f"World {quoted(name)} cannot be made without arguments: {shown(error.__cause__)}. Give every option a "
                "default, implement every abstract method, or name an instance instead of the class."
            ) from error
    if not isinstance(found, World):
        kind = found.__name__ if isinstance(found, type) else type(found).__name__
        raise UsageError(
            f"{quoted(name)} is a {shown(kind, limit=80)}, not a World; derive it from mesascope.worlds.world.World, "
            "or from mesascope.worlds.streams.stream.Stream for tasks that are learned within an episode."
        )
    return found.with_options(options) if options else found
