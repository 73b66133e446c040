"""Choices that arrive as text: `key=value` options, worlds, objectives and the shift to deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.errors import UsageError

if TYPE_CHECKING:
    from mesascope.worlds.world import World


def pairs(texts: tuple[str, ...], *, option: str) -> dict[str, str]:
    """Returns `key=value` texts as a dictionary.

    **Arguments:**

    - `texts`: as given, one option each.
    - `option`: the command line option that they came with, for messages.

    **Raises:** `UsageError` for a text without `=`, or a key given twice with different values.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"{option} {text} is not of the form {option} KEY=VALUE.")
        if found.get(key, value) != value:
            raise UsageError(f"{option} {key} is given twice, as '{found[key]}' and as '{value}'.")
        found[key] = value
    return found


def chosen_world(name: str, options: tuple[str, ...], *, option: str = "--world-option") -> World:
    """Returns the world of a name with its options.

    **Arguments:**

    - `name`: built in, `gym:<id>`, `module:Class`, or registered by another package.
    - `options`: `key=value` texts.
    - `option`: what they were given with.

    **Raises:** `UsageError` for an unknown name or option, `WorldError` if the world cannot be made.
    """
    from mesascope.worlds.catalogue import resolve_world

    return resolve_world(name, pairs(options, option=option))
