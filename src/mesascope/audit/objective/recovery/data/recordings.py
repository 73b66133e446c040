"""Recordings as demonstrations: episodes of Gymnasium and Minari, and roll-outs of agents, with memory or without."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations, Episode
from mesascope.audit.objective.recovery.data.episodes import recorded
from mesascope.audit.objective.recovery.data.tracks import Tracks
from mesascope.audit.policy import observations
from mesascope.audit.rollouts import Step, steps_of
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey, root_key, seed_of
from mesascope.core.text import quoted
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

LONGEST: int = 200


def from_rollouts(
    agent: Agent,
    world: World,
    levels: Level,
    *,
    key: RandomKey,
    episodes: int = 16,
    longest: int = LONGEST,
    stops: tuple[int, ...] = (),
) -> Demonstrations:
    """Returns demonstrations of an agent that acts in levels; the way to recover what an agent with memory wants.

    **Arguments:**

    - `agent`: with or without memory.
    - `world`: which shows the levels.
    - `levels`: a batch of N levels.
    - `key`: consumed by starts, actions and outcomes.
    - `episodes`: in each level, 1 or more.
    - `longest`: steps after which an episode is cut off, 1 or more; that it was cut off says nothing about the agent.
    - `stops`: attributes, by index, whose occurrence ends an episode.

    **Raises:** `UsageError` for numbers out of range; `AgentError` if the agent fails.
    """
    if episodes < 1 or longest < 1:
        raise UsageError(f"Roll-outs need 1 episode and 1 step or more, not {episodes} and {longest}.")
    levels = levels.batch()
    level = np.repeat(np.arange(levels.count), episodes)
    terminal = np.asarray(levels.terminal)
    random = np.random.default_rng(seed_of(key))
    steps, over = list[Step](), list[np.ndarray]()
    for step in itertools.islice(steps_of(agent, levels, observations(world, levels), level, random=random), longest):
        if not over:
            over.append(terminal[level, step.state])
        steps.append(step)
        over.append(over[-1] | terminal[level, step.after] | (step.attributes[:, list(stops)].sum(-1) > 0))
        if over[-1].all():
            break
    states = np.stack([steps[0].state, *(step.after for step in steps)])
    actions = np.stack([step.action for step in steps])
    lasted = (~np.stack(over[:-1])).sum(0)
    found = tuple(
        Episode(
            states[: lasted[row] + 1, row],
            actions[: lasted[row], row],
            level=int(level[row]),
            truncated=not over[-1][row],
        )
        for row in range(len(level))
    )
    return Demonstrations(levels, found, stops)


def demonstrations(
    recordings: Any,
    world: World,
    *,
    distribution: str | None = None,
    levels: Level | None = None,
    truncated: bool | None = None,
    stops: Sequence[str] = (),
) -> Demonstrations:
    """Returns recorded episodes as demonstrations in the levels of a world, found by what their observations show.

    **Arguments:**

    - `recordings`: episodes of Gymnasium, Minari or imitation, as objects, dictionaries or lists of steps; or a Minari
      data set, its folder or its name; see `episodes.FORMS`. Rewards are not read.
    - `world`: where they were recorded. Whole-number observations are taken as one-hot vectors where it shows these.
    - `distribution`: of the levels; by default the world's first.
    - `levels`: which ones, a batch; by default all of the distribution, where there are finitely many.
    - `truncated`: whether episodes were cut off, where they do not say so themselves.
    - `stops`: names of attributes whose occurrence ends an episode.

    **Raises:** `UsageError` naming the episode and step that do not fit, and what is missing.
    """
    distribution = world.distributions[0] if distribution is None else distribution
    world.check_distribution(distribution)
    if levels is None:
        distinct = world.distinct_levels(distribution)
        if distinct is None:
            raise UsageError(
                f"World {quoted(world.name)} has more levels than can be searched for these episodes; pass those that "
                "they were recorded in as `levels`."
            )
        levels = world.sample(key=root_key(0), distribution=distribution, count=distinct)
    given: Level = jax.device_get(levels.batch())
    for name in stops:
        if name not in world.attributes:
            raise UnknownNameError(f"attribute of world '{world.name}'", name, world.attributes)
    columns = tuple(world.attributes.index(name) for name in stops)
    tracks = Tracks(given, observations(world, given))
    episodes = []
    for index, one in enumerate(recorded(recordings)):
        cut = one.truncated if one.truncated is not None or one.terminated is not None else truncated
        cut = bool(cut) and not one.terminated
        level, states = tracks.follow(one.observations, one.actions, over=not cut, name=f"Episode {index}")
        episodes.append(Episode(states, one.actions, level=level, truncated=cut))
    return Demonstrations(given, tuple(episodes), columns)
