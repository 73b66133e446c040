"""The recovered objective as an assay of the audit."""

from __future__ import annotations

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.objective.recovery.evidence.details import RecoveryDetails
from mesascope.audit.objective.recovery.evidence.recovery import recovery

RECOVERY = Assay(
    name="recovery",
    question="objective",
    summary="Which weights of attributes explain its choices, what stays open, how far from the base objective?",
    stage=Stage.OBJECTIVE,
    place=1,
    details=RecoveryDetails,
    undone="No objective was recovered.",
    run=lambda context: recovery(context.train, context.deploy, seed=context.bootstrap_seed, full=False),
)
