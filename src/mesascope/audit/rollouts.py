"""Batched roll-outs: for agents with memory, whose policy is not a table over states."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.core.precision import as_double
from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level

TAIL: float = 1e-3
"""Episodes are cut when the discount has fallen to this: returns are short of the whole by at most this share."""

LONGEST: int = 1000

PERIODS: tuple[int, ...] = (0, 1, 2, 3, 4, 6, 9)
"""Steps at which a new period of an episode begins: what an agent with memory does in a state may depend on the time.
"""


@dataclass(frozen=True)
class TimedChoices:
    """What was chosen in each state in each period of the episodes of a level, as R rows.

    **Arguments:**

    - `level`, `state`: where, `[R]`.
    - `since`: first step of the period, `[R]`.
    - `weight`: share of the level's episodes that come there in that period, discounted, `[R]`.
    - `policy`: mean action probabilities when they first do, `[R, A]`.
    - `certainty`: mean of `sum p log p` of the probabilities themselves, which a memory may tell apart, `[R]`.
    """

    level: Int[np.ndarray, " R"]
    state: Int[np.ndarray, " R"]
    since: Int[np.ndarray, " R"]
    weight: Float[np.ndarray, " R"]
    policy: Float[np.ndarray, "R A"]
    certainty: Float[np.ndarray, " R"]


@dataclass(frozen=True)
class Rollouts:
    """What was seen in sampled episodes.

    **Arguments:**

    - `returns`: mean return over each level's episodes under each objective, `[O, N]`.
    - `policy`: mean action probabilities in each visited state, uniform in others, `[N, S, A]`.
    - `visits`: mean discounted number of visits of each state, `[N, S]`.
    - `episodes`: per level; `steps`: length of each.
    - `timed`: what was chosen when.
    """

    returns: Float[np.ndarray, "O N"]
    policy: Float[np.ndarray, "N S A"]
    visits: Float[np.ndarray, "N S"]
    episodes: int
    steps: int
    timed: TimedChoices


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
    levels = as_double(levels)
    actions, count = levels.actions, levels.count
    level = np.repeat(np.arange(count), episodes)
    discount = levels.discount[level]
    alive = np.ones((len(objectives), len(level)))
    weight, totals = np.ones(len(level)), np.zeros((len(objectives), len(level)))
    visits, chosen = np.zeros(levels.initial.shape), np.zeros((*levels.initial.shape, actions))
    longest = min(LONGEST, int(np.ceil(np.log(TAIL) / np.log(discount.max()))))
    taken = steps_of(agent, levels, seen, level, random=np.random.default_rng(seed))
    first, rows = np.zeros((len(level), levels.initial.shape[-1]), bool), []
    for number, step in enumerate(itertools.islice(taken, longest)):
        acting = ~levels.terminal[level, step.state]
        if number in PERIODS:
            first[:] = True
        new = first[np.arange(len(level)), step.state] & acting & (alive[counted_until] > 0)
        first[np.arange(len(level)), step.state] = False
        since = np.full(int(new.sum()), max(period for period in PERIODS if period <= number))
        rows.append((level[new], step.state[new], since, weight[new], step.probabilities[new]))
        counted = weight * alive[counted_until] * acting
        np.add.at(visits, (level, step.state), counted)
        np.add.at(chosen, (level, step.state), counted[:, None] * step.probabilities)
        running = alive * acting
        totals += running * weight * (step.attributes @ objectives.weights.T).T
        alive = running * ~((step.attributes @ objectives.stops.T).T > 0)
        weight = weight * discount
        if not alive.any():
            break
    policy = np.divide(chosen, visits[..., None], out=np.full_like(chosen, 1 / actions), where=visits[..., None] > 0)
    by_level = totals.reshape(len(objectives), count, episodes).mean(-1)
    return Rollouts(by_level, policy, visits / episodes, episodes, longest, _timed(rows, episodes))


def certainty_of(policy: Float[np.ndarray, "... A"]) -> Float[np.ndarray, "..."]:
    """Returns `sum p log p` of action probabilities: the log-likelihood that they give themselves."""
    return (policy * np.log(np.where(policy > 0, policy, 1.0))).sum(-1)


def _timed(rows: list[tuple[np.ndarray, ...]], episodes: int) -> TimedChoices:
    """Returns rows of single choices, those of the same state and period put together."""
    level, state, since, weight, policy = (np.concatenate(column) for column in zip(*rows, strict=True))
    places, row = np.unique(np.stack([level, state, since]), axis=1, return_inverse=True)
    row = row.reshape(-1)
    total = np.bincount(row, weight, minlength=places.shape[1])
    chosen = np.zeros((places.shape[1], policy.shape[1]))
    np.add.at(chosen, row, weight[:, None] * policy)
    own = np.bincount(row, weight * certainty_of(policy), minlength=places.shape[1])
    return TimedChoices(places[0], places[1], places[2], total / episodes, chosen / total[:, None], own / total)


@dataclass(frozen=True)
class Step:
    """One step of B episodes side by side.

    **Arguments:**

    - `state`, `after`: where they were before and after it, `[B]`; a terminal state is never left.
    - `probabilities`: of the actions, `[B, A]`.
    - `action`: that was drawn, `[B]`.
    - `attributes`: of the transition, `[B, F]`.
    """

    state: Int[np.ndarray, " B"]
    probabilities: Float[np.ndarray, "B A"]
    action: Int[np.ndarray, " B"]
    attributes: Shaped[np.ndarray, "B F"]
    after: Int[np.ndarray, " B"]


def steps_of(
    agent: Agent,
    levels: Level,
    seen: Float[np.ndarray, "N S ..."],
    level: Int[np.ndarray, " B"],
    *,
    random: np.random.Generator,
) -> Iterator[Step]:
    """Yields the steps of B episodes side by side, without end.

    **Arguments:**

    - `agent`, `levels`, `seen`: as of `roll_out`.
    - `level`: of each episode.
    - `random`: draws starts, actions and outcomes.
    """
    successors, probabilities, attributes, terminal = (
        np.asarray(getattr(levels, name)) for name in ("successors", "probabilities", "attributes", "terminal")
    )
    state = choose_by(np.asarray(levels.initial)[level], random)
    memory = agent.initial_state(len(level))
    while True:
        policy, memory = ask(agent, seen[level, state], memory, actions=levels.actions)
        action = choose_by(policy, random)
        outcome = choose_by(probabilities[level, state, action], random)
        after = np.where(terminal[level, state], state, successors[level, state, action, outcome])
        yield Step(state, policy, action, attributes[level, state, action, outcome], after)
        state = after


def choose_by(probabilities: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws one index a row, by its probabilities."""
    cumulative = probabilities.cumsum(-1)
    draw = random.random((len(probabilities), 1)) * cumulative[:, -1:]
    return (draw >= cumulative).sum(-1).clip(max=probabilities.shape[-1] - 1)
