"""The main job: an agent, a world and a base objective go in, findings come out."""

from __future__ import annotations

import jax
import numpy as np

from mesascope.agents.agent import Agent, Untrained
from mesascope.audit.cost import announce
from mesascope.audit.evaluation import Evaluation, check_repeats, evaluate_agent
from mesascope.audit.examination import Progress, examine, find, reference_regrets
from mesascope.audit.findings import Findings, Subject
from mesascope.audit.fit.assay import with_fit
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.objective.attribution import RIVALS
from mesascope.audit.policy import observations, policy_table
from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.core.faults import Fault, attempted
from mesascope.core.random import root_key, stream
from mesascope.core.threads import one_linear_algebra_thread
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.admission import admit_world, draw_levels, own_notes
from mesascope.worlds.world import World

LEVELS: int = 512
"""Levels of each distribution, where the world has so many and they are small."""

ENTRIES: int = 16_000_000
"""Bound on levels x states x actions x outcomes x attributes of one batch (64 MB in single precision)."""


@one_linear_algebra_thread()
def audit_agent(
    agent: Agent,
    world: World,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    deploy_world: World | None = None,
    levels: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Findings:
    """Audits an agent.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `world`: in which it was trained.
    - `base_objective`: what it was trained on, one of the world's objectives; by default the world's own.
    - `train`, `deploy`: names of the distributions before and after the shift; by default the world's first, and the
      last of the world of deployment if that is a different one.
    - `deploy_world`: the world of deployment, with the same observations and actions; by default `world`.
    - `levels`: of each distribution; by default up to 512, fewer where levels are large.
    - `seed`: of levels, roll-outs and intervals: same arguments, same findings.
    - `progress`: called with what is being done and the share done.

    **Returns:** the findings; what could not be found out is INCONCLUSIVE with its reason.

    **Raises:** `AgentError` if the agent raises or returns something that is not a policy; `UnknownNameError` for an
    unknown objective or distribution; `UsageError` if the two worlds do not fit together.
    """
    report = progress or (lambda what, share: None)
    before, after = observe(
        agent,
        world,
        base_objective=base_objective,
        train=train,
        deploy=deploy,
        deploy_world=deploy_world,
        levels=levels,
        seed=seed,
        progress=progress,
    )
    key = root_key(seed)
    key_assays = stream("assays", key=key)
    answers = examine(
        agent, before, after, key=key_assays, progress=lambda what, share: report(what, 0.3 + 0.6 * share)
    )
    answers = with_fit(agent, before, after, answers, key=stream("fit", key=key))
    report("the level where it comes apart", 0.9)
    own = answers.objective.name
    rulers = {}
    for evaluation in (before, after):
        if evaluation is not None:
            index = evaluation.level_set.objectives.index(own) if own is not None and own not in RIVALS else None
            found = attempted(
                lambda evaluation=evaluation, index=index: reference_regrets(
                    evaluation, index, _untrained(agent, evaluation, key)
                )
            )
            rulers[evaluation.level_set.name] = {} if isinstance(found, Fault) else found
    there = None if after is None else after.level_set
    subject = Subject(
        agent=agent.name,
        agent_kind=agent.kind,
        evaluation="exact" if before.exact else "roll-outs",
        world=world.name,
        world_options=world.options(),
        train=before.level_set.distribution,
        deploy_world=None if there is None else there.world.name,
        deploy_options=None if there is None else there.world.options(),
        deploy=None if there is None else there.distribution,
        base_objective=before.level_set.objectives.names[before.level_set.base],
        seed=seed,
        notes=(
            *agent.notes,
            *dict.fromkeys(
                note for one in (before.level_set, there) if one for note in (*one.world.notes, *own_notes(one.world))
            ),
        ),
    )
    # Whatever was asked meanwhile: an agent that keeps count may give itself away only now.
    check_repeats(agent, before)
    findings = find(subject, before, after, answers, rulers)
    report("done", 1.0)
    return findings


def observe(
    agent: Agent,
    world: World,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    deploy_world: World | None = None,
    levels: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Evaluation, Evaluation | None]:
    """Watches an agent before and after the shift, in the levels that every verb draws from a seed.

    **Arguments:** and errors as of `audit_agent`.

    **Returns:** the agent in training, and after the shift; `None` if there is one distribution and none was named.
    """
    report = progress or (lambda what, share: None)
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
    report("watching the agent in training levels", 0.05)
    key = root_key(seed)
    before = evaluate_agent(agent, level_sets[0], key=stream("roll-outs/train", key=key))
    after = None
    if len(level_sets) > 1:
        report("watching the agent after the shift", 0.15)
        after = evaluate_agent(agent, level_sets[1], key=stream("roll-outs/deploy", key=key))
    return before, after


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
    count = _count(world, train, levels)
    level_sets = [
        sample_level_set(
            "train",
            world,
            train,
            here.select(*shared),
            base_objective,
            count=count,
            key=stream("levels/train", key=key),
        )
    ]
    if deploy is not None:
        count = _count(target, deploy, levels)
        key_deploy = stream("levels/deploy", key=key)
        objectives = there.select(*shared)
        level_sets.append(
            sample_level_set("deploy", target, deploy, objectives, base_objective, count=count, key=key_deploy)
        )
    return level_sets


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
    count = asked
    if count is None:
        try:
            # Only the shapes are wanted, and drawing a level would compile a program for a single one.
            one = jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=1), root_key(0))
        except WorldError:
            # A world of others may draw its levels in ways that cannot be compiled.
            one = draw_levels(world, distribution, key=root_key(0), count=1)
        count = max(1, min(LEVELS, ENTRIES // one.attributes.size))
    return count if distinct is None else min(count, distinct)


def _untrained(agent: Agent, evaluation: Evaluation, key) -> np.ndarray | None:
    if not (isinstance(agent, Untrained) and agent.memoryless):
        return None
    level_set = evaluation.level_set
    fresh = agent.untrained(key=stream("untrained", key=key))
    seen = observations(level_set.world, level_set.levels)
    return policy_table(fresh, seen, level_set.active, actions=level_set.levels.actions)
