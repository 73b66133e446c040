"""Does a world show an agent what it was trained on? The search, its placebo, and the verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.resolve import agent_of, resolve_agent
from mesascope.agents.view import ViewedAgent, parse_view, viewed
from mesascope.agents.wrapped_agent import deterministic as always_likeliest
from mesascope.audit.fit.changes import LAYOUTS, Steps, changes_of
from mesascope.audit.fit.fit import CHANGED, Fit, judged, rows_of
from mesascope.audit.fit.screening import Candidate, Search, scene_of
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations, policy_table
from mesascope.audit.rollouts import roll_out
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.random import RandomKey, root_key, seed_of, stream
from mesascope.core.text import quoted
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.worlds.catalogue import resolve_world
from mesascope.worlds.world import World

LEVELS: int = 48
"""Fresh levels in which the best views are measured, where a world has so many; a third as many are searched in."""
ENTRIES: int = 8_000_000
"""Bound on levels x states x (observation + actions x outcomes)."""
SCRAMBLED: int = 19
"""Copies of the agent that see scrambled observations: with one agent among twenty, the false-alarm rate is 1 in 20."""
SHORTLIST: int = 6
"""Views that are measured in fresh levels."""
EPISODES: int = 4
"""Roll-outs a level for agents with memory."""

Progress = Callable[[str, float], None]


def check_fit(
    agent: Agent | str | Callable[[Any], Any],
    world: World | str,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    world_options: Mapping[str, str] | None = None,
    levels: int = LEVELS,
    seed: int = 0,
    trust_pickle: bool = False,
    deterministic: bool = False,
    vecnormalize: str | None = None,
    frame_stack: int | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Asks whether a world shows an agent what it was trained on, and if not, what change makes it fit.

    Tried are scalings of values, exchanged and turned axes, orders of channels and actions, layouts, and the other
    distributions of the world. The best are measured in fresh levels. As a placebo, copies of the agent that see the
    numbers of each observation in a random order are taken through the same search: only what beats all of them counts.

    **Arguments:**

    - `agent`, `world`, `world_options`: as of `audit`; the agent need not fit the world's shape.
    - `trust_pickle`, `deterministic`, `vecnormalize`, `frame_stack`: as of `audit`.
    - `base_objective`: what it was trained on; by default the world's own.
    - `train`: the distribution it was trained on; by default the world's first.
    - `levels`: in which the best views are measured; 2 or more.
    - `seed`: of levels, placebos and intervals.
    - `progress`: called as it goes on.

    **Returns:** the ways to show the world, best first, and the verdict.

    **Raises:** `UsageError` for names that do not exist; `AgentError` if the agent can act under no layout.
    """
    if levels < 2:
        raise UsageError(f"levels={levels}: at least 2 are needed.")
    if isinstance(world, str):
        world = resolve_world(world, world_options or {})
    elif world_options:
        raise UsageError("world_options are for a world given as a text; set the options of the World itself instead.")
    distribution = world.distributions[0] if train is None else train
    world.check_distribution(distribution)
    base = compile_objectives(world).select(world.base_objective if base_objective is None else base_objective)
    loading = {"trust_pickle": trust_pickle, "vecnormalize": vecnormalize, "frame_stack": frame_stack}
    found, layouts, refused = _brought(agent, world, loading)
    if deterministic:
        found = always_likeliest(found)
    key = root_key(seed)
    level_sets = fit_level_sets(world, distribution, base, levels, key=key)
    others = tuple(one for one in world.distributions if one != distribution)
    return fit_in(
        found, *level_sets, layouts=layouts, refused=refused, others=others, key=key, seed=seed, report=progress
    )


