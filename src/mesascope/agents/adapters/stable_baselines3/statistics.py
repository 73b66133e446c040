"""Running statistics of observations that `VecNormalize` of Stable-Baselines3 saved, read without unpickling.

A policy that was trained behind `VecNormalize` reads normalized observations, and the numbers that normalize them are
not in its file. They are in a second file, which is looked for where Stable-Baselines3 and its zoo put it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mesascope.agents.adapters.pickled_arrays import ANY_CLASS, Record, read_pickled_arrays
from mesascope.agents.adapters.stable_baselines3.fields import Fields
from mesascope.agents.adapters.stable_baselines3.spaces import Part, Space, bounds_of
from mesascope.agents.reading import read_model_file
from mesascope.core.errors import UntrustedModelError
from mesascope.core.text import quoted

MAXIMUM_STATISTICS_BYTES: int = 64 * 2**20
MAXIMUM_CONFIGURATION_BYTES: int = 2**20

_CLASS = "stable_baselines3.common.vec_env.vec_normalize VecNormalize"
_NAMES = ("vecnormalize.pkl", "vec_normalize.pkl")


@dataclass(frozen=True)
class Statistics:
    """Mean and variance of observations, and how they are used.

    **Arguments:**

    - `path`: the file they come from.
    - `moments`: mean and variance of each part of the observation that is normalized, by its name.
    - `clip`: largest normalized value.
    - `epsilon`: added to the variance.
    """

    path: str
    moments: dict[str, tuple[np.ndarray, np.ndarray]]
    clip: float
    epsilon: float

    def fit(self, parts: Sequence[Part]) -> bool:
        """Says whether observations of these parts can be normalized."""
        known = {part.name: part for part in parts if not part.counts}
        return all(name in known and mean.shape in _layouts(known[name]) for name, (mean, _) in self.moments.items())

    def shapes(self) -> str:
        """Returns the shapes of what they normalize, for a message."""
        return ", ".join(
            f"{quoted(name)} {list(mean.shape)}" if name else str(list(mean.shape))
            for name, (mean, _) in self.moments.items()
        )

    def apply(self, parts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns observations `[B, ...]` by name, those with statistics normalized: computed in double precision and
        returned in single, as Stable-Baselines3 does.
        """
        result = dict(parts)
        for name, moments in self.moments.items():
            mean, variance = (
                # Statistics of images are as the environment shows them, channels last.
                moment if moment.shape == parts[name].shape[1:] else moment.transpose(2, 0, 1)
                for moment in moments
            )
            normalized = (parts[name] - mean) / np.sqrt(variance + self.epsilon)
            result[name] = np.clip(normalized, -self.clip, self.clip).astype(np.float32)
        return result


def read_statistics(path: str | os.PathLike) -> Statistics:
    """Reads what `VecNormalize.save` wrote.

    **Arguments:**

    - `path`: the file.

    **Returns:** the statistics; without moments if only rewards were normalized.

    **Raises:** `UsageError` if it cannot be read, `UntrustedModelError` if it is anything else.
    """
    content = read_model_file(path, maximum_bytes=MAXIMUM_STATISTICS_BYTES)
    found = read_pickled_arrays(content, path=path, records=ANY_CLASS)
    if not isinstance(found, Record) or found.name != _CLASS or not isinstance(found.state, dict):
        raise UntrustedModelError("it is not what VecNormalize.save of Stable-Baselines3 writes.", path=path)
    state = found.state
    clip, epsilon = _number(state, "clip_obs", path), _number(state, "epsilon", path)
    moments: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    normalizes = state.get("norm_obs")
    if not isinstance(normalizes, bool):
        raise UntrustedModelError("'norm_obs' is neither true nor false.", path=path, field="norm_obs")
    if normalizes:
        of = state.get("obs_rms")
        keys = state.get("norm_obs_keys")
        named = {key for key in keys if isinstance(key, str)} if isinstance(keys, list | tuple) else None
        records = {"": of} if isinstance(of, Record) else of
        if not isinstance(records, dict) or not records:
            raise UntrustedModelError("it holds no statistics of observations.", path=path, field="obs_rms")
        for name, record in records.items():
            if named is not None and name and name not in named:
                continue
            moments[str(name)] = _moments(record, epsilon, path)
    return Statistics(str(path), moments, clip, epsilon)


