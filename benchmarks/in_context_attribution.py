"""Is a learner's algorithm named rightly? Scripted learners with drawn parameters, attributed blind by their choices.

Each listed family (greedy, epsilon-greedy, Thompson sampling, upper confidence bounds, win-stay-lose-shift, the Gittins
index, the Bayes-adaptive optimum, a delta rule, chance) and six kinds that no reference describes, in bandits of two to
five arms and ten to twenty pulls. They are simulated by `scripted_learners.py`, which shares no code with the
attribution. Thresholds were chosen on seeds below 100; these are 2000 and up. (On 1000 and up .87 of learners that no
reference describes were told: one that likes some places passed for a reference that does. Since then references may
prefer places only among arms of which the same is known; so these are other seeds.) Half of the priors of learners that
plan are round numbers, of which some are among those that the attribution tries first, and half are not.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from ledger import Claim, Measured, run
from scripted_learners import LISTED, OTHERS, drawn, simulate

from mesascope.audit.learning.attribution import ENOUGH, attribute
from mesascope.audit.learning.learner_fit import Choices
from mesascope.core.intervals import wilson
from mesascope.core.rounding import above, below

EPISODES = 256
FIRST = 2000
PER_LISTED, PER_OTHER = 30, 15


@dataclass(frozen=True)
class Case:
    """What was said of one learner."""

    family: str
    seed: int
    best: str
    alike: tuple[str, ...]
    explained: tuple[float, float, float]
    covered: dict[str, bool]

    @property
    def described(self) -> bool:
        return above(self.explained[1], ENOUGH)

    @property
    def none_of_these(self) -> bool:
        return below(self.explained[2], ENOUGH)


def judged(family: str, seed: int) -> Case:
    """Simulates a learner, attributes its choices, and compares what is said with what is true."""
    learner = drawn(family, seed)
    choices, rewards = simulate(learner, episodes=EPISODES)
    found = attribute(Choices(choices, rewards, learner.arms, learner.horizon), seed=seed)
    truth = {**learner.parameters, "slips": learner.slip}
    covered = {
        name: bool(estimate.low <= truth[name] <= estimate.high)
        for name, estimate in found.parameters.items()
        if found.best == family and name in truth
    }
    ends = (found.explained.value, *found.explained.interval)
    return Case(family, seed, found.best, found.alike, ends, covered)


def cases(quick: bool) -> list[Case]:
    """Judges all learners, two at a time."""
    listed, others = (2, 1) if quick else (PER_LISTED, PER_OTHER)
    asked = [(family, FIRST + seed) for family in LISTED for seed in range(listed)]
    asked += [(family, FIRST + seed) for family in OTHERS for seed in range(others)]
    families, seeds = zip(*asked, strict=True)
    found = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for case in pool.map(judged, families, seeds):
            found.append(case)
            print(f"{len(found)} of {len(asked)}: {case.family} -> {case.best}", file=sys.stderr, flush=True)
    return found


def share(id: str, text: str, hits: list[bool], target: float, direction=">=", **options) -> Claim:
    """A claim on a share of learners."""
    found = wilson(sum(hits), len(hits), unit="learners")
    return Claim(
        id,
        f"{text}; Wilson's 95 % interval.",
        found.value,
        found.low,
        found.high,
        found.n,
        target,
        direction,
        **options,
    )


def measure(quick: bool) -> Measured:
    found = cases(quick)
    known = [case for case in found if case.family in LISTED]
    others = [case for case in found if case.family in OTHERS]
    covered = defaultdict(list)
    for case in known:
        for name, inside in case.covered.items():
            covered[name].append(inside)
    pooled = [inside for hits in covered.values() for inside in hits]
    claims = [
        share(
            "in-context-attribution.family",
            "Share of listed learners whose family is on top, or named among those that choices do not tell from it",
            [case.family in (case.best, *case.alike) for case in known],
            0.95,
        ),
        share(
            "in-context-attribution.family-alone",
            "Share of listed learners whose family is on top, whatever else is named beside it",
            [case.family == case.best for case in known],
            0.9,
        ),
        share(
            "in-context-attribution.coverage",
            "Share of parameters (and of slips) of learners whose family is on top inside their 90 % interval",
            pooled,
            0.85,
            "within",
            most=0.95,
        ),
        share(
            "in-context-attribution.none-of-these",
            "Share of learners that no reference describes of whom none is said to",
            [case.none_of_these for case in others],
            0.9,
        ),
        share(
            "in-context-attribution.false-alarms",
            "Share of listed learners of whom it is said that no reference describes them",
            [case.none_of_these for case in known],
            0.05,
            "<=",
        ),
        share(
            "in-context-attribution.described",
            "Share of listed learners of whom it is said that a reference describes them",
            [case.described for case in known],
            0.95,
        ),
    ]
    details = {
        "on_top": {family: _row(case.best for case in found if case.family == family) for family in (*LISTED, *OTHERS)},
        "covered": {name: [sum(hits), len(hits)] for name, hits in covered.items()},
        "explained": {
            family: [round(case.explained[0], 3) for case in found if case.family == family] for family in OTHERS
        },
    }
    return Measured(claims, details)


def _row(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return dict(counts)


if __name__ == "__main__":
    run("in_context_attribution", measure)
