"""Two agents, or two saved audits, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.api.audit import audit
from mesascope.api.subject import AgentLike, stream_of
from mesascope.core.errors import UsageError
from mesascope.core.progress import Progress
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.report.data.audit_report import Report
from mesascope.report.data.comparison_report import ComparisonReport
from mesascope.worlds.world import World


def compare(
    first: AgentLike | Report,
    second: AgentLike | Report,
    world: World | str | None = None,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    world_options: Mapping[str, str] | None = None,
    deploy_world: World | str | None = None,
    deploy_options: Mapping[str, str] | None = None,
    seed: int = 0,
    levels: int | None = None,
    view: Sequence[str] = (),
    deterministic: tuple[bool, bool] = (False, False),
    names: tuple[str, str] | None = None,
    progress: Progress | None = None,
    **loading: Any,
) -> ComparisonReport:
    """Says what differs between two agents: before and after fine-tuning, sampled and argmax, two checkpoints.

    Agents are audited in the same levels, so that regret is paired by level and seed. Saved audits are paired where
    they are about the same levels (world, options, seed, number).

    **Arguments:**

    - `first`, `second`: agents, as of `audit`; or reports of audits. Differences are second less first.
    - `world`: of agents; reports have theirs.
    - `base_objective`, `train`, `deploy`, `world_options`, `deploy_world`, `deploy_options`, `seed`, `levels`, `view`,
      `loading`: as of `audit`, for agents.
    - `deterministic`: of each agent: take its likeliest action always.
    - `names`: what the two are called; by default as their agents are.
    - `progress`: called as the audits go on.

    **Returns:** the comparison; `contents()` are what `mesascope compare` writes.

    **Raises:** `UsageError` for reports of different worlds, and for agents without a world; as `audit`.
    """
    from mesascope.report.views.comparison import compared

    watch, findings = Stopwatch(), []
    for number, (subject, argmax) in enumerate(zip((first, second), deterministic, strict=True)):
        if isinstance(subject, Report):
            report = subject
        elif world is None:
            raise UsageError("An agent is compared in a world: name it. Only saved reports have one of their own.")
        elif stream_of(world, world_options) is not None:
            raise UsageError("Agents are compared in worlds; in a stream, audit each with mesascope.audit_learner.")
        else:
            report = audit(
                subject,
                world,
                base_objective=base_objective,
                train=train,
                deploy=deploy,
                world_options=world_options,
                deploy_world=deploy_world,
                deploy_options=deploy_options,
                seed=seed,
                levels=levels,
                view=view,
                deterministic=argmax,
                progress=_half(progress, number),
                **loading,
            )
        # As it would be read back: numbers are compared to the digits that reports have.
        findings.append(report.canonical().findings)
    one, other = findings
    return compared(one, other, provenance(seed=one.subject.seed, watch=watch), names=names)


def _half(progress: Progress | None, number: int) -> Progress | None:
    """Progress of one of two audits."""
    if progress is None:
        return None
    return lambda words, share: progress(f"{('first', 'second')[number]}: {words}", (number + share) / 2)