def companions(path: Path) -> Iterator[Path]:
    """Yields the files that may hold the statistics of an agent's `.zip`, likeliest first."""
    stem = path.stem
    yield from (path.with_name(f"{stem}_{name}") for name in _NAMES)
    # CheckpointCallback: rl_model_1000_steps.zip and rl_model_vecnormalize_1000_steps.pkl.
    if numbered := re.fullmatch(r"(.*)_([0-9]+_steps)", stem):
        yield path.with_name(f"{numbered[1]}_vecnormalize_{numbered[2]}.pkl")
    for folder in folders(path):
        yield from (folder / name for name in _NAMES)


def folders(path: Path) -> Iterator[Path]:
    """Yields the folders in which the zoo keeps what belongs to an agent's `.zip`: its own, or one named after the
    environment (`ppo/CartPole-v1_1/best_model.zip` and `ppo/CartPole-v1_1/CartPole-v1/`).
    """
    yield path.parent / path.stem
    yield path.parent / re.sub(r"_[0-9]+$", "", path.absolute().parent.name)
    yield path.parent


def trained_normalized(fields: Fields, space: Space, configuration: str | None) -> bool | None:
    """Says whether an agent was trained on normalized observations; `None` if nothing tells.

    **Arguments:**

    - `fields`: of its file. Algorithms that learn on policy keep the observations that came before normalization if
      and only if there was one; for others, an observation beyond the bounds of its space was normalized.
    - `space`: of its observations.
    - `configuration`: text of the zoo's `config.yml` beside it, if there is one.
    """
    if all(part.kind != "Box" for part in space.parts):
        # `VecNormalize` normalizes nothing else; it can only have been there for the rewards.
        return False
    said = configured(configuration, "normalize") if configuration is not None else None
    rewards_only = said is not None and re.search(r"norm_obs['\"]*\s*[:=]\s*False", said) is not None
    last, original = (fields.data.get(name) for name in ("_last_obs", "_last_original_obs"))
    if last is not None and "exploration_rate" not in fields.data:
        return original is not None and not rewards_only
    if configuration is not None:
        return said is not None and said.strip("'\"").lower() not in ("false", "null", "none") and not rewards_only
    try:
        seen, bounds = fields.pickled("_last_obs"), bounds_of(fields)
    except UntrustedModelError:
        return None
    if not isinstance(seen, np.ndarray) or bounds is None or seen.shape[1:] != bounds[0].shape:
        return None
    low, high = (np.asarray(bound, np.float64) for bound in bounds)
    # An environment may overstep its bounds by rounding.
    with np.errstate(invalid="ignore", over="ignore"):
        slack = 1e-3 * np.where(np.isfinite(high - low), high - low, 1.0)
    return True if ((seen < low - slack) | (seen > high + slack)).any() else None


def configuration_of(path: Path) -> str | None:
    """Returns the text of the zoo's `config.yml` that belongs to an agent's `.zip`; `None` if there is none."""
    for folder in folders(path):
        file = folder / "config.yml"
        if file.is_file() and not file.is_symlink():
            text = read_model_file(file, maximum_bytes=MAXIMUM_CONFIGURATION_BYTES).decode("utf-8", "replace")
            # Another program's configuration says nothing here.
            return text if configured(text, "n_timesteps") is not None or configured(text, "policy") else None
    return None


def configured(text: str, key: str) -> str | None:
    """Returns the value of a key of plain letters in the zoo's YAML, as text: a list of pairs, or a plain table."""
    found = re.search(rf"^[ -]*- {key}\r?\n +- (.{{0,1000}})$|^{key}:[ \t]*(.{{0,1000}})$", text, re.MULTILINE)
    return (found[1] or found[2] or "").strip() if found else None


def _layouts(part: Part) -> tuple[tuple[int, ...], ...]:
    return (part.shape, (*part.shape[1:], part.shape[0])) if part.image else (part.shape,)


def _number(state: dict, name: str, path: object) -> float:
    value = state.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or not value > 0:
        raise UntrustedModelError(f"'{name}' is not a positive number.", path=path, field=name)
    return float(value)


def _moments(record: object, epsilon: float, path: object) -> tuple[np.ndarray, np.ndarray]:
    state = record.state if isinstance(record, Record) and isinstance(record.state, dict) else {}
    mean, variance = state.get("mean"), state.get("var")
    fits = (
        isinstance(mean, np.ndarray)
        and isinstance(variance, np.ndarray)
        and mean.shape == variance.shape
        and mean.dtype.kind == variance.dtype.kind == "f"
        and np.isfinite(mean).all()
        and np.isfinite(variance).all()
        and (variance + epsilon > 0).all()
    )
    if not fits:
        raise UntrustedModelError(
            "its mean and variance are not finite arrays of one shape.", path=path, field="obs_rms"
        )
    return np.asarray(mean, np.float64), np.asarray(variance, np.float64)
