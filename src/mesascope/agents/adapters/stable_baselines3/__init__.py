"""Reading an agent from a `.zip` file of Stable-Baselines3, with what belongs to it beside the file."""

from __future__ import annotations

import os
from pathlib import Path

from mesascope.agents.adapters.stable_baselines3.agent import StableBaselines3Agent
from mesascope.agents.adapters.stable_baselines3.description import choice_note, describe
from mesascope.agents.adapters.stable_baselines3.fields import Fields
from mesascope.agents.adapters.stable_baselines3.observations import Observations
from mesascope.agents.adapters.stable_baselines3.spaces import Space, read_actions, read_space
from mesascope.agents.adapters.stable_baselines3.statistics import (
    Statistics,
    companions,
    configuration_of,
    configured,
    read_statistics,
    trained_normalized,
)
from mesascope.agents.adapters.torch_weights import read_torch_weights
from mesascope.agents.agent import Agent
from mesascope.agents.reading import MAXIMUM_BYTES, Archive, read_model_file
from mesascope.core.errors import UntrustedModelError, UsageError
from mesascope.core.text import quoted

NONE: str = "none"
"""In place of a file of statistics: observations were not normalized."""

UNKNOWN = (
    "Its file does not tell whether it was trained on normalized observations (VecNormalize), and no statistics lie "
    "beside it: observations go to the policy as the world shows them. If it was, name its statistics: "
    "--vecnormalize FILE."
)


def load_stable_baselines3(
    path: str | os.PathLike,
    *,
    trust_pickle: bool = False,
    vecnormalize: str | None = None,
    frame_stack: int | None = None,
    maximum_bytes: int = MAXIMUM_BYTES,
) -> Agent:
    """Reads an agent from a `.zip` file of Stable-Baselines3 or sb3-contrib, of version 1.0 or later.

    PPO, A2C, DQN, QR-DQN, TRPO, MaskablePPO and ARS are memoryless; RecurrentPPO, and whatever was trained on stacked
    frames, has a memory. Actions must be a `Discrete` space.

    **Arguments:**

    - `path`: the file.
    - `trust_pickle`: let Stable-Baselines3 load it, which runs code that is in the file.
    - `vecnormalize`: the file of the statistics that `VecNormalize` saved; `"none"` if observations were not
      normalized; by default it is looked for beside the agent's file.
    - `frame_stack`: how many observations `VecFrameStack` stacked; by default what the zoo's `config.yml` beside the
      file says, else 1.
    - `maximum_bytes`: the cap.

    **Raises:** `UsageError` if it cannot be read or what was given does not fit it, `UntrustedModelError` if it is
    broken, dangerous or not understood.
    """
    path = Path(path)
    archive = Archive(read_model_file(path, maximum_bytes=maximum_bytes), path=path)
    data, weights = archive.read("data"), archive.read("policy.pth")
    fields = Fields(data, path)
    beside = (vecnormalize, frame_stack)
    if trust_pickle:
        from mesascope.agents.adapters.stable_baselines3.trusted import load_trusted

        actions = read_actions(fields)
        observations, notes = _observations(
            path, fields, read_space(fields), *beside, fields.algorithm == "MaskablePPO"
        )
        return load_trusted(path, fields, observations, actions=actions, notes=notes)
    description = describe(fields)
    family = description.family
    observations, notes = _observations(path, fields, description.space, *beside, family.masked)
    tensors = read_torch_weights(weights, path=path, field="policy.pth")
    notes = (choice_note(family.name, greedy=family.greedy), *notes)
    return StableBaselines3Agent(
        path.stem, description, tensors, observations, path=path, notes=notes, advice=fields.advice
    )


def _observations(
    path: Path, fields: Fields, space: Space, vecnormalize: str | None, frames: int | None, masked: bool
) -> tuple[Observations, tuple[str, ...]]:
    """How the observations of an agent are prepared, and what a reader must know of it."""
    configuration = configuration_of(path)
    if frames is None:
        said = configured(configuration, "frame_stack") if configuration is not None else None
        frames = int(said) if said is not None and said.isdecimal() and len(said) < 4 else 1
    if frames < 1:
        raise UsageError(f"{frames} frames cannot be stacked; the least is 1 (--frame-stack).")
    statistics, notes = _statistics(path, fields, space, vecnormalize, configuration)
    actions = read_actions(fields) if masked else 0
    observations = Observations(path.stem, space, actions=actions, statistics=statistics, frames=frames)
    if frames > 1:
        notes += (f"It sees the last {frames} observations, those before an episode as zeros (VecFrameStack).",)
    return observations, (*notes, *space.notes)


def _statistics(
    path: Path, fields: Fields, space: Space, given: str | None, configuration: str | None
) -> tuple[Statistics | None, tuple[str, ...]]:
    if given == NONE:
        return None, ("Observations go to the policy as the world shows them (--vecnormalize none).",)
    normalized = trained_normalized(fields, space, configuration)
    if given is None:
        beside = next((file for file in companions(path) if file.is_file() and not file.is_symlink()), None)
        if beside is None or normalized is False:
            if normalized:
                raise UntrustedModelError(
                    "it was trained behind VecNormalize, and the statistics of its observations are not in it. Put its "
                    "vecnormalize.pkl beside it, or name that file: --vecnormalize FILE. If rewards alone were "
                    "normalized: --vecnormalize none.",
                    path=path,
                )
            return None, (UNKNOWN,) if normalized is None else ()
        given = str(beside)
    found = read_statistics(given)
    if not found.moments:
        return None, (f"Its VecNormalize normalized rewards alone ({quoted(given, limit=200)}).",)
    return found, (f"Its observations are normalized with the statistics in {quoted(given, limit=200)}.",)
