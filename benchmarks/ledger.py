"""The ledger of claims: how every benchmark states what it measured, and what would have met the target.

A benchmark is a file `benchmarks/NAME.py` that ends in

    if __name__ == "__main__":
        run("NAME", measure)

where `measure(quick)` returns claims. `python benchmarks/NAME.py` prints a table, `--json` one JSON object, `--quick`
takes at most a minute. Only the full run writes `benchmarks/results/NAME.json`, which is committed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mesascope.core.files import write_atomically
from mesascope.core.provenance import revision, versions

RESULTS = Path(__file__).resolve().parent / "results"

Direction = Literal[">=", "<=", "=="]

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
    - `value`: the measured number; `None` if it could not be measured here, and then `text` says why.
    - `low`, `high`: the interval around it; `None` only if `value` is.
    - `n`: how many units (repeats, seeds, levels) the value rests on; 0 if and only if `value` is `None`.
    - `target`: what the value is compared with.
    - `direction`: how: the claim is met if `value direction target`.
    """

    id: str
    text: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    target: float
    direction: Direction

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", self.id):
            raise ValueError(f"'{self.id}' is not a slug of the form topic.what")
        if self.direction not in _COMPARISONS:
            raise ValueError(f"'{self.direction}' is not one of {', '.join(_COMPARISONS)}")
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
        """Whether the value reaches the target; what was not measured is not met."""
        return self.value is not None and _COMPARISONS[self.direction](self.value, self.target)

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
        """Returns the claim as it stands in the JSON object."""
        return {**asdict(self), "met": self.met}


def cpu_seconds() -> float:
    """Returns the CPU seconds, user and system, of this process and of the child processes it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def result(name: str, measure: Callable[[bool], Iterable[Claim]], *, quick: bool) -> dict:
    """Runs a benchmark and returns its JSON object.

    **Arguments:**

    - `name`: of the benchmark, the file name without `.py`.
    - `measure`: takes whether to be quick, returns the claims.
    - `quick`: at most a minute.
    """
    wall, cpu = time.perf_counter(), cpu_seconds()
    # What a library prints must not end up in the middle of the JSON object.
    with contextlib.redirect_stdout(sys.stderr):
        claims = [claim.as_json() for claim in measure(quick)]
    ids = [claim["id"] for claim in claims]
    if len(set(ids)) < len(ids):
        raise ValueError(f"two claims of {name} share an id: {sorted(ids)}")
    return {
        "name": name,
        "claims": claims,
        "versions": {**versions(), "cpus": str(os.cpu_count()), "device": _device()},
        "git": asdict(revision()),
        "cpu_seconds": round(cpu_seconds() - cpu, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
    }


def run(
    name: str,
    measure: Callable[[bool], Iterable[Claim]],
    arguments: Sequence[str] | None = None,
    *,
    results: Path = RESULTS,
) -> dict:
    """Runs a benchmark from the command line and returns its JSON object.

    **Arguments:**

    - `name`, `measure`: as of `result`.
    - `arguments`: `[--quick] [--json]`; by default those of this process.
    - `results`: folder that a full run writes `NAME.json` into.
    """
    parser = argparse.ArgumentParser(prog=f"benchmarks/{name}.py", description=f"Measures the claims of {name}.")
    parser.add_argument("--quick", action="store_true", help="at most a minute; writes no file")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args(arguments)
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
            f"{claim['direction']} {number(claim['target'])}",
            "[green]yes[/green]" if claim["met"] else "[red]no[/red]",
        )
    Console().print(table)
