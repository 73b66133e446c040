"""Hostile and careless use: files, JSON, options, worlds, agents, environments, folders and signals, none meant well.

Cases are generated from fixed seeds, one module a kind in `benchmarks/hostile/`, and go through the public door: the
command, started as a user starts it where the start matters, else in a fork of a process that has imported Mesascope.
All hold the same criteria, and each says which endings are right for it. The full run takes up to 50 of each kind,
drawn once by a fixed seed, so that it ends within a quarter of an hour; `python benchmarks/hostile` runs all of them,
or with `--only TEXT` some, and prints what did not hold.

How it is measured: files and folders are compared by checksums, before and after, in a folder of each case's own and
beside it; code that was not named writes a canary; memory is the largest resident set of the child, imports included;
the time of a refusal is the CPU time of the child from the fork on, so without the imports that every command needs.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from hostile.case import Case, Outcome
from hostile.catalogue import every_case, sample
from hostile.judge import CRITERIA, GIBIBYTE, Fault, judge
from hostile.material import prepare
from hostile.reproduction import command_of
from hostile.running import Runner
from ledger import Claim, run

from mesascope.core.intervals import wilson

WANTED_CASES: int = 400
EACH: int = 50
QUICK_EACH: int = 6
SHOWN: int = 12
"""Failing cases that the text of a claim names."""


def measure(quick: bool) -> list[Claim]:
    """Returns the claims over all cases, or over a few of each kind."""
    cases = every_case()
    if quick:
        cases = [case for case in cases if not (case.fresh or case.shell or case.torch)]
    cases = sample(cases, each=QUICK_EACH if quick else EACH)
    judged: list[tuple[Case, Outcome, list[Fault]]] = []
    with tempfile.TemporaryDirectory(prefix="hostile-use-") as temporary:
        runner = Runner(Path(temporary).resolve())
        prepare(runner.material)
        runner.run_all(cases, lambda case, outcome: judged.append((case, outcome, judge(case, outcome))))
        runner.close()
    return claims(judged, quick=quick)


def claims(judged: list[tuple[Case, Outcome, list[Fault]]], *, quick: bool = False) -> list[Claim]:
    """Returns the claims about judged cases.

    **Arguments:**

    - `judged`: cases with their outcomes and what did not hold.
    - `quick`: whether these are a sample.
    """
    judged = sorted(judged, key=lambda one: (one[0].kind, one[0].name))
    kinds = Counter(case.kind for case, _, _ in judged)
    listed = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    found = [_count("cases", f"Cases that were tried ({listed})", len(judged), len(judged), WANTED_CASES, ">=")]
    for criterion, text in CRITERIA.items():
        faulty = [(case, fault) for case, _, faults in judged for fault in faults if fault.criterion == criterion]
        by_kind: dict[str, int] = defaultdict(int)
        for case in {(case.kind, case.name) for case, _ in faulty}:
            by_kind[case[0]] += 1
        shares = ", ".join(f"{kind} {by_kind[kind]} of {count}" for kind, count in sorted(kinds.items()))
        found.append(
            _count(
                criterion,
                f"Cases in which {text}: {shares}{_named(faulty)}",
                sum(by_kind.values()),
                len(judged),
                0,
                "<=",
            )
        )
    refusals = [outcome for case, outcome, _ in judged if case.refusal and outcome.code not in (0, 1, 3)]
    if refusals:
        warm = [outcome.cpu for outcome in refusals]
        found += [
            _largest(
                "refusal-memory",
                "GiB of resident memory, imports included",
                [one.peak / GIBIBYTE for one in refusals],
                1.0,
            ),
            _largest("refusal-time", "CPU s beyond the imports", warm, 2.0),
        ]
    messages = [len(outcome.err) for _, outcome, _ in judged if outcome.code not in (0, 1, 3)]
    if messages:
        found.append(_largest("message-length", "bytes of a message on standard error", messages, 4096))
    for kind, count in sorted(kinds.items()):
        held = sum(not faults for case, _, faults in judged if case.kind == kind)
        share = wilson(held, count, unit="cases")
        text = f"Share of the {count} cases of {kind} in which everything held; low, high: Wilson, 95 %"
        low, high = min(share.low, share.value), max(share.high, share.value)
        found.append(Claim(f"hostile-use.{kind}-hold", text, share.value, low, high, count, 1.0, ">="))
    return found


def _count(slug: str, text: str, count: int, of: int, target: float, direction) -> Claim:
    return Claim(f"hostile-use.{slug}", text, float(count), float(count), float(count), of, target, direction)


def _largest(slug: str, unit: str, values: list[float], target: float) -> Claim:
    ordered = sorted(values)
    text = f"The largest of {len(ordered)} refusals, in {unit}; low: the median of them"
    return Claim(
        f"hostile-use.{slug}", text, ordered[-1], ordered[len(ordered) // 2], ordered[-1], len(ordered), target, "<="
    )


def _named(faulty: list[tuple[Case, Fault]]) -> str:
    if not faulty:
        return ""
    rows = [f"{case.kind}/{case.name} ({fault.found[:100]}): {command_of(case)}" for case, fault in faulty[:SHOWN]]
    more = f"; and {len(faulty) - SHOWN} more" if len(faulty) > SHOWN else ""
    return ". Failing: " + "; ".join(rows) + more


if __name__ == "__main__":
    run("hostile_use", measure)
