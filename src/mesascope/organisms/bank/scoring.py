"""Scoring the bank: the battery on every agent, one file each, so that what was scored stays scored."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.assay import SEARCH, Assay, Stage, assays_of
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation, evaluate_agent
from mesascope.audit.run import lacking, run_assays
from mesascope.audit.search.decision import MEASURES, estimated_depth, measures
from mesascope.audit.search.horizon import scored_choices
from mesascope.core.details import details_data
from mesascope.core.errors import OutputError
from mesascope.core.files import write_atomically
from mesascope.core.json_reading import MalformedJSON, read_json
from mesascope.core.progress import Progress
from mesascope.core.random import root_key, stream
from mesascope.core.text import quoted
from mesascope.core.verdicts import Evidence
from mesascope.organisms.bank.build import bank_agent, build_agent, choices_of
from mesascope.organisms.bank.catalogue import BankAgent
from mesascope.organisms.bank.level_sets import level_sets
from mesascope.organisms.processes import finish, orphaned
from mesascope.training.distillation import agreement

SCHEMA: int = 5
"""Counted up whenever assays change, so that old scores are made anew."""

DRAWS: int = 4
"""Of each placebo of behaviour, in each agent: one in twenty may fire by chance, and one draw an agent tells little."""

TOGETHER: int = 8
"""Agents between two clearings of compiled programs, which few of them share and which take much memory."""

_since_cleared: list[str] = []
"""Worlds of the agents that this process scored since it cleared its programs."""


def scored_assays() -> tuple[Assay, ...]:
    """Returns the assays that decisions rest on, and what they are compared with; others cost more than they tell."""
    names = {name for question in MEASURES.values() for name in question} | {"horizon", "novelty"}
    return tuple(assay for assay in assays_of(*SEARCH) if assay.name in names)


def bank_context(entry: BankAgent, agent: Agent) -> AuditContext:
    """Returns an agent of the bank as what assays are given.

    **Arguments:**

    - `entry`: says in which world.
    - `agent`: to be observed there.
    """
    world, key = level_sets(entry.world), root_key(0)
    train, deploy = (
        evaluate_agent(agent, level_set, key=stream(level_set.name, key=key))
        for level_set in (world.train, world.deploy)
    )
    return AuditContext(agent, train, deploy, said=world.train.base, search_key=key)


def score(entry: BankAgent, folder: Path) -> dict:
    """Returns everything that is known about one agent of the bank: labels, skill, evidence, cost.

    **Arguments:**

    - `entry`: which one.
    - `folder`: where trained parts are kept.
    """
    start = time.process_time()
    agent = build_agent(entry, folder)
    made = time.process_time() - start
    context = bank_context(entry, agent)
    evidence = run_assays(context, scored_assays())
    depth = estimated_depth(evidence)
    opened = {assay.name for assay in assays_of(Stage.ACTIVATIONS)}
    return {
        "schema": SCHEMA,
        "agent": asdict(entry),
        "skill": _skill(entry, context, agent),
        "agreement": _agreement(entry, agent),
        "measures": measures(evidence),
        "depth": depth,
        "evidence": [_row(one) for one in evidence],
        "placebos": _placebos(context),
        "seconds": {
            "making": made,
            "black-box": sum(one.cost_seconds for one in evidence if one.assay not in opened),
            "white-box": sum(one.cost_seconds for one in evidence if one.assay in opened),
        },
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
    }


def score_bank(
    entries: Sequence[BankAgent], folder: Path, *, processes: int = 1, progress: Progress | None = None
) -> list[dict]:
    """Returns the scores of agents, working out those that are not in the folder.

    **Arguments:**

    - `entries`: which agents.
    - `folder`: gets `agents/` and `scores/`; the same call goes on where it was stopped.
    - `processes`: how many agents are scored side by side.
    - `progress`: called with how many are done and the share done.
    """

    def done(entry: BankAgent) -> bool:
        return _kept(entry, folder) is not None

    # Neighbours share a world, and so its compiled programs and solved levels.
    finish(_score_part, entries, folder, done=done, processes=processes, progress=progress, dealt=True)
    return [found for entry in entries if (found := _kept(entry, folder)) is not None]


def _score_part(part: list[BankAgent], folder: Path, parent: int | None) -> None:
    for entry in part:
        if orphaned(parent):
            return
        if _kept(entry, folder) is None:
            _score_and_keep(entry, folder)


def _score_and_keep(entry: BankAgent, folder: Path) -> None:
    if len(_since_cleared) == TOGETHER or entry.world not in _since_cleared[-1:]:
        # Programs compiled for another world are of no use any more, and there are many.
        jax.clear_caches()
        _since_cleared.clear()
    _since_cleared.append(entry.world)
    write_atomically(_path(entry, folder), json.dumps(score(entry, folder / "agents"), indent=1) + "\n")


def _path(entry: BankAgent, folder: Path) -> Path:
    return folder / "scores" / f"{entry.name}.json"


def _kept(entry: BankAgent, folder: Path) -> dict | None:
    """Returns the score of an agent if it is there, and of the same recipe and assays."""
    file = _path(entry, folder)
    if not os.path.lexists(file):
        return None
    found = kept_score(file)
    return found if found["schema"] == SCHEMA and found.get("agent") == asdict(entry) else None


def kept_score(file: Path) -> dict:
    """Returns what a file of a score holds; `OutputError` if it is none, and so nobody's to replace."""
    try:
        found = read_json(file, purpose="a score")
    except MalformedJSON as error:
        raise OutputError(f"{error} Delete it to have it made again, or choose another folder with --out.") from error
    if not isinstance(found, dict) or not isinstance(found.get("schema"), int):
        raise OutputError(f"{quoted(file, limit=200)} is no score of an agent. Choose another folder with --out.")
    return found


