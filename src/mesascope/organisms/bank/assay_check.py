"""Checking an assay against the bank: does what it measures tell those that search from those that do not?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mesascope.audit.assay import Assay
from mesascope.audit.run import run_assay
from mesascope.core.progress import Progress
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.organisms.bank.build import build_agent
from mesascope.organisms.bank.catalogue import BankAgent
from mesascope.organisms.bank.scoring import bank_context


@dataclass(frozen=True)
class AssayCheck:
    """What an assay said of agents of known kind.

    **Arguments:**

    - `rows`: each agent with the evidence.
    - `auroc`: probability that its effect is larger for one that uses a search than for one that does not; `None` if it
      measured nothing on one of the two sides.
    - `measured`: share of agents in which it has an effect.
    - `passed`, `passed_wrongly`: share of PASS among those that use a search, and among those that do not.
    """

    rows: tuple[tuple[BankAgent, Evidence], ...]
    auroc: float | None
    measured: float
    passed: float
    passed_wrongly: float


def check_assay(
    assay: Assay,
    entries: Sequence[BankAgent],
    folder: Path,
    *,
    progress: Progress | None = None,
) -> AssayCheck:
    """Runs an assay on agents of the bank.

    **Arguments:**

    - `assay`: of Mesascope or of another package.
    - `entries`: which agents.
    - `folder`: where their trained parts are kept.
    - `progress`: called with the agent and the share done.

    **Returns:** what it said; where it found nothing to ask, nothing of that agent.
    """
    rows = []
    for place, entry in enumerate(entries):
        if progress is not None:
            progress(entry.name, place / len(entries))
        found = run_assay(assay, bank_context(entry, build_agent(entry, folder)))
        rows += [] if found is None else [(entry, found)]
    effects = {
        used: [found.effect.value for entry, found in rows if entry.used is used and found.effect is not None]
        for used in (True, False)
    }
    auroc = None
    if effects[True] and effects[False]:
        yes, no = np.array(effects[True])[:, None], np.array(effects[False])[None, :]
        auroc = float(((yes > no) + 0.5 * (yes == no)).mean())
    passes = {
        used: [found.verdict is Verdict.PASS for entry, found in rows if entry.used is used] for used in (True, False)
    }
    return AssayCheck(
        tuple(rows),
        auroc,
        float(np.mean([found.effect is not None for _, found in rows])) if rows else 0.0,
        float(np.mean(passes[True])) if passes[True] else 0.0,
        float(np.mean(passes[False])) if passes[False] else 0.0,
    )
