"""Episodes in the forms in which others record them: objects, dictionaries, lists of steps, Minari data sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import MissingExtraError, UsageError
from mesascope.core.text import quoted, shown

NAMES: dict[str, tuple[str, ...]] = {
    "observations": ("observations", "observation", "obs", "states", "state"),
    "next_observations": ("next_observations", "next_observation", "next_obs", "next_states", "next_state"),
    "actions": ("actions", "action", "acts", "act"),
    "terminations": ("terminations", "termination", "terminated", "terminals", "terminal", "dones", "done"),
    "truncations": ("truncations", "truncation", "truncated", "timeouts", "timeout"),
}
"""What each part of an episode is called by Gymnasium, Minari, imitation, d4rl and d3rlpy."""

FORMS: str = (
    "Bring episodes as dictionaries or objects with 'observations' (one more than actions), 'actions', and "
    "'terminations' or 'truncations'; as lists of steps, each a dictionary with 'observation', 'action' and "
    "'next_observation'; or as a Minari data set."
)


@dataclass(frozen=True)
class Recording:
    """One episode as it was recorded, in one form.

    **Arguments:**

    - `observations`: one more than there are actions.
    - `actions`: whole numbers, `[T]`.
    - `terminated`, `truncated`: how it ended; `None` where nothing was recorded about it.
    """

    observations: Any
    actions: np.ndarray
    terminated: bool | None
    truncated: bool | None


def recorded(recordings: Any) -> Iterator[Recording]:
    """Yields episodes in one form.

    **Arguments:**

    - `recordings`: a Minari data set, its folder or its name on this machine; one episode, or several.

    **Raises:** `UsageError` naming the episode and what it lacks; `MissingExtraError` for a folder without Minari.
    """
    for index, one in enumerate(_each(recordings)):
        yield _recording(one, f"Episode {index}")


def _each(recordings: Any) -> Iterable[Any]:
    if isinstance(recordings, str | Path):
        recordings = _minari(recordings)
    if callable(getattr(recordings, "iterate_episodes", None)):
        with code_of_others("The data set", "when its episodes were read", error=UsageError):
            return list(recordings.iterate_episodes())
    if _is_episode(recordings):
        return [recordings]
    if isinstance(recordings, Mapping):
        raise UsageError(f"The dictionary of {_keys(recordings)} is no episode. {FORMS}")
    if not isinstance(recordings, Iterable):
        raise UsageError(f"Demonstrations cannot be a {type(recordings).__name__}. {FORMS}")
    found = list(recordings)
    # A list of steps is one episode, a list of such lists several.
    return [found] if found and _is_step(found[0]) else found


def _minari(place: str | Path) -> Any:
    try:
        import minari  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingExtraError(f"The data set {quoted(place)}", "minari", "minari") from error
    with code_of_others("Minari", f"when it opened {quoted(place)}", error=UsageError):
        folder = Path(place)
        if not folder.is_dir():
            return minari.load_dataset(str(place))
        return minari.MinariDataset(folder if (folder / "main_data.hdf5").exists() else folder / "data")


def _part(one: Any, part: str) -> Any:
    """Returns a part of an episode or step under whichever name it has; `None` if it has none."""
    for name in NAMES[part]:
        value = one.get(name) if isinstance(one, Mapping) else getattr(one, name, None)
        if value is not None and not callable(value):
            return value
    return None


def _is_episode(one: Any) -> bool:
    return _part(one, "actions") is not None and np.ndim(_first(_part(one, "actions"))) >= 1


def _is_step(one: Any) -> bool:
    if not isinstance(one, Mapping) or (action := _part(one, "actions")) is None:
        return False
    return np.ndim(_first(action)) == 0 or (np.size(_first(action)) == 1 and "action" in one)


def _first(value: Any) -> Any:
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        return None


def _keys(one: Any) -> str:
    names = list(one) if isinstance(one, Mapping) else sorted(getattr(one, "__dict__", {}))
    return ", ".join(quoted(name, limit=40) for name in names[:12]) or "nothing"


def _recording(one: Any, name: str) -> Recording:
    if isinstance(one, Sequence) and not isinstance(one, str | bytes):
        return _of_steps(one, name)
    seen, actions = _part(one, "observations"), _part(one, "actions")
    for part, value in (("observations", seen), ("actions", actions)):
        if value is None:
            raise UsageError(f"{name} has no '{part}'; it is a {type(one).__name__} with {_keys(one)}. {FORMS}")
    actions = _whole(actions, name)
    count = _count(seen)
    if count == len(actions) and (after := _part(one, "next_observations")) is not None:
        seen = _appended(seen, after)
    elif count != len(actions) + 1:
        raise UsageError(
            f"{name} has {count} observations and {len(actions)} actions; one observation more than actions is needed, "
            "the last one being where the episode ended. Append it, or bring 'next_observations' beside them."
        )
    return Recording(seen, actions, _ended(one, "terminations"), _ended(one, "truncations"))


def _of_steps(steps: Sequence[Any], name: str) -> Recording:
    if not steps:
        raise UsageError(f"{name} has no steps. {FORMS}")
    for index, step in enumerate(steps):
        if not isinstance(step, Mapping) or _part(step, "observations") is None or _part(step, "actions") is None:
            what = f"a dictionary of {_keys(step)}" if isinstance(step, Mapping) else f"a {type(step).__name__}"
            raise UsageError(
                f"Step {index} of {name.lower()} is {what}, not a dictionary with 'observation' and 'action'. {FORMS}"
            )
    after = _part(steps[-1], "next_observations")
    if after is None:
        raise UsageError(
            f"The last step of {name.lower()} has no 'next_observation', so where the episode ended is unknown; it has "
            f"{_keys(steps[-1])}."
        )
    seen = [_part(step, "observations") for step in steps] + [after]
    ends = [_ended(steps[-1], part) for part in ("terminations", "truncations")]
    return Recording(seen, _whole([_part(step, "actions") for step in steps], name), *ends)


def _whole(actions: Any, name: str) -> np.ndarray:
    try:
        found = np.asarray(actions)
        flat = found.reshape(-1).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The actions of {name.lower()} are no numbers: {shown(error)}.") from error
    if found.ndim > 1 and found.size != len(found):
        raise UsageError(
            f"The actions of {name.lower()} have the shape {list(found.shape)}: continuous or several at once. A level "
            "has one whole number for each step."
        )
    if not (flat == np.round(flat)).all():
        raise UsageError(f"The actions of {name.lower()} are no whole numbers: {flat[flat != np.round(flat)][0]}.")
    return flat.astype(np.int64)


def _count(seen: Any) -> int:
    if isinstance(seen, Mapping):
        return min((len(value) for value in seen.values()), default=0)
    return len(seen) if hasattr(seen, "__len__") else 0


def _appended(seen: Any, after: Any) -> Any:
    if isinstance(seen, Mapping):
        return {key: np.concatenate([np.asarray(value), np.asarray(after[key])[-1:]]) for key, value in seen.items()}
    return np.concatenate([np.asarray(seen), np.asarray(after)[-1:]])


def _ended(one: Any, part: str) -> bool | None:
    value = _part(one, part)
    return None if value is None else bool(np.any(np.asarray(value)))
