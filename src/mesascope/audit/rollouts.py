"""Batched roll-outs: for agents with memory, whose policy is not a table over states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.core.precision import as_double
from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level

TAIL: float = 1e-3
"""Episodes are cut when the discount has fallen to this: returns are short of the whole by at most this share."""

LONGEST: int = 1000


@dataclass(frozen=True)
class Rollouts:
    """What was seen in sampled episodes.

    **Arguments:**

    - `returns`: mean return over each level's episodes under each objective, `[O, N]`.
    - `policy`: mean action probabilities in each visited state, uniform in others, `[N, S, A]`.
    - `visits`: mean discounted number of visits of each state, `[N, S]`.
    - `episodes`: per level; `steps`: length of each.
    """

    returns: Float[np.ndarray, "O N"]
    policy: Float[np.ndarray, "N S A"]
    visits: Float[np.ndarray, "N S"]
    episodes: int
    steps: int


def roll_out(
    agent: Agent,
    levels: Level,
    seen: Float[np.ndarray, "N S ..."],
    objectives: Objectives,
    *,
    counted_until: int,
    episodes: int,
    seed: int,
) -> Rollouts:
    """Lets an agent act in a batch of levels.

    **Arguments:**

    - `agent`: with or without memory.
    - `levels`: a batch of N levels.
    - `seen`: observations of every state.
    - `objectives`: under which returns are added up, each until its own episode ends.
    - `counted_until`: index of the objective whose end of episode ends the counting of visits (the base objective).
    - `episodes`: per level.
    - `seed`: of the sampled starts, actions and outcomes.

    **Raises:** `AgentError`, as `ask` does.
    """
    random = np.random.default_rng(seed)
    levels = as_double(levels)
    actions, count = levels.actions, levels.count
    level = np.repeat(np.arange(count), episodes)
    state = choose_by(np.asarray(levels.initial)[level], random)
    memory = agent.initial_state(len(level))
    discount = levels.discount[level]
    alive = np.ones((len(objectives), len(level)))
    weight, totals = np.ones(len(level)), np.zeros((len(objectives), len(level)))
    visits, chosen = np.zeros(levels.initial.shape), np.zeros((*levels.initial.shape, actions))
    steps = min(LONGEST, int(np.ceil(np.log(TAIL) / np.log(discount.max()))))
    for _ in range(steps):
        probabilities, memory = ask(agent, seen[level, state], memory, actions=actions)
        counted = weight * alive[counted_until] * ~levels.terminal[level, state]
        np.add.at(visits, (level, state), counted)
        np.add.at(chosen, (level, state), counted[:, None] * probabilities)
        action = choose_by(probabilities, random)
        outcome = choose_by(np.asarray(levels.probabilities)[level, state, action], random)
        attributes = levels.attributes[level, state, action, outcome]
        running = alive * ~levels.terminal[level, state]
        totals += running * weight * (attributes @ objectives.weights.T).T
        alive = running * ~((attributes @ objectives.stops.T).T > 0)
        state = np.where(levels.terminal[level, state], state, levels.successors[level, state, action, outcome])
        weight = weight * discount
        if not alive.any():
            break
    policy = np.divide(chosen, visits[..., None], out=np.full_like(chosen, 1 / actions), where=visits[..., None] > 0)
    by_level = totals.reshape(len(objectives), count, episodes).mean(-1)
    return Rollouts(by_level, policy, visits / episodes, episodes, steps)


def choose_by(probabilities: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws one index a row, by its probabilities."""
    cumulative = probabilities.cumsum(-1)
    draw = random.random((len(probabilities), 1)) * cumulative[:, -1:]
    return (draw >= cumulative).sum(-1).clip(max=probabilities.shape[-1] - 1)
