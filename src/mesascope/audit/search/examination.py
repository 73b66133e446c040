"""From an agent and a world to an examinee: levels are drawn and solved, and the agent is watched in them."""

from __future__ import annotations

from mesascope.agents.agent import Agent
from mesascope.audit.audit import observe
from mesascope.audit.examination import bootstrap_seed
from mesascope.audit.objective.pursued import pursued_objective
from mesascope.audit.search.examinee import Examinee
from mesascope.core.errors import UnknownNameError
from mesascope.core.faults import Fault, attempted
from mesascope.core.random import root_key, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.world import World


def examinee(
    agent: Agent,
    world: World,
    *,
    objective: str | None = None,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    deploy_world: World | None = None,
    levels: int | None = None,
    seed: int = 0,
) -> Examinee:
    """Returns an agent as the assays of the first question are given it, in an audit and without one.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `world`: where it was trained.
    - `objective`: what it is said to pursue; by default what an audit attributes its choices to.
    - `base_objective`, `train`, `deploy`, `deploy_world`, `levels`, `seed`: as of `audit_agent`.

    **Raises:** `UnknownNameError` for an objective that the worlds do not have; as `audit_agent`.
    """
    known = compile_objectives(world).names
    if objective is not None and objective not in known:
        raise UnknownNameError(f"objective of world '{world.name}'", objective, known)
    before, after = observe(
        agent,
        world,
        base_objective=base_objective,
        train=train,
        deploy=deploy,
        deploy_world=deploy_world,
        levels=levels,
        seed=seed,
    )
    # The streams of an audit: what is drawn and found is the same.
    key = stream("assays", key=root_key(seed))
    if objective is None:
        pursued = attempted(lambda: pursued_objective(before, after, seed=bootstrap_seed(key)))
        if isinstance(pursued, Fault):
            return Examinee(agent, before, after, before.level_set.base, stream("search", key=key), unjudged=pursued)
        index = pursued.index
    else:
        names = before.level_set.objectives.names
        if objective not in names:
            raise UnknownNameError("objective that both worlds have", objective, names)
        index = names.index(objective)
    return Examinee(agent, before, after, index, stream("search", key=key))
