"""Checking an assay against the bank: does what it measures tell those that search from those that do not?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mesascope.audit.search.battery import BATTERY, run_assay
from mesascope.audit.search.examinee import Examinee, SearchAssay
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UsageError
from mesascope.core.text import quoted
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.organisms.bank.catalogue import BankAgent
from mesascope.organisms.bank.making import make
from mesascope.organisms.bank.scoring import examine


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
    name: str,
    assay: SearchAssay,
    entries: Sequence[BankAgent],
    folder: Path,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> AssayCheck:
    """Runs an assay on agents of the bank.

    **Arguments:**

    - `name`: for messages.
    - `assay`: called with an `Examinee`.
    - `entries`: which agents.
    - `folder`: where their trained parts are kept.
    - `progress`: called with the agent and the share done.

    **Raises:** `UsageError` if it returns something that is not evidence.
    """
    own = BATTERY.get(name) is assay

    def guarded(given: Examinee) -> Evidence:
        if own:
            return assay(given)
        with code_of_others(f"Assay {quoted(name)}", f"when asked about {quoted(given.agent.name)}", error=UsageError):
            return assay(given)

    rows = []
    for place, entry in enumerate(entries):
        if progress is not None:
            progress(entry.name, place / len(entries))
        found = run_assay(name, guarded, examine(entry, make(entry, folder)))
        if not isinstance(found, Evidence):
            raise UsageError(
                f"Assay '{name}' returned a {type(found).__name__} for agent '{entry.name}', not Evidence "
                "(mesascope.core.verdicts)."
            )
        rows.append((entry, found))
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
        float(np.mean([found.effect is not None for _, found in rows])),
        float(np.mean(passes[True])) if passes[True] else 0.0,
        float(np.mean(passes[False])) if passes[False] else 0.0,
    )
