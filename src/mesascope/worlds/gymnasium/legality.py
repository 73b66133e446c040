"""Which actions an environment allows, where it says so."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool

from mesascope.core.errors import WorldError
from mesascope.core.text import quoted
from mesascope.worlds.gymnasium.stepping import environment_code


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
