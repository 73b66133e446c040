"""Which worlds there are, and how a name on the command line becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UsageError, WorldError
from mesascope.core.registry import Entry, Registry, load_named_by_user
from mesascope.core.text import quoted, shown

# Nothing here may import jax before a world is resolved: `mesascope list` must answer at once.
if TYPE_CHECKING:
    from mesascope.worlds.world import World

GYMNASIUM_PREFIX: str = "gym:"

WORLDS: Registry[type["World"]] = Registry(
    "world",
    (
        Entry(
            "choice",
            "mesascope.worlds.choice:Choice",
            "One choice among options with several attributes; every causal edge can be cut.",
            (("base", "value"),),
        ),
        Entry(
            "cleaning",
            "mesascope.worlds.cleaning:Cleaning",
            "A cleaning robot: brush, sweeps, clean floor, dust in the bag; every causal edge can be cut.",
            (("base", "clean"),),
        ),
        Entry(
            "corner",
            "mesascope.worlds.corner:Corner",
            "Cheese in a maze: in the top left corner in training, anywhere in deployment.",
            (("base", "cheese"),),
        ),
        Entry(
            "door-key",
            "mesascope.worlds.door_key:DoorKey",
            "Keys, locks, doors and air; every causal edge can be cut.",
            (("base", "doors-open"),),
        ),
        Entry(
            "doors",
            "mesascope.worlds.doors:Doors",
            "Doors and signs: all doors are red in training; blue doors and red signs in deployment.",
            (("base", "door"),),
        ),
        Entry(
            "graph",
            "mesascope.worlds.graph:Graph",
            "A goal anywhere in a directed graph: few graphs or many in training, new ones in deployment.",
            (("base", "goal"),),
        ),
        Entry(
            "keys",
            "mesascope.worlds.keys:Keys",
            "Keys and chests: more chests than keys in training, more keys than chests in deployment.",
            (("base", "chests"),),
        ),
        Entry(
            "lamp",
            "mesascope.worlds.lamp:Lamp",
            "Button and lamp: a press, a light after a delay, moths; every causal edge can be cut.",
            (("base", "light"),),
        ),
        Entry(
            "maze",
            "mesascope.worlds.maze:Maze",
            "A goal anywhere in a maze: few mazes or many in training, new ones in deployment.",
            (("base", "goal"),),
        ),
        Entry(
            "two-corners",
            "mesascope.worlds.two_corners:TwoCorners",
            "A 3x3 room: corner A in training, B for oneself; cue and threat of modification in view.",
            (("base", "corner-a"),),
        ),
    ),
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
            f"{quoted(name)} is a {shown(kind, limit=80)}, not a World; derive it from mesascope.worlds.world.World."
        )
    return found.with_options(options) if options else found
