"""The same verdict on every processor: fifty audits under other kernels and threads of linear algebra.

OpenBLAS rounds otherwise on other processors. It can be told to take the kernels of an older one, so that one machine
stands for two; each setting has a process of its own, in which the same scripted agents are audited whole.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from ledger import Claim, run
from scripted_agents import population

from mesascope.agents.adapters.table import TableAgent
from mesascope.audit.audit import audit_agent
from mesascope.audit.level_set import sample_level_set
from mesascope.audit.policy import observations
from mesascope.audit.watching import watched
from mesascope.core.intervals import wilson
from mesascope.core.random import root_key, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.catalogue import resolve_world

WORLDS: dict[str, dict[str, str]] = {
    "corner": {},
    "doors": {},
    "keys": {},
    "maze": {},
}
LEVELS: int = 24
SETTINGS: dict[str, dict[str, str]] = {
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"},
    "SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX", "OPENBLAS_NUM_THREADS": "1"},
    "two threads": {"OPENBLAS_CORETYPE": "SkylakeX", "OPENBLAS_NUM_THREADS": "2"},
}


def audits(count: int) -> list[dict]:
    """Audits scripted agents of all worlds in turn, and returns what was said of each."""
    share = -(-count // len(WORLDS))
    said = []
    for place, name in enumerate(WORLDS):
        world, key = resolve_world(name, WORLDS[name]), root_key(0)
        objectives = compile_objectives(world)
        level_sets = [
            sample_level_set(
                part,
                world,
                distribution,
                objectives,
                world.base_objective,
                count=LEVELS,
                key=stream(f"levels/{part}", key=key),
            )
            for part, distribution in (("train", world.distributions[0]), ("deploy", world.distributions[-1]))
        ]
        seen = np.concatenate([observations(world, level_set.levels)[level_set.active] for level_set in level_sets])
        for agent in population(*level_sets, count=share, seed=place):
            table = np.concatenate([np.asarray(agent.table(level_set))[level_set.active] for level_set in level_sets])
            judged = audit_agent(watched(TableAgent(agent.name, seen, table, nearest=False), world, levels=LEVELS))
            said.append(
                {
                    "agent": f"{name}: {agent.name}",
                    "answers": [
                        str(judged.optimizer.verdict),
                        str(judged.objective.verdict),
                        str(judged.objective.name),
                        str(judged.alignment.class_),
                        str(judged.alignment.verdict),
                        str(judged.alignment.kind),
                    ],
                    "evidence": {one.assay: str(one.verdict) for one in judged.evidence},
                    "borderline": [one.assay for one in judged.evidence if one.reason.startswith("borderline")],
                }
            )
            print(f"{len(said)} of {count}", file=sys.stderr, flush=True)
            if len(said) == count:
                return said
    return said


def elsewhere(setting: str, count: int) -> list[dict]:
    """Returns what is said of the agents by a process with other kernels or threads."""
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--worker", str(count)],
        env={**os.environ, **SETTINGS[setting]},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(ran.stdout)


def measure(quick: bool) -> list[Claim]:
    """Compares the answers and verdicts of all settings with those of the first."""
    count = 4 if quick else 50
    said = {setting: elsewhere(setting, count) for setting in SETTINGS}
    first, *others = SETTINGS
    claims = []
    for other in others:
        pairs = list(zip(said[first], said[other], strict=True))
        same = [one["answers"] == two["answers"] and one["evidence"] == two["evidence"] for one, two in pairs]
        interval = wilson(sum(same), len(same), unit="audits")
        apart = "; ".join(one["agent"] for (one, _), equal in zip(pairs, same, strict=True) if not equal) or "none"
        claims.append(
            Claim(
                f"processors.{other.lower().replace(' ', '-')}",
                f"share of audits whose three answers and all verdicts are the same under {first} with one thread and "
                f"under {other} (Wilson's interval; apart: {apart})",
                interval.value,
                interval.low,
                interval.high,
                interval.n,
                1.0,
                "==",
            )
        )
    return claims


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--worker", type=int)
    worker, _ = parser.parse_known_args()
    if worker.worker is None:
        run("processors", measure)
    else:
        print(json.dumps(audits(worker.worker)))