def fit_level_sets(
    world: World, distribution: str, base: Objectives, levels: int, *, key: RandomKey
) -> tuple[LevelSet, LevelSet]:
    """Returns levels to search in, and fresh ones to measure in.

    **Arguments:**

    - `world`, `distribution`: where from.
    - `base`: the base objective alone.
    - `levels`: to measure in, at most.
    - `key`: consumed.
    """
    count = _count(world, distribution, levels)
    search, measure = (
        sample_level_set(place, world, distribution, base, base.names[0], count=n, key=stream(f"fit/{place}", key=key))
        for place, n in (("search", -(-count // 3)), ("measure", count))
    )
    return search, measure


def fit_in(
    agent: Agent,
    search: LevelSet,
    measure: LevelSet,
    *,
    key: RandomKey,
    seed: int,
    layouts: tuple[Steps, ...] = ((),),
    refused: tuple[tuple[str, str], ...] = (),
    others: tuple[str, ...] = (),
    cheap: bool = False,
    report: Progress | None = None,
) -> Fit:
    """Returns how a world fits an agent, on levels that are given.

    **Arguments:**

    - `agent`: as it is, without any view.
    - `search`, `measure`: level sets of the same distribution with the base objective alone; the second is fresh.
    - `key`: consumed by placebos; `seed`: of the bootstrap.
    - `layouts`: in which the agent acts; `refused`: those in which it does not, and why.
    - `others`: distributions in which it is measured as well.
    - `cheap`: try each kind of change alone.
    - `report`: called with what is being done and the share done.
    """
    tell = report or (lambda what, share: None)
    world, base = search.world, search.objectives.names[0]
    scene = scene_of(search, seed=seed_of(stream("fit/states", key=key)))
    own = Search(agent, world, changes_of(world, scene.seen, layouts), cheap=cheap)
    tell("searching", 0.0)
    ranked, tried = own.candidates(scene), own.views
    if not ranked:
        raise AgentError(f"Agent {quoted(agent.name)} can act on no view of world {quoted(world.name)}.")
    seen = observations(world, measure.levels)
    if not measure.tested[measure.base].any():
        raise UsageError(
            f"In none of {measure.levels.count} {quoted(search.distribution)} levels of world {quoted(world.name)} "
            f"does the best policy beat chance on '{base}', so nothing can be told."
        )
    table: dict[Steps, np.ndarray] = {}
    for steps in _shortlist(ranked, layouts[0]):
        # A rule that was written for another layout may fail in some levels only.
        try:
            table[steps] = _competence(agent, steps, measure, seen, seed=seed)
        except AgentError as error:
            refused += ((_named(steps), str(error)),)
    if not table:
        raise AgentError(
            f"Agent {quoted(agent.name)} can act on no view of world {quoted(world.name)}: {refused[0][1]}"
        )
    random = np.random.default_rng(seed_of(stream("fit/scrambled", key=key)))
    placebo = []
    for index in range(SCRAMBLED):
        tell("placebos", 0.2 + 0.7 * index / SCRAMBLED)
        order = random.permutation(int(np.prod(world.observation_shape)))
        best = own.candidates(scene.scrambled(order))
        mixed = seen.reshape(*seen.shape[:2], -1)[..., order].reshape(seen.shape)
        placebo.append(0.0)
        if best:
            with contextlib.suppress(AgentError):
                placebo[-1] = float(_competence(agent, best[0].steps, measure, mixed, seed=seed).mean())
    tell("other distributions", 0.95)
    elsewhere = {}
    for other in others:
        count = _count(world, other, measure.levels.count)
        level_set = sample_level_set(
            other, world, other, search.objectives, base, count=count, key=stream(f"fit/{other}", key=key)
        )
        if level_set.tested[level_set.base].any():
            with contextlib.suppress(AgentError):
                shown = observations(world, level_set.levels)
                elsewhere[other] = _competence(agent, layouts[0], level_set, shown, seed=seed)
    rows = rows_of(list(table), list(table.values()), elsewhere, search.distribution, seed=seed)
    verdict, sentence, p, rows = judged(rows, placebo, search.distribution, layouts[0])
    return Fit(
        agent=agent.name,
        world=world.name,
        distribution=search.distribution,
        base_objective=base,
        verdict=verdict,
        sentence=sentence,
        rows=rows,
        scrambled=tuple(placebo),
        p=p,
        views=tried,
        refused=refused,
        exact=agent.memoryless,
        seed=seed,
        view=rows[0].view if verdict == CHANGED else (),
    )


def _brought(
    agent: Any, world: World, loading: dict[str, Any]
) -> tuple[Agent, tuple[Steps, ...], tuple[tuple[str, str], ...]]:
    """Returns the bare agent, the layouts in which it acts, and those in which it does not, with the reason."""
    found, layouts, refused = None, [], {}
    for layout in LAYOUTS if len(world.observation_shape) == 3 else LAYOUTS[:1]:
        try:
            if isinstance(agent, str):
                one = resolve_agent(agent, world=world, view=layout, **loading)
            else:
                name = getattr(agent, "name", None) or getattr(agent, "__qualname__", type(agent).__name__)
                one = agent_of(agent, name=name, world=world, view=layout)
        except (AgentError, UsageError) as error:
            refused[_named(layout)] = error
            continue
        layouts.append(layout)
        found = one.agent if layout and isinstance(one, ViewedAgent) else one
    if found is None:
        if len({str(error) for error in refused.values()}) == 1:
            raise next(iter(refused.values()))
        why = " ".join(f"{name[0].upper()}{name[1:]}: {error}" for name, error in refused.items())
        raise AgentError(f"The agent can act under no layout of what world {quoted(world.name)} shows. {why}")
    return found, tuple(layouts), tuple((name, str(error)) for name, error in refused.items())


def _named(steps: Steps) -> str:
    return " ".join(steps) or "as shown"


def _count(world: World, distribution: str, asked: int) -> int:
    """Returns how many levels to look at: what was asked for or as many as fit, and no level twice."""
    distinct = world.distinct_levels(distribution)
    one = jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=1), root_key(0))
    size = one.states * int(np.prod(world.observation_shape)) + one.attributes.size
    fitting = max(1, min(asked, ENTRIES // size))
    return fitting if distinct is None else min(fitting, distinct)


def _competence(
    agent: Agent, steps: Steps, level_set: LevelSet, seen: Float[np.ndarray, "N S ..."], *, seed: int
) -> Float[np.ndarray, " N"]:
    """Returns the return on the base objective under a view in levels that test it; chance is 0, the optimum 1."""
    one = viewed(agent, parse_view(steps, level_set.world))
    if agent.memoryless:
        policy = policy_table(one, seen, level_set.active, actions=level_set.levels.actions)
        gained = returns(level_set.levels, policy_values(level_set.levels, policy, level_set.objectives))
    else:
        gained = roll_out(
            one,
            level_set.levels,
            seen,
            level_set.objectives,
            counted_until=level_set.base,
            episodes=EPISODES,
            seed=seed,
        ).returns
    values = 1 - level_set.regrets_of(gained)[level_set.base]
    return values[level_set.tested[level_set.base]]


def _shortlist(ranked: list[Candidate], plain: Steps) -> list[Steps]:
    """Returns the best views, and the world as it is."""
    found = [one.steps for one in ranked[:SHORTLIST]]
    return found if plain in found else [*found[:-1], plain] if len(found) == SHORTLIST else [*found, plain]
