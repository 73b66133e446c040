"""The first question alone, from Python: does an agent search, and how far does it look ahead?"""

from __future__ import annotations

from mesascope.api.subject import AgentLike, agent_of, world_of
from mesascope.core.progress import Progress, unheard
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.report.data.question_reports import SearchReport
from mesascope.worlds.world import World


def search(
    agent: AgentLike,
    world: World | str,
    *,
    own: str | None = None,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    deploy_world: World | str | None = None,
    levels: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SearchReport:
    """Asks whether an agent's choices follow from a search, and how far it looks ahead (RFLO §1.1).

    **Arguments:**

    - `agent`, `world`, `base_objective`, `train`, `deploy`, `deploy_world`, `levels`, `seed`, `progress`: as of
      `audit`, whose answer to the first question this is.
    - `own`: the objective by which its choices are judged; by default what an audit attributes them to.

    **Returns:** the verdicts with the assays behind them; `contents()` are what `mesascope search` writes.

    **Raises:** `UnknownNameError` for an objective that the worlds do not have; as `audit`.
    """
    from mesascope.audit.assay import SEARCH, assays_of
    from mesascope.audit.run import run_assays
    from mesascope.audit.search.decision import optimizer_answer
    from mesascope.audit.watching import watched

    watch, report = Stopwatch(), progress or unheard
    where = world_of(world)
    asked = agent_of(agent, where)
    report("watching the agent", 0.0)
    context = watched(
        asked,
        where,
        said=own,
        base_objective=base_objective,
        train=train,
        deploy=deploy,
        deploy_world=None if deploy_world is None else world_of(deploy_world),
        levels=levels,
        seed=seed,
    )
    evidence = run_assays(context, assays_of(*SEARCH), progress=lambda assay, share: report(assay, 0.1 + 0.9 * share))
    return SearchReport(
        agent=asked.name,
        agent_kind=asked.kind,
        world=where.name,
        world_options=where.options(),
        objective=context.train.level_set.objectives.names[context.objective],
        objective_from="attribution" if own is None else "choice",
        levels=max(context.train.level_set.levels.count, context.after.level_set.levels.count),
        seed=seed,
        answer=optimizer_answer(evidence),
        evidence=evidence,
        provenance=provenance(seed=seed, watch=watch),
    )
