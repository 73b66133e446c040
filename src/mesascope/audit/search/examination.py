"""From an agent and a world to an examinee: levels are drawn and solved, and the agent is watched in them."""

from __future__ import annotations

from mesascope.agents.agent import Agent
from mesascope.audit.ground import sample_ground
from mesascope.audit.search.examinee import Examinee
from mesascope.audit.setting import observe_agent
from mesascope.core.errors import UnknownNameError
from mesascope.core.random import root_key, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.world import World


def examinee(agent: Agent, world: World, *, objective: str | None = None, levels: int = 256, seed: int = 0) -> Examinee:
    """Returns an agent as the assays of the first question are given it.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `world`: where it was trained; levels after the shift are those of its last distribution.
    - `objective`: what it is said to pursue; by default the world's base objective.
    - `levels`: of each distribution, or as many different ones as there are.
    - `seed`: of levels and everything drawn later.

    **Raises:** `UnknownNameError` for an objective that the world does not have; `AgentError` if the agent fails.
    """
    objectives, key = compile_objectives(world), root_key(seed)
    name = world.base_objective if objective is None else objective
    if name not in objectives.names:
        raise UnknownNameError(f"objective of world '{world.name}'", name, objectives.names)
    settings = []
    for place, distribution in (("train", world.distributions[0]), ("deploy", world.distributions[-1])):
        if settings and distribution == world.distributions[0]:
            break
        distinct = world.distinct_levels(distribution)
        count = levels if distinct is None else min(levels, distinct)
        key_levels = stream(f"levels/{place}", key=key)
        ground = sample_ground(place, world, distribution, objectives, name, count=count, key=key_levels)
        settings.append(observe_agent(agent, ground, key=stream(f"roll-outs/{place}", key=key)))
    deploy = settings[1] if len(settings) > 1 else None
    return Examinee(agent, settings[0], deploy, objectives.index(name), stream("search", key=key))
