"""The main job: an agent, a world and a base objective go in, findings come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from mesascope.agents.agent import Agent, Untrained
from mesascope.audit.alignment.classify import NOT_ALIGNED
from mesascope.audit.alignment.competence import COMPETENCE
from mesascope.audit.alignment.regret import mean_regret
from mesascope.audit.alignment.witness import find_witness
from mesascope.audit.all_levels import all_levels
from mesascope.audit.answers import Answers, answers_of, not_tested
from mesascope.audit.assay import AUDIT, Assay, assays_of, with_own
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation, check_repeats
from mesascope.audit.findings import Findings, Subject
from mesascope.audit.policy import choices_in
from mesascope.audit.run import run_assays
from mesascope.core.faults import Fault, attempted
from mesascope.core.progress import Progress, unheard
from mesascope.core.random import RandomKey, root_key, stream
from mesascope.core.threads import one_linear_algebra_thread
from mesascope.core.verdicts import Evidence
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.admission import own_notes

T = TypeVar("T")


@one_linear_algebra_thread()
def audit_agent(context: AuditContext, *, assays: Sequence[Assay] = (), progress: Progress | None = None) -> Findings:
    """Audits an agent that was watched.

    **Arguments:**

    - `context`: as of `watched`: same arguments there, same findings here.
    - `assays`: of others, put to the agent beside those that are registered.
    - `progress`: called with what is being done and the share done; watching it took the first 0.3.

    **Returns:** the findings; what could not be found out is INCONCLUSIVE with its reason.

    **Raises:** `AgentError` if the agent raises or returns something that is not a policy; `UsageError` for what is no
    assay.
    """
    report = progress or unheard
    asked = with_own(assays_of(*AUDIT), assays)
    evidence = run_assays(context, asked, progress=lambda what, share: report(what, 0.3 + 0.6 * share))
    answers = answers_of(context, evidence)
    report("the level where it comes apart", 0.9)
    findings = _findings(context, evidence, answers)
    # Whatever was asked meanwhile: an agent that keeps count may give itself away only now.
    check_repeats(context.agent, context.train)
    report("done", 1.0)
    return findings


def _findings(context: AuditContext, evidence: tuple[Evidence, ...], answers: Answers) -> Findings:
    """Returns answers, the numbers behind them and the level where it comes apart."""
    base = context.train.level_set.base
    own = None if isinstance(context.pursuit, Fault) else context.pursuit.attribution.best.own
    evaluations = {"train": context.train} | ({} if context.deploy is None else {"deploy": context.deploy})
    shown = own if answers.alignment.class_ in NOT_ALIGNED else None
    witness = attempted(lambda: find_witness(context.after, shown))
    left_out = not_tested(context.deploy, answers.battery)
    if isinstance(witness, Fault):
        left_out = (*left_out, ("the level where it comes apart", witness.reason))

    def by_place(work: Callable[[Evaluation], T | None]) -> dict[str, T]:
        found = {place: attempted(partial(work, evaluation)) for place, evaluation in evaluations.items()}
        return {place: one for place, one in found.items() if one is not None and not isinstance(one, Fault)}

    key = root_key(context.seed)
    return Findings(
        subject=_subject(context),
        optimizer=answers.optimizer,
        objective=answers.objective,
        alignment=answers.alignment,
        training_performance=next((one.effect for one in evidence if one.assay == COMPETENCE.name), None),
        regret=by_place(lambda evaluation: mean_regret(evaluation, base)),
        own_regret={} if own is None else by_place(lambda evaluation: mean_regret(evaluation, own)),
        reference_regrets=by_place(lambda evaluation: _reference_regrets(evaluation, context.agent, own, key=key)),
        witness=None if isinstance(witness, Fault) else witness,
        evidence=evidence,
        not_tested=left_out,
        all_levels=all_levels(context.after),
    )


def _reference_regrets(evaluation: Evaluation, agent: Agent, own: int | None, *, key: RandomKey) -> dict[str, float]:
    """Returns the mean normalised base regret of policies that an agent's is read beside: its own objective's optimal
    one (scripted), and that of its network before training, if it can be had."""
    level_set = evaluation.level_set
    objective = level_set.objectives.select(level_set.objectives.names[level_set.base])
    tested = level_set.tested[level_set.base]
    regrets = {"optimal": 0.0, "uniform": 1.0}

    def regret(policy: np.ndarray) -> float:
        gained = returns(level_set.levels, policy_values(level_set.levels, policy, objective))[0]
        room = level_set.optimal_returns[level_set.base] - level_set.uniform_returns[level_set.base]
        lost = (level_set.optimal_returns[level_set.base] - gained)[tested] / room[tested]
        return float(lost.mean()) if tested.any() else float("nan")

    if own is not None and own != level_set.base:
        best = optimal_actions(level_set.optimal_action_values[own]).astype(float)
        regrets[f"scripted {level_set.objectives.names[own]}"] = regret(best / best.sum(-1, keepdims=True))
    if isinstance(agent, Untrained) and agent.memoryless:
        fresh = agent.untrained(key=stream("untrained", key=key))
        regrets["untrained"] = regret(choices_in(fresh, level_set.world, level_set.levels))
    return {name: value for name, value in regrets.items() if np.isfinite(value)}


def _subject(context: AuditContext) -> Subject:
    agent, here = context.agent, context.train.level_set
    there = None if context.deploy is None else context.deploy.level_set
    notes = [note for one in (here, there) if one for note in (*one.world.notes, *own_notes(one.world))]
    return Subject(
        agent=agent.name,
        agent_kind=agent.kind,
        evaluation="exact" if context.train.exact else "roll-outs",
        world=here.world.name,
        world_options=here.world.options(),
        train=here.distribution,
        deploy_world=None if there is None else there.world.name,
        deploy_options=None if there is None else there.world.options(),
        deploy=None if there is None else there.distribution,
        base_objective=here.objectives.names[here.base],
        seed=context.seed,
        notes=(*agent.notes, *dict.fromkeys(notes)),
    )