def _skill(entry: BankAgent, context: AuditContext, agent: Agent) -> dict[str, float]:
    """Returns what somebody who looks at skill alone would go by."""
    world = level_sets(entry.world)
    held_out = evaluate_agent(agent, world.held_out, key=stream("held-out", key=root_key(0)))
    assert context.deploy is not None
    return {
        "return": float(context.train.agent_returns[context.objective].mean()),
        "held-out accuracy": _accuracy(held_out, context.objective),
        "accuracy in new levels": _accuracy(context.deploy, context.objective),
    }


def _accuracy(evaluation: Evaluation, objective: int) -> float:
    distance, skill, counted = scored_choices(evaluation, objective)
    return float(skill[counted & np.isfinite(distance)].mean())


def _agreement(entry: BankAgent, agent: Agent) -> float | None:
    """Returns how far a clone agrees with its teacher in the states of training."""
    if entry.teacher is None or entry.kind != "clone":
        return None
    states = level_sets(entry.world).states
    teacher = choices_of(build_agent(bank_agent(entry.teacher), Path()), states)
    chosen, _ = agent.act(states, agent.initial_state(len(states)))
    return float(agreement(jnp.asarray(chosen), jnp.asarray(teacher)))


def _placebos(context: AuditContext) -> dict[str, list[bool]]:
    """Returns which assays fire where their manipulation was made void and there is nothing to be found."""
    # Drawn for each agent: placebos that all share one draw would fire together.
    key, fired = stream(context.agent.name, key=context.stream("placebo")), {}
    for assay in scored_assays():
        if assay.placebo is None or lacking(assay, context) is not None:
            continue
        # Those of activations draw nothing.
        keys = [stream(str(draw), key=key) for draw in range(DRAWS if assay.stage is Stage.BEHAVIOUR else 1)]
        found = [assay.placebo.run(context, one) for one in keys]
        told = [bool(assay.placebo.fires(one)) for one in found if one.effect is not None]
        if told:
            fired[assay.name] = told
    return fired


def _row(one: Evidence) -> dict:
    effect = None if one.effect is None else [one.effect.value, one.effect.low, one.effect.high, one.effect.n]
    kept = {key: value for key, value in details_data(one.details).items() if isinstance(value, int | float | str)}
    return {
        "assay": one.assay,
        "verdict": str(one.verdict),
        "effect": effect,
        "reason": one.reason,
        "details": kept,
        "seconds": one.cost_seconds,
    }
