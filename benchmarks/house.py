"""The house: how much code there is, what adding something touches, and what the suite costs.

Additions are really made in a copy and run there (`house_additions.py`). The suite is run from an empty cache, alone on
the machine or not: both wall and CPU are printed.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.sparse
from house_additions import ADDITIONS, ROOT, works
from ledger import Claim, cpu_seconds, run
from scipy.sparse.csgraph import connected_components

BEFORE: int = 46_200
"""Lines of `src` at revision 8ea807a, when the house was read afresh."""
LONGEST: int = 300
COMMAND = re.compile(r"\s*\$?\s*(mesascope|python) ")
COVERED_BEFORE: float = 0.968
"""Share of the lines of `src` that the suite ran at revision f36197a, before its tests were made cheaper."""


def one(id: str, text: str, value: float, target: float, direction) -> Claim:
    """Returns a claim about something that is counted."""
    return Claim(f"house.{id}", text, value, value, value, 1, target, direction)


def modules() -> list[Path]:
    """Returns every module of `src`."""
    return sorted((ROOT / "src").rglob("*.py"))


def circles() -> int:
    """Returns how many circles of modules import one another when they are loaded; imports inside functions do not."""
    names = {".".join(file.relative_to(ROOT / "src").with_suffix("").parts): file for file in modules()}
    place = {name.removesuffix(".__init__"): index for index, name in enumerate(names)}
    pairs = [
        (place[name.removesuffix(".__init__")], place[target])
        for name, file in names.items()
        for target in _imported(ast.parse(file.read_text()).body)
        if target in place and target != name
    ]
    rows, columns = np.array(pairs).T
    graph = scipy.sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(names),) * 2)
    _, labels = connected_components(graph.tocsr(), connection="strong")
    return int((np.bincount(labels) > 1).sum())


def _imported(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
            yield node.module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            yield from _imported(node.body)


def suite() -> Iterator[Claim]:
    """Runs the suite from an empty cache and yields what it took."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
        start, cpu = time.perf_counter(), cpu_seconds()
        command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={folder}"]
        ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
        minutes, busy = (time.perf_counter() - start) / 60, (cpu_seconds() - cpu) / 60
    yield one("suite-passes", "whether `python -m pytest` passes", float(ran.returncode == 0), 1, "==")
    yield one("suite-minutes", f"minutes of `python -m pytest`, load {os.getloadavg()[1]:.1f}", minutes, 6, "<=")
    yield one("suite-cpu-minutes", "CPU minutes of the same, from an empty cache", busy, 12, "<=")


def coverage() -> Claim:
    """Runs the suite once more, traced, and returns what share of the lines of `src` it ran."""
    text = "share of lines of `src` that the suite runs in its own process"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        traced = ["--cov=mesascope", f"--cov-report=json:{report}", "-o", f"cache_dir={folder}"]
        environment = os.environ | {"COVERAGE_FILE": f"{folder}/lines"}
        command = [sys.executable, "-m", "pytest", "-q", *traced]
        subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
        if not report.exists():
            return Claim.unmeasured("house.coverage", f"{text}: the tracer wrote nothing", COVERED_BEFORE, ">=")
        share = json.loads(report.read_text())["totals"]["percent_covered"] / 100
    return one("coverage", f"{text} (before: the target)", share, COVERED_BEFORE, ">=")


def documents() -> Claim:
    """Returns what share of the commands on pages stand where `tests/documents` pastes them."""
    sys.path.insert(0, str(ROOT))
    from tests.documents.pages import blocks_of

    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    commands = [
        block.language == "shell"
        for page in pages
        for block in blocks_of(page)
        for line in block.text.splitlines()
        if COMMAND.match(line)
    ]
    text = "share of the commands on pages that `pytest -m 'slow or not slow' tests/documents` pastes and runs"
    return Claim("house.documents", text, *[sum(commands) / len(commands)] * 3, len(commands), 1, "==")


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims; the suite is run by the full run only."""
    lines = [len(file.read_text().splitlines()) for file in modules()]
    yield one("lines", f"lines of `src` (before the house was read afresh: {BEFORE:,})", sum(lines), 38_000, "<=")
    yield one("long-modules", f"modules of more than {LONGEST} lines", sum(n > LONGEST for n in lines), 0, "==")
    yield one("circles", "circles of modules that import one another", circles(), 0, "==")
    for addition in ADDITIONS:
        done = works(addition)
        text = f"files that adding a {addition.what} touches, added to a copy and run there"
        target = 2 if addition.what in ("section", "verb") else 1
        yield (
            one(f"add-{addition.what}", text, addition.touched, target, "<=")
            if done
            else Claim.unmeasured(f"house.add-{addition.what}", f"{text}: it did not run", target, "<=")
        )
    yield documents()
    if not quick:
        yield from suite()
        yield coverage()


if __name__ == "__main__":
    run("house", measure)
