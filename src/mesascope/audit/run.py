"""The runner: puts assays to an agent, one after the other, whatever any of them meets on its way.

What an assay costs, requires and fails at is dealt with here and nowhere else: one that fails, fails alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from mesascope.agents.activations import Inspectable
from mesascope.audit.alignment.battery_levels import without_switches
from mesascope.audit.assay import Assay, Requirement
from mesascope.audit.context import AuditContext
from mesascope.audit.learning.context import LearningContext
from mesascope.core.boundary import code_of_others
from mesascope.core.details import details_data, details_of
from mesascope.core.errors import MesascopeError, UsageError
from mesascope.core.faults import Fault, attempted, not_done
from mesascope.core.progress import Progress, unheard
from mesascope.core.text import quoted
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.worlds.switched_world import SwitchedWorld


def run_assays(
    context: AuditContext | LearningContext, assays: Sequence[Assay], *, progress: Progress | None = None
) -> tuple[Evidence, ...]:
    """Puts assays to an agent, in the order in which they are given.

    **Arguments:**

    - `context`: the agent.
    - `assays`: as of `assays_of`.
    - `progress`: called with the assay and the share done.

    **Returns:** one piece of evidence for each assay that has something to ask, with what it cost.

    **Raises:** as `run_assay`.
    """
    report, evidence = progress or unheard, []
    for place, assay in enumerate(assays):
        report(assay.name, place / len(assays))
        found = run_assay(assay, context)
        evidence += [] if found is None else [found]
    return tuple(evidence)


def run_assay(assay: Assay, context: AuditContext | LearningContext) -> Evidence | None:
    """Returns what an assay finds, or INCONCLUSIVE with what stopped it: nothing is read as absent.

    **Arguments:**

    - `assay`: of Mesascope or of another package.
    - `context`: the agent.

    **Returns:** `None` where there is nothing to ask.

    **Raises:** `MesascopeError` of our own assays of the second and third question: what is wrong with an agent or a
    world that was watched before is no assay's to pass over.
    """
    start = time.process_time()
    found = lacking(assay, context)
    if found is None:
        try:
            found = _ran(assay, context)
        except MesascopeError as error:
            if assay.question != "optimizer" and assay.own:
                raise
            sentence = f"Assay '{assay.name}' could not be done."
            found = Evidence(assay.name, assay.question, Verdict.INCONCLUSIVE, sentence, str(error))
    return None if found is None else replace(found, cost_seconds=time.process_time() - start)


def lacking(assay: Assay, context: AuditContext | LearningContext) -> Evidence | None:
    """Returns the evidence of an assay that lacks something it requires; `None` if it lacks nothing."""
    agent, missing = context.agent, {}
    hidden = f"agent '{agent.name}' shows no activations; one that has `sites` and `step` does"
    if isinstance(context, AuditContext):
        if Requirement.PURSUIT in assay.requires and context.unjudged is not None:
            return not_done(assay.name, assay.question, context.unjudged)
        world = context.after.level_set.world
        missing = {
            Requirement.SHIFT: (context.deploy is None, "no shift was named (--deploy)"),
            Requirement.EDITS: (not world.editable, f"world '{world.name}' offers no edits"),
            Requirement.SWITCHES: (not isinstance(world.unwrapped, SwitchedWorld), without_switches(world)),
        }
    missing |= {
        Requirement.MEMORY: (agent.memoryless, "it has no memory in which a search could go on"),
        Requirement.ACTIVATIONS: (not isinstance(agent, Inspectable), hidden),
    }
    for requirement in assay.requires:
        lacks, reason = missing.get(requirement, (False, ""))
        if lacks:
            return assay.nothing(reason)
    return None


def _ran(assay: Assay, context: AuditContext | LearningContext) -> Evidence | None:
    if assay.own:
        found = attempted(lambda: assay.run(context))
        return not_done(assay.name, assay.question, found) if isinstance(found, Fault) else found
    with code_of_others(
        f"Assay {quoted(assay.name)}", f"when asked about {quoted(context.agent.name)}", error=UsageError
    ):
        found = assay.run(context)
        return None if found is None else _checked(assay, found)


def _checked(assay: Assay, found: object) -> Evidence:
    """Returns evidence of another package's assay as a report would read it back; `UsageError` if it is none."""
    name = quoted(assay.name)
    if not isinstance(found, Evidence):
        kind = type(found).__name__
        raise UsageError(f"Assay {name} returned a {kind}, not Evidence (`mesascope.Evidence`): use `assay.found`.")
    if (found.assay, found.question) != (assay.name, assay.question):
        raise UsageError(f"Assay {name} returned evidence of assay {quoted(found.assay)}: use `assay.found`.")
    numbers = all(one is None or isinstance(one, Estimate) for one in (found.effect, found.null))
    if not (isinstance(found.verdict, Verdict) and isinstance(found.sentence, str) and isinstance(found.reason, str)):
        raise UsageError(f"Assay {name} returned evidence whose verdict, sentence or reason is none.")
    if not numbers:
        raise UsageError(f"Assay {name} returned evidence whose effect or null is no Estimate (`mesascope.Estimate`).")
    try:
        data = msgspec.json.decode(msgspec.json.encode(details_data(found.details), enc_hook=lambda one: one.tolist()))
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"Assay {name} wrote details that JSON cannot hold: {error}.") from error
    return replace(found, details=details_of(data, assay.details))
