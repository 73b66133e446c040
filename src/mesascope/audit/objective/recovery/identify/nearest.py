"""How a recovered objective reads: what each attribute brings, which candidate comes nearest, where readings part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.verdicts import Estimate
from mesascope.objectives.canonical import rewards_here, value_adjusted
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec


@dataclass(frozen=True)
class Contribution:
    """One attribute of a recovered objective.

    **Arguments:**

    - `name`: of the attribute.
    - `weight`: recovered, in units of the temperature, with a 90 % interval.
    - `gain`: what its weight brings the agent beyond a uniform policy, discounted, averaged over levels.
    - `motion`: whether it is about what the agent does rather than gets.
    """

    name: str
    weight: Estimate
    gain: float
    motion: bool


def contributions(
    levels: Level,
    policy: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
    parameter: Float[np.ndarray, " D"],
    deviation: Float[np.ndarray, " D"],
    motion: Bool[np.ndarray, " D"],
) -> tuple[Contribution, ...]:
    """Returns what each attribute brings, the one that brings most first.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `policy`: of the agent, `[N, S, A]`.
    - `space`: names the attributes.
    - `parameter`, `deviation`: recovered weights and their standard deviations.
    - `motion`: attributes of mere motion.
    """
    width = len(space.names)
    stops = np.zeros((width, width))
    stops[:, list(space.stops)] = 1.0
    single = Objectives(tuple(ObjectiveSpec(name, {name: 1.0}) for name in space.names), np.eye(width), stops)
    uniform = np.full_like(policy, 1 / policy.shape[-1])
    more = returns(levels, policy_values(levels, policy, single) - policy_values(levels, uniform, single)).mean(1)
    rows = []
    for index in np.argsort(-parameter * more, kind="stable"):
        value, half = float(parameter[index]), 1.645 * float(deviation[index])
        weight = Estimate(value, value - half, value + half, levels.count, "levels", 0.9)
        rows.append(Contribution(space.names[index], weight, float(value * more[index]), bool(motion[index])))
    return tuple(rows)


@dataclass(frozen=True)
class Nearest:
    """The candidates by their distance to a recovered objective.

    **Arguments:**

    - `names`, `distances`: STARC distances, averaged over levels, nearest first.
    - `share`: of the posterior's draws to which the first is nearest.
    - `by_draw`: the name that is nearest to each draw.
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

    Candidates keep their own ends of episodes. Canonical forms are linear, so those of the attributes are worked out
    once a level, and every draw is a sum of them.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: O candidates.
    - `space`: of the parameters.
    - `parameters`: the recovered one, then draws from its posterior.
    """
    width = len(space.names)
    stops = np.zeros((width, width))
    stops[:, list(space.stops)] = 1.0
    single = Objectives(tuple(ObjectiveSpec(name, {name: 1.0}) for name in space.names), np.eye(width), stops)
    total = np.zeros((len(parameters), len(objectives)))
    batch = levels.batch()
    for index in range(batch.count):
        level = batch[index]
        known = _unit(np.stack([value_adjusted(one).ravel() for one in rewards_here(level, objectives)]))
        basis = np.stack([value_adjusted(one).ravel() for one in rewards_here(level, single)])
        drawn = _unit(parameters @ basis)
        total += np.sqrt(np.maximum((drawn**2).sum(1)[:, None] + (known**2).sum(1) - 2 * drawn @ known.T, 0.0))
    total /= batch.count
    order = np.argsort(total[0], kind="stable")
    closest = total[1:].argmin(1) if len(total) > 1 else total.argmin(1)
    return Nearest(
        tuple(objectives.names[place] for place in order),
        tuple(float(total[0, place]) for place in order),
        float((closest == order[0]).mean()),
    )


def _unit(rows: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(size > 1e-9, rows / np.where(size > 0, size, 1.0), 0.0)


@dataclass(frozen=True)
class Cost:
    """What it costs, level by level, that one of several objectives may be meant.

    **Arguments:**

    - `minimax`: smallest worst-case normalised regret of a policy optimal for one of them, `[N]`.
    - `pair`: the two objectives, by index, that lose most by each other in each level, `[N, 2]`.
    - `lost`: what the first of the pair loses by the second's policy, `[N]`.
    """

    minimax: Float[np.ndarray, " N"]
    pair: np.ndarray
    lost: Float[np.ndarray, " N"]


def cost_of_ambiguity(levels: Level, objectives: Objectives) -> Cost:
    """Returns what ambiguity among objectives costs in each level; regrets run from the best to the worst policy.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `objectives`: that explain the behaviour alike, each with its own end of episodes.
    """
    opposite = Objectives(objectives.specs, -objectives.weights, objectives.stops)
    value = optimal_action_values(levels, objectives)
    best = returns(levels, value.max(-1))
    worst = -returns(levels, optimal_action_values(levels, opposite).max(-1))
    room = best - worst
    size = np.abs(objectives.weights).max(1)[:, None]
    demanding = room > 1e-9 * np.maximum(size, 1e-300)
    regrets = np.zeros((levels.count, len(objectives), len(objectives)))
    for other in range(len(objectives)):
        chosen = np.eye(levels.actions)[value[other].argmax(-1)]
        gained = returns(levels, policy_values(levels, chosen, objectives))
        lost = np.where(demanding, (best - gained) / np.where(demanding, room, 1.0), 0.0)
        # What is left of equal numbers by rounding is no regret.
        lost = np.where(lost < 1e-9, 0.0, lost)
        regrets[:, :, other] = np.clip(lost, 0.0, 1.0).T
    flat = regrets.reshape(levels.count, -1).argmax(1)
    pair = np.stack(np.divmod(flat, len(objectives)), 1)
    return Cost(regrets.max(1).min(1), pair, regrets.reshape(levels.count, -1).max(1))


def as_objectives(space: AttributeRewards, parameters: Float[np.ndarray, "n D"], names: Sequence[str]) -> Objectives:
    """Returns parameters of a space as objectives with the space's end of episodes."""
    stops = np.zeros_like(parameters)
    stops[:, list(space.stops)] = 1.0
    specs = tuple(
        ObjectiveSpec(name, {attribute: float(weight) for attribute, weight in zip(space.names, row, strict=True)})
        for name, row in zip(names, parameters, strict=True)
    )
    return Objectives(specs, np.asarray(parameters, np.float64), stops)


def joined(*parts: Objectives) -> Objectives:
    """Returns several sets of objectives over the same attributes as one."""
    return Objectives(
        tuple(spec for part in parts for spec in part.specs),
        np.concatenate([np.asarray(part.weights, np.float64) for part in parts]),
        np.concatenate([np.asarray(part.stops, np.float64) for part in parts]),
    )
