"""The second question asked actively, from Python: an agent is watched where that settles most about its objective."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mesascope.api.subject import AgentLike, agent_of, world_of
from mesascope.core.progress import Progress
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.report.data.question_reports import ObjectiveReport
from mesascope.worlds.world import World


def question(
    agent: AgentLike,
    world: World | str,
    *,
    objective: Callable[..., Any] | str | None = None,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    levels: int = 8,
    edits: int = 8,
    seed: int = 0,
    progress: Progress | None = None,
) -> ObjectiveReport:
    """Recovers an agent's objective, asking it in the environments that are expected to settle most.

    **Arguments:**

    - `agent`, `world`, `objective`, `base_objective`, `seed`, `progress`: as of `audit`.
    - `train`, `deploy`: distributions: it is first watched in levels of `train`; levels of `deploy` are what matters.
    - `levels`: training levels in which it is watched before anything is asked.
    - `edits`: environments in which it is asked then, 0 or more.

    **Returns:** what it is after and what stays open; `contents()` are what `mesascope objective` writes.

    **Raises:** as `audit`.
    """
    from mesascope.audit.objective.recovery import questioning
    from mesascope.worlds.function_objective import with_candidate

    watch = Stopwatch()
    where = with_candidate(world_of(world), objective)
    asked = agent_of(agent, where)
    found = questioning.question(
        asked,
        where,
        base_objective=base_objective,
        train=train,
        deploy=deploy,
        edits=edits,
        start=levels,
        seed=seed,
        progress=progress,
    )
    return ObjectiveReport(
        agent=asked.name,
        agent_kind=asked.kind,
        world=where.name,
        base_objective=base_objective or where.base_objective,
        seed=seed,
        at_first=found.at_first,
        recovery=found.evidence,
        outlook=found.settled,
        provenance=provenance(seed=seed, watch=watch),
    )
