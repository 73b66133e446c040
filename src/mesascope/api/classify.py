"""The third question alone, from Python: what kind of alignment is it?"""

from __future__ import annotations

import time
from dataclasses import replace

from mesascope.api.subject import AgentLike, agent_of, world_of
from mesascope.core.progress import Progress, unheard
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.report.data.question_reports import BatteryReport
from mesascope.worlds.world import World


def classify(
    agent: AgentLike,
    world: World | str,
    *,
    base_objective: str | None = None,
    levels: int = 6,
    tolerance: float = 0.03,
    seed: int = 0,
    progress: Progress | None = None,
) -> BatteryReport:
    """Says what kind of alignment it is, test by test: robust, one of the paper's classes, or none (RFLO §3, §4).

    **Arguments:**

    - `agent`, `world`, `base_objective`, `seed`, `progress`: as of `audit`. A world without switches is INCONCLUSIVE.
    - `levels`: in each condition, 1 to 1024; a test has three conditions.
    - `tolerance`: what a score may lack and still be as good as can be, as a share of the optimum, in [0, 0.25).

    **Returns:** every test beside what the likeliest classes predict; `contents()` are what `mesascope battery` writes.

    **Raises:** `UnknownNameError` for a base objective that the world does not have; as `audit`.
    """
    from mesascope.audit.alignment.battery import battery_evidence
    from mesascope.core.random import root_key, stream
    from mesascope.objectives.objective import compile_objectives

    watch = Stopwatch()
    where = world_of(world)
    base = base_objective or where.base_objective
    compile_objectives(where).index(base)
    (progress or unheard)("every test", 0.1)
    asked, start = agent_of(agent, where), time.process_time()
    evidence, _ = battery_evidence(
        asked,
        where,
        base_objective=base,
        seed=seed,
        key=stream("battery", key=root_key(seed)),
        levels=levels,
        tolerance=tolerance,
    )
    return BatteryReport(
        agent=asked.name,
        agent_kind=asked.kind,
        world=where.name,
        world_options=where.options(),
        base_objective=base,
        levels=levels,
        tolerance=tolerance,
        seed=seed,
        evidence=replace(evidence, cost_seconds=time.process_time() - start),
        provenance=provenance(seed=seed, watch=watch),
    )
