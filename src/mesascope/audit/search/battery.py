"""The battery: every assay of the first question on one agent, whatever any of them meets on its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from mesascope.audit.search.agents_and_devices import agents_and_devices
from mesascope.audit.search.candidate_plans import candidate_plans
from mesascope.audit.search.conflict import conflict
from mesascope.audit.search.directed_choices import directed_choices
from mesascope.audit.search.evaluation import evaluation
from mesascope.audit.search.examinee import Examinee, SearchAssay
from mesascope.audit.search.look_ahead import look_ahead
from mesascope.audit.search.novelty import novelty
from mesascope.audit.search.optimization_bits import optimization_bits
from mesascope.audit.search.plan_injection import plan_injection
from mesascope.audit.search.refinement import refinement
from mesascope.audit.search.retargeting import retargeting
from mesascope.audit.search.shown_edits import shown_edits
from mesascope.audit.search.thinking import thinking
from mesascope.core.errors import MesascopeError
from mesascope.core.faults import contained, not_done
from mesascope.core.random import seed_of
from mesascope.core.verdicts import Evidence, Verdict

CONTEXT: dict[str, SearchAssay] = {
    "goal-directedness": lambda given: directed_choices(
        given.after, given.objective, seed=seed_of(given.stream("goal-directedness")) % 2**32
    ),
    "agents-and-devices": lambda given: agents_and_devices(given.after, key=given.stream("agents-and-devices")),
    "optimization-bits": lambda given: optimization_bits(given.after, given.objective),
}
"""How directed and how effective behaviour is, whatever makes it: beside the verdict, and never for it."""

BLACK_BOX: dict[str, SearchAssay] = {
    "horizon": lambda given: given.horizon,
    "shown-edits": lambda given: shown_edits(
        given.after, given.objective, key=given.stream("edits"), within=given.within
    ),
    "novelty": lambda given: novelty(given.train, given.deploy, given.objective, key=given.stream("novelty")),
    "conflict": lambda given: conflict(given.after, given.objective, key=given.stream("conflict"), within=given.within),
    "thinking": lambda given: thinking(given.agent, given.after, given.objective, key=given.stream("thinking")),
}
"""Behaviour alone."""

WHITE_BOX: dict[str, SearchAssay] = {
    "candidate-plans": lambda given: candidate_plans(given.inside),
    "refinement": lambda given: refinement(given.inside),
    "plan-injection": lambda given: plan_injection(given.inside),
    "retargeting": lambda given: retargeting(given.inside),
    "look-ahead": lambda given: look_ahead(given.inside, key=given.stream("edits")),
    "evaluation": lambda given: evaluation(given.inside),
}
"""Activations, read and written."""


BATTERY: dict[str, SearchAssay] = {**CONTEXT, **BLACK_BOX, **WHITE_BOX}
"""All of them, in the order in which they are run."""


def search_battery(
    given: Examinee,
    *,
    progress: Callable[[str, float], None] | None = None,
    assays: dict[str, SearchAssay] | None = None,
) -> tuple[Evidence, ...]:
    """Runs the assays of the first question; one that cannot be done is INCONCLUSIVE and stops no other.

    **Arguments:**

    - `given`: the agent.
    - `progress`: called with the assay and the share done.
    - `assays`: by default all of them: context, black box, white box.

    **Returns:** one piece of evidence for each assay, in order, with what it cost.
    """
    chosen = BATTERY if assays is None else assays
    found = []
    for place, (name, assay) in enumerate(chosen.items()):
        if progress is not None:
            progress(name, place / len(chosen))
        start = time.process_time()
        found.append(replace(run_assay(name, assay, given), cost_seconds=time.process_time() - start))
    return tuple(found)


def run_assay(name: str, assay: SearchAssay, given: Examinee) -> Evidence:
    """Returns what an assay found, or INCONCLUSIVE with what stopped it: nothing is read as absent.

    **Arguments:**

    - `name`: of the assay, for the message.
    - `assay`: to be run.
    - `given`: the agent.
    """
    if given.unjudged is not None:
        return not_done(name, "optimizer", given.unjudged)
    try:
        return contained(name, "optimizer", lambda: assay(given))
    except MesascopeError as error:
        text = f"Assay '{name}' could not be done."
        return Evidence(name, "optimizer", Verdict.INCONCLUSIVE, text, str(error))
