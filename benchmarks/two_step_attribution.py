"""Is a learner of the two-step task named rightly, and is how much it plans recovered? Scripted learners with drawn
parameters, attributed blind by their choices: model-free, model-based, both, chance, and three kinds that no reference
describes, in 64 episodes of 100 trials.

They are simulated by `scripted_two_step.py`, which shares no code with the attribution. It was written on seeds below
100; these are 1000 and up.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections import Counter, defaultdict

from in_context_attribution import share
from ledger import Measured, run
from scripted_two_step import COMMON, LISTED, OTHERS, drawn, simulate

from mesascope.audit.learning.attribution import ENOUGH
from mesascope.audit.learning.two_step_choices import TwoStepChoices, attribute_two_step
from mesascope.core.rounding import above, below

EPISODES, TRIALS = 64, 100
FIRST, EACH = 1000, 30


def measure(quick: bool) -> Measured:
    named, alone, described, alarms, none, covered = [], [], [], [], [], defaultdict(list)
    on_top, explained, widths = {}, {}, []
    for family in (*LISTED, *OTHERS):
        tops, shares = [], []
        for seed in range(FIRST, FIRST + (3 if quick else EACH)):
            learner = drawn(family, seed)
            played = simulate(learner, episodes=EPISODES, trials=TRIALS)
            found = attribute_two_step(TwoStepChoices(*played, COMMON), seed=seed)
            tops.append(found.best)
            shares.append(round(found.explained.value, 3))
            low, high = found.explained.interval
            if family in OTHERS:
                none.append(below(high, ENOUGH))
                continue
            named.append(family in (found.best, *found.alike))
            alone.append(family == found.best)
            described.append(above(low, ENOUGH))
            alarms.append(below(high, ENOUGH))
            for name, one in found.parameters.items() if found.best == family else ():
                covered[name].append(bool(one.low <= learner.parameters[name] <= one.high))
            if family == found.best and "planning" in found.parameters:
                widths.append(round(found.parameters["planning"].high - found.parameters["planning"].low, 3))
        on_top[family], explained[family] = dict(Counter(tops)), shares
        print(family, on_top[family], file=sys.stderr, flush=True)
    pooled = [hit for hits in covered.values() for hit in hits]
    claims = [
        share(
            "two-step-attribution.family",
            "Share of listed learners whose family is on top, or named among those that choices do not tell from it",
            named,
            0.95,
        ),
        share("two-step-attribution.family-alone", "Share of listed learners whose family is on top", alone, 0.9),
        share(
            "two-step-attribution.coverage",
            "Share of parameters of learners whose family is on top inside their 90 % interval",
            pooled,
            0.85,
            "within",
            most=0.95,
        ),
        share(
            "two-step-attribution.planning",
            "Share of model-based shares of learners that do both inside their 90 % interval",
            covered["planning"],
            0.8,
        ),
        share(
            "two-step-attribution.none-of-these",
            "Share of learners that no reference describes of whom none is said to",
            none,
            0.9,
        ),
        share(
            "two-step-attribution.false-alarms",
            "Share of listed learners of whom it is said that no reference describes them",
            alarms,
            0.05,
            "<=",
        ),
        share(
            "two-step-attribution.described",
            "Share of listed learners of whom it is said that a reference describes them",
            described,
            0.95,
        ),
    ]
    details = {
        "on_top": on_top,
        "covered": {name: [sum(hits), len(hits)] for name, hits in covered.items()},
        "explained": {family: explained[family] for family in OTHERS},
        "planning_widths": widths,
    }
    return Measured(claims, details)


if __name__ == "__main__":
    run("two_step_attribution", measure)
