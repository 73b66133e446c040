"""Choices that arrive as text: `key=value` options, worlds, objectives and the shift to deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.errors import UnknownNameError, UsageError

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


def with_objective(world: World, target: str | None) -> World:
    """Returns a world with the candidate objective that a function `module:attribute` computes, or as it is for `None`.

    The function is called with arrays of observations, actions and next observations, and is named by its attribute.
    """
    from mesascope.worlds.function_objective import with_candidate

    return with_candidate(world, target)


def chosen_shift(world: World, deploy: str | None, deploy_options: tuple[str, ...]) -> tuple[World | None, str | None]:
    """Returns the world of deployment and the distribution in it, each `None` where the audit's default holds.

    **Arguments:**

    - `world`: of training.
    - `deploy`: a distribution of the training world, or the name of another world.
    - `deploy_options`: of the world of deployment; on top of the training world's if that is the same.

    **Raises:** `UsageError` for what does not exist.
    """
    from mesascope.worlds.catalogue import WORLDS

    if deploy is not None and (":" in deploy or deploy in WORLDS.names()):
        return chosen_world(deploy, deploy_options, option="--deploy-option"), None
    if deploy is not None and deploy not in world.distributions:
        raise UnknownNameError(
            f"distribution of world '{world.name}' and no world", deploy, [*world.distributions, *WORLDS.names()]
        )
    changed = pairs(deploy_options, option="--deploy-option")
    return (world.with_options(changed) if changed else None), deploy


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
