"""ACAS Xu: 45 networks and four properties of Katz et al. 2017, decided by our bounds, and by Marabou behind them.

The networks, the properties and the verdicts on which the tools of VNN-COMP 2021 agree lie in `shared/data/acasxu`
beside the checkout. Every query is asked alone, with 5 CPU seconds of one thread; what compiling costs is paid once for
all networks, and said. What is decided is kept in `runs/verification` by revision, so that a run that was interrupted
goes on where it ended.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from ledger import ROOT, Claim, run

from mesascope.core.files import write_atomically
from mesascope.core.intervals import wilson
from mesascope.core.provenance import revision
from mesascope.proof.branch_and_bound import Query
from mesascope.proof.decide import decide
from mesascope.proof.onnx_reading import of_onnx, onnx_runner
from mesascope.proof.verdict import ProofVerdict, Status
from mesascope.proof.vnnlib import read_property

DATA = Path(os.environ.get("ACASXU") or Path(__file__).resolve().parents[2] / "shared" / "data" / "acasxu")
KEPT = ROOT / "runs" / "verification"
SECONDS: float = 5.0
"""Of CPU for each query."""
MARABOU_SECONDS: float = 120.0
"""Of CPU for each query that bounds leave open."""
SAMPLES: int = 100_000
"""Random inputs of each box that was proved."""
PUBLISHED = (
    "Reluplex took 40,631 s for the unsatisfiable ones of properties 3 and 4 (recalled from its paper); at VNN-COMP "
    "2021 nnenum took 286 s, alpha-beta-CROWN 2,078 s and Marabou 759 s for 186 queries that include these, on other "
    "hardware"
)


@dataclass(frozen=True)
class Instance:
    """One query and what became of it."""

    network: str
    property: int
    published: str
    """`holds` or `violated`."""
    status: str
    parts: int
    seconds: float
    replayed: bool
    """Whether the witness is bad in onnxruntime; false where there is none."""
    failures: int
    """Of random inputs, where it was proved."""
    behind: str = ""
    """What Marabou said where bounds had nothing to say."""
    behind_seconds: float = 0.0


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims."""
    if not (DATA / "published_verdicts.csv").exists():
        text = "Not measured: there is no shared/data/acasxu beside the checkout"
        yield Claim("verification.acas-decided", text, None, None, None, 0, 165, ">=")
        return
    with (DATA / "published_verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["network"], int(row["property"]), row["verdict"]) for row in csv.DictReader(file)]
    if quick:
        rows = [row for row in rows if row[0] in ("1_1", "4_5")]
    began = time.process_time()
    samples = 1000 if quick else SAMPLES
    instances = [instance(*row, samples=samples) for row in rows]
    yield from claims(instances, samples, time.process_time() - began)


def claims(instances: list[Instance], samples: int, spent: float) -> Iterator[Claim]:
    """Yields what instances come to."""
    count = len(instances)
    decided = [one for one in instances if one.status != Status.UNKNOWN]
    within = sum(one.seconds <= SECONDS for one in decided)
    by_property = "; ".join(
        f"property {number}: "
        + ", ".join(f"{n} {status}" for status, n in sorted(Counter(o.status for o in own).items()))
        + f" in {sum(o.seconds for o in own):.1f} CPU s"
        for number in (1, 2, 3, 4)
        if (own := [one for one in instances if one.property == number])
    )
    text = (
        f"ACAS Xu queries that bounds decide in {SECONDS:g} CPU seconds each ({by_property}), of {count}; no interval"
    )
    yield Claim("verification.acas-decided", text, within, within, within, count, 165, ">=")

    wrong = sum(not _agrees(one.status, one.published) for one in instances)
    wrong += sum(not _agrees(one.behind, one.published) for one in instances)
    likely = wilson(wrong, count)
    text = (
        f"Share of {count} queries whose verdict is not the one on which the tools of VNN-COMP 2021 agree; 95% interval"
    )
    yield Claim(
        "verification.acas-wrong", text, wrong / count, likely.low, likely.high, count, 0, "<=", safety=True, worst=0.05
    )

    witnesses = [one for one in instances if Status.REFUTED in (one.status, one.behind)]
    likely = wilson(sum(one.replayed for one in witnesses), len(witnesses))
    text = f"Share of {len(witnesses)} counterexamples that are bad in onnxruntime, too; 95% interval"
    yield Claim("verification.acas-replayed", text, likely.value, likely.low, likely.high, len(witnesses), 1, ">=")

    every = sum(one.status != Status.UNKNOWN or one.behind in ("proved", "refuted") for one in instances)
    asked = [one for one in instances if one.behind]
    more = "; ".join(
        f"{one.network} of property {one.property} {one.behind} in {one.behind_seconds:.1f} CPU s" for one in asked
    )
    text = f"ACAS Xu queries decided with Marabou behind the bounds (asked: {more or 'none were left'}); no interval"
    yield Claim("verification.acas-with-marabou", text, every, every, every, count, 178, ">=")

    total = sum(one.seconds for one in instances)
    two = sum(one.seconds for one in instances if one.property in (3, 4))
    text = (
        f"CPU seconds of bounds for all {count} queries, {two:.1f} of them for properties 3 and 4, compiling (a "
        f"few seconds, once), reading and samples not counted ({spent:.0f} CPU seconds with them); {PUBLISHED}"
    )
    yield Claim("verification.acas-seconds", text, total, total, total, count, 148, "<=")

    worst = max(decided, key=lambda one: one.seconds)
    text = f"CPU seconds of the slowest query that was decided (network {worst.network}, property {worst.property})"
    yield Claim(
        "verification.acas-slowest", text, worst.seconds, worst.seconds, worst.seconds, len(decided), SECONDS, "<="
    )

    proofs = [one for one in instances if one.status == Status.PROVED]
    failures = sum(one.failures for one in proofs)
    text = f"How many of {samples:,} random inputs in each of {len(proofs)} boxes that were proved are bad; no interval"
    yield Claim("verification.acas-samples", text, failures, failures, failures, len(proofs), 0, "<=")


def _agrees(status: str, published: str) -> bool:
    return status not in (Status.PROVED, Status.REFUTED) or (status == Status.PROVED) == (published == "holds")


def instance(network: str, number: int, published: str, *, samples: int) -> Instance:
    """Returns what becomes of one query, or became of it when the same code was asked before."""
    at = revision()
    kept = KEPT / f"{at.commit}-{samples}" / f"{network}-{number}.json"
    clean = bool(at.commit) and not at.dirty
    if clean and kept.exists():
        return Instance(**json.loads(kept.read_text(encoding="utf-8")))
    path = DATA / f"acasxu_{network}.onnx"
    box, bad = read_property(DATA / f"property_{number}.txt")
    read, replay = of_onnx(path, box), onnx_runner(path)
    query = Query(box, bad.widened(5))
    (verdict,) = decide(read, [query], seconds=SECONDS, replay=replay)
    failures, behind, behind_seconds = 0, "", 0.0
    last = verdict
    if verdict.status is Status.PROVED:
        random = np.random.default_rng(number)
        inputs = random.uniform(box.low, box.high, (samples, box.low.size))
        failures = int(query.bad.holds(read(inputs)).sum())
    if verdict.status is Status.UNKNOWN:
        (last,) = decide(read, [query], seconds=MARABOU_SECONDS, engine="marabou", replay=replay)
        behind, behind_seconds = str(last.status), _spent(last)
    replayed = False
    if last.counterexample is not None:
        replayed = bool(query.bad.holds(replay(np.array([last.counterexample.inputs])))[0])
    result = Instance(
        network,
        number,
        published,
        str(verdict.status),
        verdict.checked,
        _spent(verdict),
        replayed,
        failures,
        behind,
        behind_seconds,
    )
    if clean:
        write_atomically(kept, json.dumps(asdict(result)))
    return result


def _spent(verdict: ProofVerdict) -> float:
    return float(verdict.budget.split()[0])


if __name__ == "__main__":
    run("verification", measure)
