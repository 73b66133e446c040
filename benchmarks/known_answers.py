"""Known answers: how many of them `mesascope check` arrives at again, how closely, and in how many CPU seconds.

`mesascope check --json` runs in a process of its own, on one thread. Graph against enumeration of causal incentives is
run here on more diagrams than `mesascope check` takes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from ledger import Claim, cpu_seconds, run

from mesascope.theory.catalogue import KNOWN_ANSWERS
from mesascope.theory.incentive_agreement import agreement


def checked() -> tuple[dict, float]:
    """The JSON object of one `mesascope check`, and the CPU seconds of its process."""
    before = cpu_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "mesascope", "check", "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"mesascope check ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout), cpu_seconds() - before


def strain(row: dict) -> float:
    """The difference of a row in tolerances; exact rows have no tolerance to spend."""
    if row["difference"] is None:
        return float("inf")
    return 0.0 if row["difference"] == 0 else abs(row["difference"]) / max(row["tolerance"], 1e-300)


def measure(quick: bool) -> list[Claim]:
    runs = [checked() for _ in range(1 if quick else 5)]
    rows, seconds = runs[0][0]["rows"], [one for _, one in runs]
    total, passed = len(KNOWN_ANSWERS), min(found["passed"] for found, _ in runs)
    sections = ", ".join(f"§{section}: {count}" for section, count in Counter(row["section"] for row in rows).items())
    printed = sum(row["published"] is not None for row in rows)
    strains = {row["id"]: strain(row) for row in rows}
    tightest = max(strains, key=lambda name: strains[name])
    diagrams, chance = (20, (2, 3)) if quick else (200, (2, 3, 4))
    agreed = agreement(diagrams, seed=2021, chance=chance)
    return [
        Claim(
            "known-answers.passed",
            f"Rows of `mesascope check` that come out as stated, of {total} ({sections}); fewest of the repeats. "
            f"{printed} rows show a printed figure beside the one that is expected.",
            float(passed),
            float(passed),
            float(passed),
            total,
            float(total),
            "==",
        ),
        Claim.over_repeats(
            "known-answers.cpu-seconds",
            "CPU seconds of `mesascope check`, interpreter and imports included, one thread. "
            "Median; minimum and maximum of the repeats.",
            seconds,
            30.0,
            "<=",
        ),
        Claim(
            "known-answers.strain",
            f"Largest difference between computed and expected, in tolerances of its row: {tightest}.",
            strains[tightest],
            strains[tightest],
            strains[tightest],
            total,
            1.0,
            "<=",
        ),
        Claim(
            "known-answers.incentives",
            f"Pairs of incentive and node, of {agreed.compared} in {diagrams} random diagrams of {min(chance)} to "
            f"{max(chance)} chance nodes, on which graph and enumeration differ: {agreed.unsound} found and not "
            f"admitted, {agreed.unfound} of the {agreed.admitted} admitted found in no random model.",
            float(agreed.disagreements),
            float(agreed.disagreements),
            float(agreed.disagreements),
            agreed.compared,
            0.0,
            "==",
        ),
    ]


if __name__ == "__main__":
    run("known_answers", measure)
