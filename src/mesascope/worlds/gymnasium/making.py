"""Making a Gymnasium environment from text, with errors that say what to change."""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mesascope.core.errors import MissingExtraError, UnknownNameError, UsageError, WorldError
from mesascope.core.registry import current_folder_importable, load_module
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.stepping import environment_code

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

    **Raises:** `UsageError` for an identifier that is not registered and settings that the environment refuses,
    `UnknownNameError` for an option that there is not, `MissingExtraError` if a package is missing, `WorldError` if the
    environment fails in another way.
    """
    gymnasium = import_gymnasium()
    module, _, name = environment_id.rpartition(":")
    if not name:
        raise UsageError("gym: names no environment; write gym:FrozenLake-v1, or gym:package:Name-v0.")
    if name.startswith(MINIGRID_PREFIXES):
        try:
            importlib.import_module("minigrid")
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"The environment {quoted(name)}", "sb3", error.name or "minigrid") from error
    if module:
        _import_registering(module, environment_id)
    arguments = {option: literal(text) for option, text in settings.items()}
    problem: Exception
    try:
        with environment_code(environment_id, "when it was made"):
            return gymnasium.make(name, max_episode_steps=-1, disable_env_checker=True, **arguments)
    except WorldError as error:
        problem = error
    cause = problem.__cause__
    if isinstance(cause, gymnasium.error.DeprecatedEnv):
        raise UsageError(f"Gymnasium has no {quoted(name)} any more: {shown(cause)}") from cause
    if isinstance(cause, gymnasium.error.Error) and name not in gymnasium.registry:
        raise _unknown(gymnasium, module, name) from cause
    if isinstance(cause, gymnasium.error.DependencyNotInstalled):
        raise WorldError(
            f"The environment {quoted(environment_id)} needs a package that is not installed: {shown(cause)}"
        ) from cause
    if isinstance(cause, ModuleNotFoundError):
        raise WorldError(
            f"The environment {quoted(environment_id)} needs the package {quoted(cause.name)}, which is not installed."
        ) from cause
    if not isinstance(cause, Exception):
        raise problem
    _check_settings(gymnasium, environment_id, name, settings, own_options)
    given = ", ".join(f"{shown(option)}={shown(repr(value))}" for option, value in arguments.items()) or "no options"
    raise UsageError(
        f"Gymnasium cannot make {quoted(environment_id)} with {given}: {shown(type(cause).__name__)}: {shown(cause)}. "
        "Options that are not Mesascope's own are passed to the environment."
    ) from cause


def _import_registering(module: str, environment_id: str) -> None:
    """Imports the module that registers an environment; it may lie in the current folder, as the user named it."""
    with current_folder_importable():
        load_module(module, source=f"gym:{environment_id}")


def constructor_options(environment: Any) -> tuple[str, ...]:
    """Returns the names of the options that the class of an environment takes, its own and those it passes on."""
    found, _ = _options_of(type(environment))
    return tuple(sorted(found - {"render_mode"}))


def _options_of(kind: Any) -> tuple[set[str], bool]:
    """Returns the options of a class or a function that makes environments, and whether these are all."""
    known: set[str] = set()
    for each in kind.__mro__ if isinstance(kind, type) else (kind,):
        initialize = vars(each).get("__init__") if isinstance(kind, type) else each
        if initialize is None or each is object:
            continue
        try:
            parameters = inspect.signature(initialize).parameters.values()
        except (TypeError, ValueError):
            return known, False
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        known |= {parameter.name for parameter in parameters if parameter.kind in named} - {"self"}
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters):
            # Nothing is passed on to the classes above.
            return known, True
    return known, False


def _check_settings(
    gymnasium: Any, environment_id: str, name: str, settings: Mapping[str, str], own_options: Iterable[str]
) -> None:
    """Raises `UnknownNameError` if the class of an environment says that it has no such option."""
    spec = gymnasium.registry.get(name)
    if spec is None or spec.entry_point is None:
        return
    entry = spec.entry_point
    kind = gymnasium.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
    known, complete = _options_of(kind)
    for option in settings:
        if complete and option not in known:
            raise UnknownNameError(
                f"option of world 'gym:{shown(environment_id, limit=80)}'",
                option,
                {*known, *own_options} - {"render_mode"},
            ) from None


def _unknown(gymnasium: Any, module: str, name: str) -> UsageError:
    """Returns the error for an identifier that is not registered; what it suggests is near, or a version of it."""
    every = list(gymnasium.registry)
    base = name.rpartition("-v")[0] or name
    versions = [known for known in every if known.rpartition("-v")[0] == base]
    near = versions or difflib.get_close_matches(name[:200], every, n=3, cutoff=0.75)
    hint = f" Did you mean {' or '.join(quoted(known) for known in near[:3])}?" if near else ""
    if module:
        own = [known for known in every if _comes_from(gymnasium.registry[known], module)]
        listed = ", ".join(shown(known, limit=80) for known in own[:30]) or "none that can be told by its name"
        return UsageError(
            f"Module {quoted(module)} was imported, but no environment {quoted(name)} is registered.{hint} Those "
            f"of the module: {listed}. If it registers them in a function, call that in a module of your own, and name "
            "that."
        )
    small = ", ".join(known for known in ("FrozenLake-v1", "CliffWalking-v1", "Taxi-v3", "Taxi-v4") if known in every)
    return UsageError(
        f"There is no Gymnasium environment named {quoted(name)}.{hint} An environment of another package is named "
        f"with the module that registers it: gym:package:{shown(name, limit=80)}. `gymnasium.pprint_registry()` lists "
        f"those of Gymnasium itself, for example {small}."
    )


def _comes_from(spec: Any, module: str) -> bool:
    package = module.partition(".")[0]
    entry = spec.entry_point if isinstance(spec.entry_point, str) else getattr(spec.entry_point, "__module__", "")
    return str(entry).partition(":")[0].partition(".")[0] == package or spec.namespace == package
