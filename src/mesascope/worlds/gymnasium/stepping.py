"""The one place where an environment is reset and stepped: what it returns is checked, and its faults are named."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import WorldError
from mesascope.core.text import quoted, shown


@dataclass(frozen=True)
class Step:
    """What followed an action, checked; `truncated` ends nothing in a level but says that a walk is over."""

    observation: Any
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


def environment_code(environment_id: str, doing: str) -> AbstractContextManager[None]:
    """Runs code of an environment: however it leaves, a `WorldError` names the environment and what it was doing."""
    return code_of_others(_named(environment_id), doing, error=WorldError)


@functools.lru_cache(maxsize=64)
def _named(environment_id: str) -> str:
    # Worked out once: it is needed at every step.
    return f"Environment {quoted(environment_id)}"


def checked_reset(environment: Any, seed: int, *, environment_id: str) -> tuple[Any, dict[str, Any]]:
    """Returns the first observation and the info of an episode.

    **Raises:** `WorldError` if the environment raises or returns anything but such a pair.
    """
    with environment_code(environment_id, f"when it was reset with seed {seed}"):
        returned = environment.reset(seed=seed)
    if not (isinstance(returned, tuple) and len(returned) == 2):
        raise _wrong(environment_id, "reset", f"returned {_kind(returned)}, not the pair (observation, info)")
    if not isinstance(returned[1], dict):
        raise _wrong(environment_id, "reset", f"returned {_kind(returned[1])} as info, not a dictionary")
    return returned


def checked_step(environment: Any, action: int, *, environment_id: str) -> Step:
    """Returns what follows an action.

    **Arguments:**

    - `environment`: after a reset.
    - `action`: as the environment counts them.
    - `environment_id`: for messages.

    **Raises:** `WorldError` if the environment raises, or returns anything but an observation, one finite number as
    reward, two truth values and an info; observations are checked where they are encoded.
    """
    with environment_code(environment_id, "when an action was tried"):
        returned = environment.step(action)
    if not isinstance(returned, tuple) or len(returned) != 5:
        old = " (four are what the older gym returned)" if isinstance(returned, tuple) and len(returned) == 4 else ""
        raise _wrong(
            environment_id,
            "step",
            f"returned {_kind(returned)}{old}, not the five things (observation, reward, terminated, truncated, info)",
        )
    observation, reward, terminated, truncated, info = returned
    if not isinstance(info, dict):
        raise _wrong(environment_id, "step", f"returned {_kind(info)} as info, not a dictionary")
    flags = [_flag(terminated), _flag(truncated)]
    for name, given, flag in zip(("terminated", "truncated"), (terminated, truncated), flags, strict=True):
        if flag is None:
            raise _wrong(environment_id, "step", f"returned {_kind(given)} as '{name}', not True or False")
    return Step(observation, _reward(reward, environment_id), bool(flags[0]), bool(flags[1]), info)


def _reward(given: Any, environment_id: str) -> float:
    with environment_code(environment_id, "when its reward was read"):
        array = np.asarray(given)
        if array.dtype.kind in "biuf" and array.size == 1:
            value = float(array.reshape(()))
            if not np.isfinite(value):
                raise _wrong(environment_id, "step", f"paid a reward of {value}; rewards must be finite")
            return value
        if array.dtype.kind in "biuf" and array.size > 1:
            raise WorldError(
                f"Environment {quoted(environment_id)} pays vectors of {array.size} rewards, and an objective is one "
                "number. Register it with a wrapper that weighs them (mo_gymnasium.wrappers.LinearReward), or with one "
                "that pays a single one of them."
            )
    raise _wrong(environment_id, "step", f"returned {_kind(given)} as reward, not a number")


def _flag(given: Any) -> bool | None:
    if isinstance(given, bool | np.bool_):
        return bool(given)
    if isinstance(given, int | np.integer) and given in (0, 1):
        return bool(given)
    return bool(given.item()) if isinstance(given, np.ndarray) and given.dtype == bool and given.size == 1 else None


def _kind(given: Any) -> str:
    """Returns what something is, in words."""
    if isinstance(given, tuple | list):
        return f"{len(given)} things in a {type(given).__name__}"
    if isinstance(given, str):
        return f"the text {quoted(given, limit=40)}"
    return "None" if given is None else f"a {shown(type(given).__name__, limit=40)}"


def _wrong(environment_id: str, method: str, what: str) -> WorldError:
    return WorldError(f"Environment {quoted(environment_id)} does not do as Gymnasium asks: its {method}() {what}.")
