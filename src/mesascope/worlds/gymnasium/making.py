"""Making a Gymnasium environment from text, with errors that say what to change."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mesascope.core.errors import MissingExtraError, UnknownNameError, UsageError, WorldError
from mesascope.core.registry import current_folder_importable, load_module

MINIGRID_PREFIXES: tuple[str, ...] = ("MiniGrid-", "BabyAI-")


def literal(text: str) -> Any:
    """Returns the Python literal that a text spells (`4`, `False`, `["SF", "HG"]`), or the text itself (`8x8`)."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # Command lines are often written the JSON way.
        return {"true": True, "false": False}.get(text, text)


def import_gymnasium() -> Any:
    """Imports and returns `gymnasium`; `MissingExtraError` if it is not installed."""
    try:
        return importlib.import_module("gymnasium")
    except ModuleNotFoundError as error:
        raise MissingExtraError("A world 'gym:...'", "sb3", error.name or "gymnasium") from error


def make_environment(environment_id: str, settings: Mapping[str, str], *, own_options: Iterable[str] = ()) -> Any:
    """Makes an environment without a time limit: time is not part of a level's state.

    **Arguments:**

    - `environment_id`: as for `gymnasium.make`; `module:Name-v0` imports the module first, from the current folder too.
    - `settings`: keyword arguments of the environment, as text.
    - `own_options`: further options that a user may have meant, for messages.

    **Raises:** `UnknownNameError` for an identifier that is not registered or an option that there is not, `UsageError`
    for settings that the environment refuses, `MissingExtraError` if a package is missing.
    """
    gymnasium = import_gymnasium()
    module, _, name = environment_id.rpartition(":")
    if name.startswith(MINIGRID_PREFIXES):
        try:
            importlib.import_module("minigrid")
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"The environment '{name}'", "sb3", error.name or "minigrid") from error
    if module:
        _import_registering(module, environment_id)
    arguments = {option: literal(text) for option, text in settings.items()}
    try:
        return gymnasium.make(name, max_episode_steps=-1, disable_env_checker=True, **arguments)
    except gymnasium.error.DependencyNotInstalled as error:
        raise WorldError(
            f"The environment '{environment_id}' needs a package that is not installed: {error}"
        ) from error
    except (gymnasium.error.UnregisteredEnv, gymnasium.error.DeprecatedEnv) as error:
        raise UnknownNameError("Gymnasium environment", name, _known(gymnasium, name)) from error
    except Exception as error:
        _check_settings(gymnasium, environment_id, name, settings, own_options)
        given = ", ".join(f"{option}={value!r}" for option, value in arguments.items()) or "no options"
        raise UsageError(
            f"Gymnasium cannot make '{environment_id}' with {given}: {type(error).__name__}: {error}. "
            "Options that are not Mesascope's own are passed to the environment."
        ) from error


def _import_registering(module: str, environment_id: str) -> None:
    """Imports the module that registers an environment; it may lie in the current folder, as the user named it."""
    with current_folder_importable():
        load_module(module, source=f"gym:{environment_id}")


def _check_settings(
    gymnasium: Any, environment_id: str, name: str, settings: Mapping[str, str], own_options: Iterable[str]
) -> None:
    """Raises `UnknownNameError` if the class of an environment says that it has no such option."""
    entry = gymnasium.spec(name).entry_point
    kind = gymnasium.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
    known: set[str] = set()
    for each in kind.__mro__ if isinstance(kind, type) else (kind,):
        initialize = vars(each).get("__init__") if isinstance(kind, type) else each
        if initialize is None:
            continue
        parameters = inspect.signature(initialize).parameters.values()
        known |= {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD} - {"self"}
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters):
            # Nothing is passed on to the classes above.
            break
    else:
        return
    for option in settings:
        if option not in known:
            raise UnknownNameError(
                f"option of world 'gym:{environment_id}'", option, {*known, *own_options} - {"render_mode"}
            ) from None


def _known(gymnasium: Any, name: str) -> list[str]:
    """Returns registered identifiers worth showing: those that share the family of the name, else the small ones."""
    family = name.split("-")[0].lower()
    every = list(gymnasium.registry)
    near = [known for known in every if known.lower().startswith(family)]
    return near or [known for known in every if "/" not in known][:30]
