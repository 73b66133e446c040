"""Distances of canonical forms: STARC (Skalse et al. 2024), and NPEC, which scales, shifts and shapes one reward
towards the other (Gleave et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mesascope.objectives.canonical import RewardHere, minimal, rewards_here, value_adjusted
from mesascope.objectives.distances.epic import ROUNDING, UndefinedDistance
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.objectives.reward_tables import weighted_attributes
from mesascope.worlds.level import Level

TRIVIAL: float = 1e-9
"""A reward whose canonical form is smaller than this share of the reward prefers nothing."""


def starc(
    first: RewardHere,
    second: RewardHere,
    *,
    canonical: Callable[[RewardHere], Float[np.ndarray, "S A"]] = value_adjusted,
) -> float:
    """Returns the Euclidean distance of the canonical forms, each scaled to length 1, in [0, 2].

    All acting states and actions count alike. A reward that prefers nothing has the form 0: its distance is 1 from any
    that does and 0 from others like it.

    **Arguments:**

    - `first`, `second`: in the same level.
    - `canonical`: `value_adjusted` or `minimal`.
    """
    return float(np.linalg.norm(_scaled(first, canonical) - _scaled(second, canonical)))


def starc_minimal(first: RewardHere, second: RewardHere) -> float:
    """Returns the STARC distance of minimal canonical forms."""
    return starc(first, second, canonical=minimal)


def npec(first: RewardHere, second: RewardHere) -> float:
    """Returns the share of the second reward's size that the best equivalent of the first misses, in [0, 1].

    The smallest `|scale R_A + shift + shaping - R_B|` over scales of 0 or more, divided by the same with `R_A = 0`
    (Gleave et al. 2021, §4.2), of expected rewards over uniform acting states and actions. A shift is shaping where
    nothing ends an episode, and changes what is best where something does; there it is not taken out. That leaves only
    canonical forms to be compared, and the rest is a projection. Asymmetric: a premetric.

    **Raises:** `UndefinedDistance` if the second reward is nothing but shaping.
    """
    one, other = (_scaled(reward, minimal) for reward in (first, second))
    if not other.any():
        raise UndefinedDistance("the second reward is nothing but shaping")
    if not one.any():
        return 1.0
    alignment = max(0.0, float((one * other).sum()))
    distance = float(np.sqrt(max(0.0, 1 - min(alignment, 1.0) ** 2)))
    return 0.0 if distance < ROUNDING else distance


def _scaled(
    reward: RewardHere, canonical: Callable[[RewardHere], Float[np.ndarray, "S A"]]
) -> Float[np.ndarray, "S A"]:
    """Returns the canonical form of a reward, scaled to length 1; 0 if the reward prefers nothing."""
    form = canonical(reward)
    size = float(np.linalg.norm(form))
    trivial = size <= TRIVIAL * max(float(np.linalg.norm(reward.expected)), 1e-300)
    return np.zeros_like(form) if trivial else form / size


def starc_distances(
    levels: Level,
    objectives: Objectives,
    space: AttributeRewards,
    parameters: Float[np.ndarray, "n D"],
) -> Float[np.ndarray, "n O"]:
    """Returns STARC distances between parameters of a space and candidates, averaged over levels.

    Candidates keep their own ends of episodes. Canonical forms are linear, so those of the attributes are worked out
    once a level, and every parameter is a sum of them.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: O candidates.
    - `space`: of the parameters.
    - `parameters`: n of them.

    **Raises:** `UndefinedDistance` if the objectives are of another world.
    """
    if levels.attributes.shape[-1] != np.shape(objectives.weights)[-1]:
        raise UndefinedDistance(
            f"the level has {levels.attributes.shape[-1]} attributes, the objective weighs "
            f"{np.shape(objectives.weights)[-1]}"
        )
    single = weighted_attributes(space, np.eye(len(space.names)))
    total = np.zeros((len(parameters), len(objectives)))
    for index in range(levels.count):
        level = levels[index]
        total += _apart(_unit(parameters @ _forms(level, single)), _unit(_forms(level, objectives)))
    return total / levels.count


def starc_between(levels: Level, objectives: Objectives) -> Float[np.ndarray, "O O"]:
    """Returns the STARC distances between objectives, each with its own end of episodes, averaged over levels.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: O candidates.
    """
    forms = [_unit(_forms(levels[index], objectives)) for index in range(levels.count)]
    return sum((_apart(rows, rows) for rows in forms), np.zeros((len(objectives),) * 2)) / levels.count


def _forms(level: Level, objectives: Objectives) -> Float[np.ndarray, "O SA"]:
    return np.stack([value_adjusted(one).ravel() for one in rewards_here(level, objectives)])


def _apart(first: Float[np.ndarray, "n SA"], second: Float[np.ndarray, "m SA"]) -> Float[np.ndarray, "n m"]:
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    # What is left of equal forms by rounding is no distance.
    return np.sqrt(np.where(squares > ROUNDING**2, squares, 0.0))


def _unit(rows: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(size > TRIVIAL, rows / np.where(size > 0, size, 1.0), 0.0)
