"""The bank scored so that an interrupted run loses nothing: trained networks and scores are kept by the code they are
of.

Networks depend on what trains them and not on the judge, scores on the assays of search, too; each lies in a folder of
its own under `build/search/`, named after a digest of those sources. What a network cost to train is kept beside it.
Verdicts are made anew in each run, by weights that are fitted in it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kept_answers import ROOT

from mesascope.core.files import write_atomically
from mesascope.organisms.bank.build import build_agent
from mesascope.organisms.bank.catalogue import BankAgent
from mesascope.organisms.bank.scoring import score_bank
from mesascope.organisms.code_digest import digest_of

SOURCES = ROOT / "src" / "mesascope"
KEPT = ROOT / "build" / "search"
TRAINING: tuple[str, ...] = (
    "agents/networks",
    "core",
    "objectives",
    "organisms/bank",
    "planning",
    "training",
    "worlds",
)
"""What trained networks of the bank follow from."""
SCORING: tuple[str, ...] = (
    *TRAINING,
    "agents/adapters",
    *(f"agents/{name}.py" for name in ("activations", "asking", "files", "network_agent", "probabilities", "sites")),
    "audit/search",
    *(f"audit/{name}.py" for name in ("assay", "context", "evaluation", "level_set", "policy", "run")),
)
"""What scores follow from. What an agent of the bank is after is said, and so the accounts of objectives are not asked.
"""


@dataclass(frozen=True)
class ScoredBank:
    """Scores of agents, and the CPU seconds that training those of them took that are trained."""

    scores: list[dict]
    training_seconds: float


def scored(entries: Sequence[BankAgent], *, kept: Path = KEPT) -> ScoredBank:
    """Returns the scores of agents of the bank, working out what is not kept; progress goes to standard error.

    **Arguments:**

    - `entries`: which agents.
    - `kept`: the folder of folders.
    """
    networks = kept / f"trained-{digest(TRAINING)[:12]}"
    folder = kept / f"scored-{digest(SCORING)[:12]}"
    seconds = trained(entries, networks)
    (folder / "agents").mkdir(parents=True, exist_ok=True)
    for file in sorted(networks.glob("*.safetensors")):
        if not (folder / "agents" / file.name).exists():
            os.link(file, folder / "agents" / file.name)
    return ScoredBank(score_bank(entries, folder, progress=_told), seconds)


def trained(entries: Sequence[BankAgent], networks: Path) -> float:
    """Returns the CPU seconds that it took to train what is trained, training what is not kept.

    **Arguments:**

    - `entries`: which agents.
    - `networks`: the folder of networks, one file each.
    """
    some, total = [entry for entry in entries if _is_trained(entry)], 0.0
    for place, entry in enumerate(some):
        file = networks / "seconds" / f"{entry.name}.json"
        if not file.exists():
            _told(f"training {entry.name}", place / len(some))
            start = time.process_time()
            build_agent(entry, networks)
            write_atomically(file, json.dumps({"seconds": time.process_time() - start}) + "\n")
        total += json.loads(file.read_text())["seconds"]
    return total


def digest(parts: Iterable[str]) -> str:
    """Returns a digest of the code of some parts of the package, folders or files."""
    return digest_of([SOURCES / part for part in parts], root=ROOT, endings=("py",))


def _is_trained(entry: BankAgent) -> bool:
    """Returns whether parts of an agent are kept as files; what is trained in seconds is trained anew."""
    return entry.kind in ("trained", "decoy") or (entry.kind == "clone" and entry.architecture != "nearest")


def _told(what: str, share: float) -> None:
    print(f"{share:4.0%} {what}", file=sys.stderr, flush=True)
