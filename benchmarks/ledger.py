"""The ledger of claims: how every benchmark states what it measured, and what would have met the target.

A benchmark is a file `benchmarks/NAME.py` that ends in

    if __name__ == "__main__":
        run("NAME", measure)

where `measure(quick)` returns claims. `python benchmarks/NAME.py` prints a table, `--json` one JSON object, `--quick`
takes at most a minute. Only the full run writes `benchmarks/results/NAME.json`, which is committed; it starts from a
clean tree, so that the revision beside the numbers is the code that was measured. `--dirty` runs it all the same, and
its result says so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from mesascope.core.files import write_atomically
from mesascope.core.provenance import revision, versions
from mesascope.core.verdicts import Estimate

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MEASURED_BESIDE = re.compile(r"benchmarks/results/[^/]*|docs/(claims|calibration)\.md|docs/images/calibration-[^/]*")
"""What other runs of the ledger leave in the tree: no code that is measured."""

Direction = Literal[">=", "<=", "==", "within"]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, target: value >= target,
    "<=": lambda value, target: value <= target,
    "==": lambda value, target: value == target,
}


@dataclass(frozen=True)
class Claim:
    """One number that the product is said to reach.

    **Arguments:**

    - `id`: short slug, `topic.what`, lower case.
    - `text`: one sentence: what was measured, in which unit, and what `low` and `high` are.
    - `value`: the number as measured; `None` if it could not be measured here, and then `text` says why.
    - `low`, `high`: the interval around it; `None` only if `value` is.
    - `n`: how many independent units (repeats, seeds, levels) the value rests on; 0 if and only if `value` is `None`.
    - `target`: what the value is compared with.
    - `direction`: how: the claim is met if `value direction target`; `within` from `target` to `most`.
    - `most`: the upper end of a range of targets.
    - `safety`: whether somebody may come to harm where it is wrong: then the pessimistic end of the interval has to
      meet the target, too.
    - `worst`: what that end has to meet, where it is not the target.
    """

    id: str
    text: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    target: float
    direction: Direction
    most: float | None = None
    safety: bool = False
    worst: float | None = None

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", self.id):
            raise ValueError(f"'{self.id}' is not a slug of the form topic.what")
        if self.direction not in (*_COMPARISONS, "within"):
            raise ValueError(f"'{self.direction}' is not one of {', '.join(_COMPARISONS)}, within")
        if (self.direction == "within") != (self.most is not None):
            raise ValueError(f"{self.id}: a range of targets, and nothing else, has a `most`")
        if self.worst is not None and not self.safety:
            raise ValueError(f"{self.id}: only the interval of a safety claim is compared with something")
        if self.value is None:
            if (self.low, self.high, self.n) != (None, None, 0):
                raise ValueError(f"{self.id} was not measured, so it has no interval and n = 0")
            return
        if self.low is None or self.high is None or self.n < 1:
            raise ValueError(f"{self.id} was measured, so it needs an interval and n >= 1")
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high, self.target)):
            raise ValueError(f"{self.id} holds a number that is not finite")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.id}: {self.value} is not inside its interval [{self.low}, {self.high}]")

    @property
    def met(self) -> bool:
        """Whether the value reaches the target, and of a safety claim the pessimistic end of its interval, too.

        What was not measured is not met.
        """
        if self.value is None or not self._meets(self.value, self.target):
            return False
        return self.surely if self.safety else True

    @property
    def surely(self) -> bool:
        """Whether the whole interval meets the target, or, of a safety claim, what its pessimistic end has to meet."""
        if self.low is None or self.high is None:
            return False
        target = self.target if self.worst is None else self.worst
        ends = {">=": (self.low,), "<=": (self.high,)}.get(self.direction, (self.low, self.high))
        return all(self._meets(end, target) for end in ends)

    def _meets(self, number: float, target: float) -> bool:
        if self.most is not None:
            return self.target <= number <= self.most
        return _COMPARISONS[self.direction](number, target)

    @classmethod
    def over_repeats(cls, id: str, text: str, values: Sequence[float], target: float, direction: Direction) -> Claim:
        """Returns a claim on the median of repeated measurements, with their minimum and maximum as interval.

        **Arguments:** as of the class; `values` holds one number per repeat, at least one.
        """
        ordered = sorted(float(value) for value in values)
        middle = len(ordered) // 2
        median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        return cls(id, text, median, ordered[0], ordered[-1], len(ordered), target, direction)

    @classmethod
    def unmeasured(cls, id: str, text: str, target: float, direction: Direction) -> Claim:
        """Returns a claim that could not be measured here; `text` says why."""
        return cls(id, text, None, None, None, 0, target, direction)

    def as_json(self) -> dict:
        """Returns the claim as it stands in the JSON object; what is left at its default is left out."""
        left_out = {one.name for one in fields(self)[-3:] if getattr(self, one.name) == one.default}
        given = {name: value for name, value in asdict(self).items() if name not in left_out}
        return {**given, "met": self.met, "surely": self.surely}

    @classmethod
    def from_json(cls, data: dict) -> Claim:
        """Returns the claim that stands in a JSON object."""
        return cls(**{name: value for name, value in data.items() if name not in ("met", "surely")})


@dataclass(frozen=True)
class Measured:
    """What a benchmark measured, where pages are made from more than its claims.

    **Arguments:**

    - `claims`: as of a benchmark that returns claims alone.
    - `details`: JSON-ready.
    """

    claims: Iterable[Claim]
    details: dict[str, Any] = field(default_factory=dict)


Measure = Callable[[bool], Iterable[Claim] | Measured]


def share_over_units(hits: Sequence[bool], units: Sequence[str]) -> Estimate:
    """Returns a share of trials with Wilson's 95 % interval for as many trials as there are units.

    Trials of one unit (searches for one agent) are not independent; as if all of them agreed, the interval is as wide
    as their number allows.

    **Arguments:**

    - `hits`: of each trial; at least one.
    - `units`: what each was a trial of.
    """
    share, n, z = sum(map(bool, hits)) / len(hits), len(set(units)), 1.959963984540054
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Estimate(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)), n, "units")


def cpu_seconds() -> float:
    """Returns the CPU seconds, user and system, of this process and of the child processes it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def result(name: str, measure: Measure, *, quick: bool) -> dict:
    """Runs a benchmark and returns its JSON object.

    **Arguments:**

    - `name`: of the benchmark, the file name without `.py`.
    - `measure`: takes whether to be quick, returns the claims.
    - `quick`: at most a minute.
    """
    wall, cpu = time.perf_counter(), cpu_seconds()
    commit, before = revision().commit, changed()
    # What a library prints must not end up in the middle of the JSON object.
    with contextlib.redirect_stdout(sys.stderr):
        found = measure(quick)
        found = found if isinstance(found, Measured) else Measured(found)
        claims = [claim.as_json() for claim in found.claims]
    ids = [claim["id"] for claim in claims]
    if len(set(ids)) < len(ids):
        raise ValueError(f"two claims of {name} share an id: {sorted(ids)}")
    return {
        "name": name,
        "claims": claims,
        "versions": {**versions(), "cpus": str(os.cpu_count()), "device": _device()},
        "git": {"commit": commit, "dirty": bool(before or changed() or revision().commit != commit)},
        "cpu_seconds": round(cpu_seconds() - cpu, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        **({"details": found.details} if found.details else {}),
    }


def changed() -> list[str]:
    """Returns files of this tree that differ from its revision, results of the ledger and pages of them aside."""
    command = ["git", "-C", str(ROOT), "status", "--porcelain", "--no-renames", "--untracked-files=all"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ["(git does not say)"]
    paths = [line[3:] for line in listed.splitlines()]
    return [path for path in paths if not MEASURED_BESIDE.fullmatch(path)]


def run(
    name: str,
    measure: Measure,
    arguments: Sequence[str] | None = None,
    *,
    results: Path = RESULTS,
) -> dict:
    """Runs a benchmark from the command line and returns its JSON object.

    **Arguments:**

    - `name`, `measure`: as of `result`.
    - `arguments`: `[--quick] [--json] [--dirty]`; by default those of this process.
    - `results`: folder that a full run writes `NAME.json` into.

    A full run of a tree with uncommitted changes ends before it begins, unless `--dirty` is given.
    """
    parser = argparse.ArgumentParser(prog=f"benchmarks/{name}.py", description=f"Measures the claims of {name}.")
    parser.add_argument("--quick", action="store_true", help="at most a minute; writes no file")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--dirty", action="store_true", help="measure uncommitted code; the result says so")
    options = parser.parse_args(arguments)
    if not (options.quick or options.dirty) and (paths := changed()):
        parser.exit(2, f"{parser.prog}: commit first, or pass --dirty: {', '.join(paths[:8])} differ from HEAD.\n")
    outcome = result(name, measure, quick=options.quick)
    text = json.dumps(outcome, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    if not options.quick:
        write_atomically(results / f"{name}.json", text)
    if options.json:
        print(text, end="")
    else:
        _print_table(outcome)
    return outcome


def number(value: float | None) -> str:
    """Returns a number for people: four significant digits, thousands separated, a dash for none."""
    if value is None:
        return "–"
    if (value == int(value) and abs(value) < 1e15) or abs(value) >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def aim(claim: dict) -> str:
    """Returns what a claim's value, and where it is one of safety its interval, is compared with."""
    if claim["direction"] == "within":
        return f"{number(claim['target'])} to {number(claim['most'])}"
    compared = f"{claim['direction']} {number(claim['target'])}"
    if not claim.get("safety"):
        return compared
    return f"{compared}, interval {claim['direction']} {number(claim.get('worst', claim['target']))}"


def verdict(claim: dict) -> str:
    """Returns whether a claim is met: by its whole interval, or by its value alone."""
    if not claim["met"]:
        return "no"
    return "yes" if Claim.from_json(claim).surely else "by value"


def _device() -> str:
    import jax

    device = jax.devices()[0]
    return f"{device.platform} ({device.device_kind})"


def _print_table(outcome: dict) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{outcome['name']}: {outcome['cpu_seconds']} CPU s, {outcome['wall_seconds']} s wall")
    for column in ("claim", "value", "interval", "n", "target", "met"):
        table.add_column(column)
    for claim in outcome["claims"]:
        table.add_row(
            f"{claim['id']}\n[dim]{claim['text']}[/dim]",
            number(claim["value"]),
            f"{number(claim['low'])} – {number(claim['high'])}",
            str(claim["n"]),
            aim(claim),
            f"[green]{verdict(claim)}[/green]" if claim["met"] else "[red]no[/red]",
        )
    Console().print(table)
