"""The one place where an environment is reset, stepped and asked what it allows: its faults are named."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

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


def legal_actions(
    environment: Any, info: dict[str, Any], *, actions: int, environment_id: str
) -> Bool[np.ndarray, " A"] | None:
    """Returns which actions an environment allows in its present state, or `None` if it does not say.

    An environment says so by `info["action_mask"]`, as Taxi does, or by a method `action_masks`, as sb3-contrib's
    MaskablePPO asks for it.

    **Arguments:**

    - `environment`: after a reset or a step.
    - `info`: what that returned.
    - `actions`: how many there are.
    - `environment_id`: for messages.

    **Raises:** `WorldError` if the mask is not one truth value for each action, or allows none.
    """
    with environment_code(environment_id, "when it was asked which actions it allows"):
        given = info.get("action_mask")
        ask = getattr(environment.unwrapped, "action_masks", None)
        if given is None and callable(ask):
            given = ask()
        if given is None:
            return None
        mask = np.asarray(given)
    if mask.shape != (actions,) or mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all():
        raise WorldError(
            f"Environment {quoted(environment_id)} gives an action mask of shape {list(mask.shape)} and type "
            f"{mask.dtype}, not one truth value for each of its {actions} actions."
        )
    if not mask.any():
        raise WorldError(f"Environment {quoted(environment_id)} allows no action at all in a state that goes on.")
    return mask.astype(bool)


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
