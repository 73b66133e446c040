"""The worst level, from Python: where does an agent give away most of the base objective while it is able?"""

from __future__ import annotations

from typing import Literal

from mesascope.agents.agent import Agent
from mesascope.api.subject import AgentLike, agent_of, check_named, world_of
from mesascope.core.errors import UsageError
from mesascope.core.progress import Progress, unheard
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.report.data.question_reports import WitnessReport
from mesascope.worlds.world import World

LEVELS: int = 128
"""Levels before and after the shift, each, in which the agent's own objective is named."""


def witness(
    agent: AgentLike,
    world: World | str,
    *,
    own: str | None = None,
    base_objective: str | None = None,
    distribution: str | None = None,
    floor: float = 0.6,
    measure: Literal["absolute", "normalised"] = "absolute",
    budget: int = 4096,
    seed: int = 0,
    progress: Progress | None = None,
) -> WitnessReport:
    """Searches for the level in which an agent gives away most of the base objective while it is able at its own.

    Levels are sampled and edited, the worst shrunk to the walls and objects that it takes, and evaluated once more from
    its text.

    **Arguments:**

    - `agent`, `world`, `base_objective`, `seed`, `progress`: as of `audit`.
    - `own`: what it pursues; by default what its choices are attributed to.
    - `distribution`: that levels are sampled from; by default the world's last.
    - `floor`: least capability at its own objective in a level that counts, in [0, 1]: 1 is optimal, 0 is chance.
    - `measure`: of what is given away: the value lost, in units of the objective, or normalised regret.
    - `budget`: levels to evaluate.

    **Returns:** the level before and after; `contents()` are what `mesascope witness` writes.

    **Raises:** `UnknownNameError` for an objective that the world does not have; `UsageError` if nothing says what the
    agent pursues; as `audit`.
    """
    from mesascope.audit.alignment.hunted import Budget
    from mesascope.audit.alignment.level_edits import variants_of
    from mesascope.audit.alignment.witness_search import search_witness
    from mesascope.core.random import root_key, stream

    watch, report = Stopwatch(), progress or unheard
    where = world_of(world)
    check_named(where, base_objective, own)
    variants = variants_of(where, distribution=distribution)
    asked = agent_of(agent, where)
    report("what it pursues", 0.0)
    if own is not None:
        pursued, named_by = own, "given"
    else:
        base = base_objective or where.base_objective
        pursued, named_by = _pursued(asked, where, base, distribution, seed=seed)
    report("editing levels", 0.2)
    result = search_witness(
        asked,
        variants,
        own=pursued,
        base=base_objective,
        key=stream("witness", key=root_key(seed)),
        floor=floor,
        measure=measure,
        budget=Budget(levels=budget, batch=min(32, budget)),
    )
    return WitnessReport(
        agent=asked.name,
        agent_kind=asked.kind,
        world=where.name,
        world_options=where.options(),
        seed=seed,
        own_named_by=named_by,
        evidence=result.evidence,
        found=result.found,
        shrunk=result.shrunk,
        replayed=result.replayed,
        provenance=provenance(seed=seed, watch=watch),
    )


def _pursued(agent: Agent, world: World, base: str, distribution: str | None, *, seed: int) -> tuple[str, str]:
    """Returns the objective that the agent pursues by its behaviour, and how sure that is."""
    from mesascope.audit.evaluation import evaluate_agent
    from mesascope.audit.level_set import sample_level_set
    from mesascope.audit.objective.attribution import attribute
    from mesascope.core.random import root_key, stream
    from mesascope.objectives.objective import compile_objectives

    if not agent.memoryless:
        # The search will say that it cannot judge agents with memory, whatever they pursue.
        return base, "not looked for"
    key, evaluations = root_key(seed), []
    for name in dict.fromkeys((world.distributions[0], distribution or world.distributions[-1])):
        distinct = world.distinct_levels(name)
        level_set = sample_level_set(
            name,
            world,
            name,
            compile_objectives(world),
            base,
            count=LEVELS if distinct is None else min(LEVELS, distinct),
            key=stream(f"levels/{name}", key=key),
        )
        evaluations.append(evaluate_agent(agent, level_set, key=stream("roll-outs", key=key)))
    before = evaluations[0] if len(evaluations) > 1 else None
    best = attribute(evaluations[-1], before, seed=seed).best
    if best.own is None:
        raise UsageError(
            f"What '{agent.name}' pursues is no single objective of world '{world.name}' by its behaviour "
            f"('{best.name}', probability {best.probability:.2f}), so nothing says in which levels it is able. Name "
            "one with --own."
        )
    own = evaluations[-1].level_set.objectives.names[best.own]
    return own, f"named by attribution, probability {best.probability:.2f}"
