"""Which candidate a recovered objective comes nearest to, and what each attribute of it brings the agent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.objectives.canonical import rewards_here, value_adjusted
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.objectives.reward_tables import weighted_attributes
from mesascope.planning.evaluation import policy_values, returns
from mesascope.worlds.level import Level


@dataclass(frozen=True)
class Contribution:
    """One attribute of a recovered objective.

    **Arguments:**

    - `name`: of the attribute.
    - `value`, `low`, `high`: its weight, in units of the temperature, with a 90 % interval.
    - `gain`: what its weight brings the agent beyond a uniform policy, discounted, averaged over levels.
    - `motion`: whether it is about what the agent does rather than gets.
    """

    name: str
    value: float
    low: float
    high: float
    gain: float
    motion: bool


def contributions(
    choices: ObservedChoices,
    space: AttributeRewards,
    parameter: Float[np.ndarray, " D"],
    deviation: Float[np.ndarray, " D"],
    motion: Bool[np.ndarray, " D"],
) -> tuple[Contribution, ...]:
    """Returns what each attribute brings, the one that brings most first.

    **Arguments:**

    - `choices`: of the agent.
    - `space`: names the attributes.
    - `parameter`, `deviation`: recovered weights and their standard deviations.
    - `motion`: attributes of mere motion.
    """
    levels, policy, single = choices.levels, choices.policy, weighted_attributes(space, np.eye(len(space.names)))
    uniform = np.full_like(policy, 1 / policy.shape[-1])
    more = returns(levels, policy_values(levels, policy, single) - policy_values(levels, uniform, single)).mean(1)
    rows = []
    for index in np.argsort(-parameter * more, kind="stable"):
        value, half = float(parameter[index]), 1.645 * float(deviation[index])
        gain = float(value * more[index])
        rows.append(Contribution(space.names[index], value, value - half, value + half, gain, bool(motion[index])))
    return tuple(rows)


@dataclass(frozen=True)
class Nearest:
    """The candidates by their distance to a recovered objective.

    **Arguments:**

    - `names`, `distances`: STARC distances, averaged over levels, nearest first.
    - `share`: of the posterior's draws to which the first is nearest.
    """

    names: tuple[str, ...]
    distances: tuple[float, ...]
    share: float


def nearest_objectives(
    levels: Level,
    objectives: Objectives,
    space: AttributeRewards,
    parameters: Float[np.ndarray, "n D"],
) -> Nearest:
    """Returns which candidates act most like a recovered objective, by STARC distances.

    **Arguments:**

    - `levels`, `objectives`, `space`, `parameters`: as of `starc_distances`; the parameters are the recovered one, then
      draws from its posterior.
    """
    distances = starc_distances(levels, objectives, space, parameters)
    order = np.argsort(distances[0], kind="stable")
    closest = (distances[1:] if len(distances) > 1 else distances).argmin(1)
    return Nearest(
        tuple(objectives.names[place] for place in order),
        tuple(float(distances[0, place]) for place in order),
        float((closest == order[0]).mean()),
    )


def starc_distances(
    levels: Level,
    objectives: Objectives,
    space: AttributeRewards,
    parameters: Float[np.ndarray, "n D"],
) -> Float[np.ndarray, "n O"]:
    """Returns STARC distances, averaged over levels.

    Candidates keep their own ends of episodes. Canonical forms are linear, so those of the attributes are worked out
    once a level, and every parameter is a sum of them.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: O candidates.
    - `space`: of the parameters.
    - `parameters`: n of them.
    """
    single = weighted_attributes(space, np.eye(len(space.names)))
    total = np.zeros((len(parameters), len(objectives)))
    batch = levels.batch()
    for index in range(batch.count):
        level = batch[index]
        known = _unit(np.stack([value_adjusted(one).ravel() for one in rewards_here(level, objectives)]))
        basis = np.stack([value_adjusted(one).ravel() for one in rewards_here(level, single)])
        drawn = _unit(parameters @ basis)
        total += np.sqrt(np.maximum((drawn**2).sum(1)[:, None] + (known**2).sum(1) - 2 * drawn @ known.T, 0.0))
    return total / batch.count


def _unit(rows: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(size > 1e-9, rows / np.where(size > 0, size, 1.0), 0.0)
