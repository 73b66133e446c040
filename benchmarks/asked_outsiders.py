"""Outsiders asked: which of them, in which order, and where their answers are kept."""

from __future__ import annotations

import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from kept_answers import ROOT
from outsiders.catalogue import OUTSIDERS
from outsiders.outsider import Outsider
from outsiders.submitted import setting_of, submitted

from mesascope.api.submit import submit
from mesascope.cli.submit import gates
from mesascope.organisms.code_digest import digest_of
from mesascope.organisms.scores import Judged

KEPT = ROOT / "build" / "outsiders"
SEED = 15
EARLIER = (13, 14)
"""Seeds of the runs whose answers were looked at while the auditor was mended."""
PER_CELL = 2
"""Agents of one kind in one setting."""
RARE = "rare defection"
"""The kind of which all are asked by a ledger of its own: they are many, and would drown all others."""


def drawn(*, seed: int = SEED, only: str | None = None, limit: int | None = None) -> list[Outsider]:
    """Returns the agents to be asked: from each kind in each setting a few.

    **Arguments:**

    - `seed`: of the draw.
    - `only`: the one setting they come from; those of it are the same as in a draw of all.
    - `limit`: how many at most: first one of each kind in each setting, in an order that follows from the seed.
    """
    cells: dict[tuple[str, str], list[Outsider]] = defaultdict(list)
    for one in OUTSIDERS:
        if only is None or setting_of(one) == only:
            cells[one.kind, setting_of(one)].append(one)
    if not cells:
        settings = sorted({setting_of(one) for one in OUTSIDERS})
        raise SystemExit(f"There is no setting '{only}'. There are: {', '.join(settings)}.")
    turns = [_ordered(cell, members, seed) for cell, members in sorted(cells.items())]
    turns = [turn[:PER_CELL] for turn in turns]
    turns = [turns[place] for place in np.random.default_rng(seed).permutation(len(turns))]
    queue = [turn[place] for place in range(max(map(len, turns))) for turn in turns if place < len(turn)]
    # Those of one setting one after another: they share its levels.
    return sorted(queue[:limit], key=setting_of)


def rare_defectors(*, seed: int = SEED, limit: int | None = None) -> list[Outsider]:
    """Returns every agent of the kind `RARE`: how well they are told is a curve over their rates and slips.

    **Arguments:**

    - `seed`: of their order.
    - `limit`: how many at most, of all settings.
    """
    everyone = [one for one in OUTSIDERS if one.kind == RARE]
    return sorted(_ordered((RARE, ""), everyone, seed)[:limit], key=setting_of)


def _ordered(cell: tuple[str, str], members: Sequence[Outsider], seed: int) -> list[Outsider]:
    """Returns the agents of one kind in one setting in an order that follows from the seed and from nothing else."""
    random = np.random.default_rng([seed, zlib.crc32("/".join(cell).encode())])
    return [members[place] for place in random.permutation(len(members))]


def stamp() -> str:
    """Returns a digest of the code of auditor and agents: answers of other code are none."""
    return digest_of([ROOT / "src" / "mesascope", ROOT / "benchmarks" / "outsiders"], root=ROOT)


def judged(outsiders: Sequence[Outsider], *, kept: Path = KEPT, levels: int | None = None) -> list[Judged]:
    """Returns what was answered about agents, and how it was marked; progress goes to standard error.

    **Arguments:**

    - `outsiders`: the agents.
    - `kept`: a folder for answers.
    - `levels`: of each distribution; by default as many as an audit draws.
    """
    code, start = stamp(), time.monotonic()

    def told(name: str, share: float) -> None:
        print(f"{share:.0%} after {time.monotonic() - start:.0f} s: {name}", file=sys.stderr, flush=True)

    return submit(
        [submitted(one) for one in outsiders],
        gates=gates,
        folder=kept / code[:12],
        stamp=code,
        search=False,
        levels=levels,
        progress=told,
    )
