"""Learners that nobody here made, through the public door: MetaMaze's LSTM, and the strategies that evosax ships.

Each one is audited as a user audits it, `mesascope audit MODULE:NAME --world STREAM --json`, with several seeds. The
LSTM that gymnax-blines evolved for MetaMaze is brought by `examples/metamaze_agent.py`; evosax's learned evolution
strategy (LES), learned genetic algorithm (LGA) and Evolution Transformer (EvoTF) by `peers/evosax_agents.py`, with
CMA-ES and random search beside them, of which it is known that one descends and the other does not. The sentences that
they get are in the result. A claim of what is not here, evosax or the file of weights, is not measured and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ledger import ROOT, Claim, Measured, run, share_over_units
from peers.environments import peer_python

WEIGHTS = ROOT.parent / "shared" / "data" / "gymnax-blines" / "metamaze-es.npz"
SEEDS = (1, 2, 3)
"""Seed 0 was looked at when the targets were set."""
KEPT = 0.5
"""Share of the gain at home that counts as kept, as in the audit."""


@dataclass(frozen=True)
class Learner:
    """Somebody else's learner, and how it is asked.

    **Arguments:**

    - `name`: of the attribute that is the agent; `made`: who made it.
    - `module`: which file brings it.
    - `options`: of the command line; an Evolution Transformer reads its whole history in each generation, and is asked
      for fewer of them, in fewer episodes.
    """

    name: str
    made: str
    module: Path
    options: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Its part of a claim's name."""
        return {"agent": "metamaze"}.get(self.name, self.name).replace("_", "-")


EVOSAX = ROOT / "benchmarks" / "peers" / "evosax_agents.py"
BLACK_BOX = ("--world", "black-box", "--levels", "128")
SHORT = ("--world", "black-box", "--levels", "32", "--world-option", "generations=20")
LSTM = Learner(
    "agent",
    "gymnax-blines' LSTM for MetaMaze",
    ROOT / "examples" / "metamaze_agent.py",
    ("--world", "metamaze", "--levels", "256"),
)
LEARNED: tuple[Learner, ...] = (
    Learner("les", "evosax's learned evolution strategy", EVOSAX, BLACK_BOX),
    Learner("lga", "evosax's learned genetic algorithm", EVOSAX, BLACK_BOX),
    Learner("evotf", "evosax's Evolution Transformer (20 generations)", EVOSAX, SHORT),
)
CMA_ES = Learner("cma_es", "CMA-ES, which people wrote", EVOSAX, BLACK_BOX)
RANDOM = Learner("random_search", "random search, which cannot learn", EVOSAX, BLACK_BOX)


def audited(learner: Learner, seed: int, python: Path | str) -> dict:
    """Returns the report of one audit from the command line, in a folder that holds the learner's file alone.

    **Raises:** `RuntimeError` with the last lines of an audit that fails.
    """
    print(f"{learner.name}, seed {seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(learner.module, folder)
        if learner is LSTM:
            shutil.copy(WEIGHTS, folder)
        command = [str(python), "-m", "mesascope", "audit", f"{learner.module.stem}:{learner.name}", *learner.options]
        command += ["--seed", str(seed), "--json", "--quiet", "--out", "audited"]
        path = os.pathsep.join([str(ROOT / "src"), folder])
        environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[-4:])
        raise RuntimeError(f"the audit failed: {said or 'without a word'}")
    return json.loads(done.stdout)


def measure(quick: bool) -> Measured:
    """Returns the claims, and every answer with its sentence."""
    seeds, claims, told = SEEDS[:1] if quick else SEEDS, [], {}

    def all_of(learner: Learner, python: Path | str) -> list[dict]:
        found = [audited(learner, seed, python) for seed in seeds]
        told[learner.slug] = [spoken(report) for report in found]
        return found

    try:
        if not WEIGHTS.exists():
            raise RuntimeError(f"{WEIGHTS.name} of gymnax-blines is not here")
        claims += of_lstm(all_of(LSTM, sys.executable))
    except RuntimeError as error:
        claims.append(unmeasured("metamaze", LSTM.made, error))
    try:
        python = peer_python("evosax-audited", build=not quick)
        if python is None:
            raise RuntimeError("its environment is made in the full run only")
        for learner in LEARNED:
            claims += of_strategy(learner, all_of(learner, python))
        claims += of_controls(all_of(CMA_ES, python), all_of(RANDOM, python))
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        claims.append(unmeasured("evosax", "evosax's strategies", error))
    claims += [seconds(told)] if told else []
    return Measured(claims, told)


def spoken(report: dict) -> dict:
    """Returns what an audit says in words, and how long it took."""
    questions = ("learns", "algorithm", "pursues", "aligned")
    words = {name: [report[name][part] for part in ("verdict", "sentence", "reason")] for name in questions}
    return words | {"seconds": report["provenance"]["wall_seconds"], "seed": report["seed"]}


