"""The slow tests, one after another, resumable: `python tests/slow.py` goes on where it was stopped.

What passed stays passed for as long as neither the code nor the test changes. How long each took is kept in
`tests/slow_seconds.json`, so that the next run can say how long it will take.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = ROOT / "tests" / "slow_seconds.json"
KEPT = ROOT / "build" / "slow_tests.json"
UNKNOWN: float = 60.0
"""Seconds that a test is taken to last which was never timed."""


def state() -> str:
    """Returns a checksum of everything that a test could depend on."""
    found = hashlib.sha256()
    for folder in ("src", "tests", "examples", "docs", "benchmarks"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".md", ".json", ".html") and file != SECONDS and "results" not in file.parts:
                found.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return found.hexdigest()


def collected(arguments: list[str]) -> list[str]:
    """Returns the names of the slow tests."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--collect-only", "-m", "slow", *arguments]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [line for line in listing.splitlines() if line.startswith("tests/") and "::" in line]


def read(file: Path) -> dict:
    """Returns what a file holds, or nothing."""
    return json.loads(file.read_text()) if file.exists() else {}


def main() -> int:
    """Runs what has not passed yet and returns 1 if anything fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", help="files or folders; by default all")
    parser.add_argument("--list", action="store_true", help="only say what would run, and how long it takes")
    options = parser.parse_args()
    now, kept, seconds = state(), read(KEPT), read(SECONDS)
    passed = set(kept.get("passed", ())) if kept.get("state") == now else set()
    waiting = [name for name in collected(options.tests) if name not in passed]
    minutes = sum(seconds.get(name, UNKNOWN) for name in waiting) / 60
    print(f"{len(waiting)} slow tests, about {minutes:.0f} minutes; {len(passed)} passed before.", flush=True)
    if options.list:
        print("\n".join(f"{seconds.get(name, UNKNOWN):6.0f} s  {name}" for name in waiting))
        return 0
    failed = []
    for place, name in enumerate(waiting, 1):
        print(f"[{place}/{len(waiting)}] {name}", flush=True)
        start = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-n", "0", "-q", "-m", "slow", name], cwd=ROOT, check=False
        )
        seconds[name] = round(time.monotonic() - start, 1)
        if ran.returncode:
            failed.append(name)
        else:
            passed.add(name)
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps({"state": now, "passed": sorted(passed)}, indent=1))
        SECONDS.write_text(json.dumps(dict(sorted(seconds.items())), indent=1) + "\n")
    print(f"{len(waiting) - len(failed)} passed, {len(failed)} failed", *failed, sep="\n  ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
