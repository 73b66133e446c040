"""Watching an agent: levels are drawn and solved before and after the shift, and the agent is observed in them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import jax

from mesascope.agents.agent import Agent
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation, evaluate_agent
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.core.progress import Progress, unheard
from mesascope.core.random import root_key, stream
from mesascope.core.threads import one_linear_algebra_thread
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.admission import admit_world, draw_levels, has_shapes
from mesascope.worlds.world import World

LEVELS: int = 512
"""Levels of each distribution, where the world has so many and they are small."""

ENTRIES: int = 16_000_000
"""Bound on levels x states x actions x outcomes x attributes of one batch (64 MB in single precision)."""

LONG: float = 60.0
"""An audit of more seconds than this is announced."""

START: float = 5.0
"""Seconds that any audit takes: programs are compiled, and pages drawn."""

PER_ENTRY: float = 2e-6
"""Seconds for each transition of each level under each objective: 8 for two times 512 levels of 49 states, 5 actions
and 16 objectives. On a busy machine it is up to twice that."""


@one_linear_algebra_thread()
def watched(
    agent: Agent,
    world: World,
    *,
    said: str | None = None,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    deploy_world: World | None = None,
    levels: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> AuditContext:
    """Watches an agent before and after the shift, in the levels that every verb draws from a seed.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `world`: in which it was trained.
    - `said`: what it is said to pursue; by default what an audit attributes its choices to.
    - `base_objective`: what it was trained on, one of the world's objectives; by default the world's own.
    - `train`, `deploy`: names of the distributions before and after the shift; by default the world's first, and the
      last of the world of deployment if that is a different one.
    - `deploy_world`: the world of deployment, with the same observations and actions; by default `world`.
    - `levels`: of each distribution; by default up to 512, fewer where levels are large.
    - `seed`: of levels, roll-outs and intervals.
    - `progress`: called with what is being done and the share done.

    **Returns:** what assays are given; without a shift if there is one distribution and none was named.

    **Raises:** `AgentError` if the agent raises or returns something that is not a policy; `UnknownNameError` for an
    objective or distribution that the worlds do not have; `UsageError` if the two worlds do not fit together.
    """
    known = compile_objectives(world).names
    if said is not None and said not in known:
        raise UnknownNameError(f"objective of world '{world.name}'", said, known)
    report = progress or unheard
    if levels is not None and levels < 1:
        raise UsageError(f"An audit of {levels} levels finds nothing; ask for at least 1.")
    target = world if deploy_world is None else deploy_world
    for one in (world, target):
        admit_world(one)
    train = world.distributions[0] if train is None else train
    world.check_distribution(train)
    if deploy is None and (deploy_world is not None or len(world.distributions) > 1):
        deploy = target.distributions[-1]
    if deploy is not None:
        target.check_distribution(deploy)
        _check_fit(world, target)
    base_objective = world.base_objective if base_objective is None else base_objective
    level_sets = _level_sets(world, train, target, deploy, base_objective, levels, seed)
    announce(level_sets)
    names = level_sets[0].objectives.names
    if said is not None and said not in names:
        raise UnknownNameError("objective that both worlds have", said, names)
    before, after = _evaluations(agent, level_sets, seed, report)
    return AuditContext(agent, before, after, seed, None if said is None else names.index(said))


@one_linear_algebra_thread()
def watched_beside(agent: Agent, other: AuditContext) -> AuditContext:
    """Watches an agent in the levels in which another was watched: as `watched` with the same arguments, for less.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `other`: as of `watched`, of another agent.

    **Raises:** `AgentError`, as `watched`.
    """
    level_sets = [one.level_set for one in (other.train, other.deploy) if one is not None]
    before, after = _evaluations(agent, level_sets, other.seed, unheard)
    return AuditContext(agent, before, after, other.seed, other.said)


def _evaluations(
    agent: Agent, level_sets: Sequence[LevelSet], seed: int, report: Progress
) -> tuple[Evaluation, Evaluation | None]:
    """Returns an agent before and after the shift, if one was named."""
    report("watching the agent in training levels", 0.05)
    key = root_key(seed)
    before = evaluate_agent(agent, level_sets[0], key=stream("roll-outs/train", key=key))
    if len(level_sets) == 1:
        return before, None
    report("watching the agent after the shift", 0.15)
    return before, evaluate_agent(agent, level_sets[1], key=stream("roll-outs/deploy", key=key))


def _level_sets(
    world: World,
    train: str,
    target: World,
    deploy: str | None,
    base_objective: str,
    levels: int | None,
    seed: int,
) -> list[LevelSet]:
    """Returns the level sets before and, if one was named, after the shift, with the same objectives."""
    key = root_key(seed)
    here, there = compile_objectives(world), compile_objectives(target)
    shared = tuple(name for name in here.names if name in there.names)
    if base_objective not in here.names:
        raise UnknownNameError(f"objective in world '{world.name}'", base_objective, here.names)
    if deploy is None:
        shared = here.names
    elif base_objective not in shared:
        raise UsageError(
            f"The world of deployment, '{target.name}', has no objective '{base_objective}', so regret on it cannot be "
            f"compared. It has: {', '.join(there.names)}."
        )
    sides = [("train", world, train, here), ("deploy", target, deploy, there)]
    return [
        sample_level_set(
            name,
            where,
            distribution,
            objectives.select(*shared),
            base_objective,
            count=_count(where, distribution, levels),
            key=stream(f"levels/{name}", key=key),
        )
        for name, where, distribution, objectives in sides
        if distribution is not None
    ]


def _check_fit(world: World, target: World) -> None:
    if target.actions != world.actions:
        raise UsageError(
            f"World '{target.name}' has the actions {list(target.actions)}, the training world '{world.name}' "
            f"{list(world.actions)}; an agent can only be moved between worlds with the same actions."
        )
    if target.observation_shape != world.observation_shape:
        raise UsageError(
            f"World '{target.name}' shows observations of shape {list(target.observation_shape)}, the training world "
            f"'{world.name}' {list(world.observation_shape)}; the agent could not read them."
        )


def _count(world: World, distribution: str, asked: int | None) -> int:
    """Returns how many levels to audit: what was asked for or as many as fit, and no level twice."""
    distinct = world.distinct_levels(distribution)
    most = LEVELS if asked is None else asked
    most = most if distinct is None else min(most, distinct)
    if asked is not None:
        return most
    # Only shapes are wanted: where they come from tracing, of as many as are drawn in the end, which is traced once.
    shown = most if has_shapes(world) else 1
    try:
        some = jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=shown), root_key(0))
    except WorldError:
        # A world of others may draw its levels in ways that cannot be compiled.
        some = draw_levels(world, distribution, key=root_key(0), count=1)
    return max(1, min(most, ENTRIES * some.count // some.attributes.size))


def seconds_of(level_sets: Sequence[LevelSet]) -> float:
    """Returns roughly how many CPU seconds the assays of an audit take.

    Solving and recovering, which are most of it, look at every transition under every objective.

    **Arguments:**

    - `level_sets`: before and after the shift.
    """
    entries = sum(level_set.levels.successors.size * len(level_set.objectives) for level_set in level_sets)
    return START + PER_ENTRY * entries


def announce(level_sets: Sequence[LevelSet]) -> None:
    """Says on standard error, as a warning of the log `mesascope`, how long an audit will take, if that is long."""
    seconds = seconds_of(level_sets)
    if seconds < LONG:
        return
    sizes = " and ".join(
        f"{level_set.levels.count:,} levels of {level_set.levels.states:,} states" for level_set in level_sets
    )
    logging.getLogger("mesascope").warning(
        "This will take about %.0f minutes of a processor: %s, %d objectives. Fewer levels (--levels N, for gym: "
        "worlds --world-option levels=N) take less.",
        max(1.0, seconds / 60),
        sizes,
        len(level_sets[0].objectives),
    )