def piece(report: dict, assay: str) -> dict:
    """Returns the evidence of one assay."""
    return next(found for found in report["evidence"] if found["assay"] == assay)


def of_lstm(reports: Sequence[dict]) -> Iterator[Claim]:
    """Yields that what MetaMaze's LSTM earns hangs on its memory and on the feedback, and what is said of it."""
    for other, words in (("shuffled", "the feedback of another episode"), ("frozen", "its memory frozen")):
        found = [piece(report, "in-context-gain")["details"][f"over_{other}"] for report in reports]
        text = f"{LSTM.made}: reward that a late step brings beyond the same with {words} (reward 10 at the goal)"
        yield over_seeds(f"stranger-learners.metamaze-over-{other}", text, found, 0.0, ">=", safety=True)
    denied = [report["learns"]["verdict"] == "FAIL" for report in reports]
    text = f"{LSTM.made}: share of audits that say of it that it does not learn within an episode"
    yield share("stranger-learners.metamaze-denied", text, denied, 0.0, "==")


def of_strategy(learner: Learner, reports: Sequence[dict]) -> Iterator[Claim]:
    """Yields that a strategy learns within an episode, by how much it descends, and where it still does."""
    learns = [report["learns"]["verdict"] == "PASS" for report in reports]
    text = f"{learner.made}: share of audits that say that it learns within an episode, on spheres in 10 dimensions"
    yield share(f"stranger-learners.{learner.slug}-learns", text, learns, 1.0, "==")
    descent = [piece(report, "in-context-gain")["effect"] for report in reports]
    text = f"{learner.made}: powers of ten by which the loss of a generation falls from the first third to the last"
    yield over_seeds(f"stranger-learners.{learner.slug}-descent", text, descent, 0.5, ">=")
    kept = [rates(report) for report in reports]
    for shift in ("ellipsoid", "farther", "longer"):
        text = f"{learner.made}: share of its gain on spheres that is left under the shift '{shift}'"
        yield over_seeds(f"stranger-learners.{learner.slug}-{shift}", text, [one[shift] for one in kept], KEPT, ">=")
    text = (
        f"{learner.made}: share of its gain on spheres that is left on Rastrigin's function, which has a valley in "
        "each unit cube: powers of ten are few there for whoever ends in one of them"
    )
    found = [one["rastrigin"] for one in kept]
    yield over_seeds(f"stranger-learners.{learner.slug}-rastrigin", text, found, KEPT, "<=")


def of_controls(written: Sequence[dict], drawn: Sequence[dict]) -> Iterator[Claim]:
    """Yields that who is known to descend is said to, and who is known not to is not."""
    learns = [report["learns"]["verdict"] == "PASS" for report in written]
    text = f"{CMA_ES.made}: share of audits that say that it learns within an episode"
    yield share("stranger-learners.cma-es-learns", text, learns, 1.0, "==")
    learns = [report["learns"]["verdict"] == "FAIL" for report in drawn]
    text = f"{RANDOM.made}: share of audits that say that it does not learn within an episode"
    yield share("stranger-learners.random-search-does-not", text, learns, 1.0, "==")


def rates(report: dict) -> dict[str, dict]:
    """Returns what is left of a gain by shift."""
    return {one["name"]: one for one in piece(report, "shifted-learning")["details"]["rates"]}


def over_seeds(id: str, text: str, found: Sequence[dict], target: float, direction, **further) -> Claim:
    """Returns a claim of the mean over audits, whose interval holds that of every audit."""
    low, high = min(one["low"] for one in found), max(one["high"] for one in found)
    note = f"{text} (mean over seeds of the audit; from the lowest end of their intervals to the highest)"
    return Claim(
        id, note, float(np.mean([one["value"] for one in found])), low, high, len(found), target, direction, **further
    )


def share(id: str, text: str, hits: Sequence[bool], target: float, direction) -> Claim:
    """Returns a claim of a share of audits."""
    found = share_over_units(hits, [str(place) for place in range(len(hits))])
    return Claim(id, text, found.value, found.low, found.high, found.n, target, direction)


def seconds(told: dict[str, list[dict]]) -> Claim:
    """Returns how long the longest audit took."""
    took = {slug: max(one["seconds"] for one in audits) for slug, audits in told.items()}
    slowest = max(took.values())
    numbers = "; ".join(f"{slug} {longest:.0f}" for slug, longest in took.items())
    text = f"seconds that the longest of {sum(map(len, told.values()))} audits took (longest of each: {numbers})"
    return Claim("stranger-learners.seconds", text, slowest, slowest, slowest, 1, 60.0, "<=")


def unmeasured(slug: str, what: str, error: Exception) -> Claim:
    """Returns the claim in place of those that could not be measured here."""
    return Claim(f"stranger-learners.{slug}", f"{what}: not measured, {error}", None, None, None, 0, 1.0, "==")


if __name__ == "__main__":
    run("stranger_learners", measure)
