"""The main job, as a newcomer runs it: `mesascope audit` in a process of its own, from an empty cache and again.

Also its determinism: the same command gives the same bytes, and a seed does not feel its neighbours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
from ledger import Claim, run


@dataclass(frozen=True)
class Ran:
    """One run of the command line: wall seconds, CPU seconds, peak resident memory in MB, and the report."""

    wall: float
    cpu: float
    memory: float
    report: dict


def peak_memory(process: subprocess.Popen, done: threading.Event) -> list[float]:
    """Returns a list whose only number becomes the process's peak resident memory in MB, read while it runs."""
    peak = [0.0]
    status = Path(f"/proc/{process.pid}/status")

    def watch() -> None:
        while not done.wait(0.2):
            try:
                lines = status.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("VmHWM:"):
                    peak[0] = max(peak[0], float(line.split()[1]) / 1024)

    threading.Thread(target=watch, daemon=True).start()
    return peak


def audit(folder: Path, cache: Path, *arguments: str) -> Ran:
    """Runs `mesascope audit --json` in a folder with a cache of its own."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mesascope", "audit", "--json", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    done = threading.Event()
    peak = peak_memory(process, done)
    output, errors = process.communicate()
    done.set()
    wall, after = time.perf_counter() - start, os.times()
    if process.returncode != 0:
        raise RuntimeError(f"mesascope audit failed with {process.returncode}: {errors.decode()}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Ran(wall, cpu, peak[0], json.loads(output))


def without_provenance(report: dict) -> str:
    """Returns what has to be the same in every run of the same command."""
    return json.dumps({key: value for key, value in report.items() if key != "provenance"})


def seeds_apart() -> float:
    """Returns the largest difference between a seed's weights when trained alone and beside another seed."""
    from dataclasses import replace

    from mesascope.organisms.catalogue import ORGANISMS
    from mesascope.training.run import train

    organism = ORGANISMS.load("corner")
    short = replace(organism.optimizer, updates=40)
    alone = train(short, organism.task, seeds=(1,)).learners.parameters
    together = train(short, organism.task, seeds=(0, 1)).learners.parameters
    pairs = zip(jax.tree.leaves(alone), jax.tree.leaves(together), strict=True)
    return max(float(np.abs(np.asarray(one)[0] - np.asarray(other)[1]).max()) for one, other in pairs)


def measure(quick: bool) -> list[Claim]:
    """Returns the claims of issue letters A and G."""
    firsts, seconds = [], []
    for _ in range(1 if quick else 2):
        with tempfile.TemporaryDirectory() as name:
            folder, cache = Path(name), Path(name) / "cache"
            firsts.append(audit(folder, cache))
            seconds.append(audit(folder, cache))
    report = firsts[0].report
    objective = report["answers"]["objective"]
    training = report["training_performance"]
    same = {without_provenance(ran.report) for ran in (*firsts, *seconds)}
    class_ = report["answers"]["alignment"]["class"]
    named = float(objective["name"] == "corner" and objective["probability"] >= 0.9)
    memory = [ran.memory for ran in (*firsts, *seconds)]
    apart = seeds_apart()
    repeats = "median of repeats, with their minimum and maximum"
    cpus = f"{os.cpu_count()} cores"
    return [
        Claim.over_repeats(
            "main-job.first-run",
            f"wall seconds of `mesascope audit` from an empty cache on {cpus}, training included; {repeats}; CPU "
            f"seconds: {', '.join(f'{ran.cpu:.0f}' for ran in firsts)}",
            [ran.wall for ran in firsts],
            90,
            "<=",
        ),
        Claim.over_repeats(
            "main-job.second-run",
            f"wall seconds of the same command again on {cpus}; {repeats}; CPU seconds: "
            f"{', '.join(f'{ran.cpu:.0f}' for ran in seconds)}",
            [ran.wall for ran in seconds],
            20,
            "<=",
        ),
        Claim.over_repeats("main-job.memory", f"peak resident memory, MB; {repeats}", memory, 2048, "<="),
        Claim(
            "main-job.training",
            "share of the optimum that the default organism reaches in training (95 % interval over levels)",
            training["value"],
            training["low"],
            training["high"],
            training["n"],
            0.95,
            ">=",
        ),
        Claim(
            "main-job.names-the-corner",
            "1 if the audit of the default organism names the corner with probability 0.9 or more; one seed, of which "
            f"every run gives one report: '{objective['name']}' with {objective['probability']:.3f}, class '{class_}'",
            named,
            named,
            named,
            1,
            1,
            ">=",
        ),
        Claim(
            "main-job.same-bytes",
            f"number of different reports (provenance apart) in {len(firsts) + len(seconds)} runs of the same command",
            len(same),
            len(same),
            len(same),
            len(firsts) + len(seconds),
            1,
            "==",
        ),
        Claim(
            "main-job.seeds-apart",
            "largest difference between the weights of a seed trained alone and beside another (40 updates)",
            apart,
            apart,
            apart,
            1,
            0,
            "==",
        ),
    ]


if __name__ == "__main__":
    run("main_job", measure)
