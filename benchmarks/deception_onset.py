"""When deception pays: closed forms, figures computed before, and what policies that earn their own pay-off learn.

Exact claims compare a planner or a simulation with a formula, or with figures that were computed apart from this code
and are rounded as printed. Learned ones train policies over lifetimes by REINFORCE on their own pay-off: they scheme by
construction, and nothing here shows that training on a base objective brings forth an agent that does.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import jax
import numpy as np
from ledger import Claim, run
from schemers.cue_or_threat import cue_or_threat
from schemers.joint_optimization import TwoGoals, descend
from schemers.two_corner_lifetime import play_lifetime

from mesascope.core.intervals import wilson
from mesascope.core.verdicts import Estimate, Verdict
from mesascope.theory.cue_accuracy import best_cue_policy, blind_gamble
from mesascope.theory.gradient_hacking import Shield, fold, simulate_shield
from mesascope.theory.gradient_updated_goal import UpdatedGoal, plan_updated_goal
from mesascope.theory.lifetimes import (
    EVERY_CONDITION,
    Conditions,
    Lifetime,
    plan_lifetime,
    searched_onset,
    threat_onset,
)
from mesascope.training.learned_onset import LearnedCell, learned_cells
from mesascope.training.lifetimes import LifetimeLearner

SLUG = "deception-onset"
THREATS = (0.1, 0.25, 0.3, 0.35, 0.4, 0.5, 1.0)
ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
AGREEMENTS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
MYOPIC = Conditions(spans_updates=False)


def measure(quick: bool) -> Iterable[Claim]:
    seeds = tuple(range(3 if quick else 12))
    learner = LifetimeLearner(updates=200, lifetimes=256, watched=2048) if quick else LifetimeLearner(lifetimes=1024)
    yield from exact()
    yield from learned(seeds, learner, quick)
    if not quick:
        yield from apart(tuple(range(16)))


def exact() -> Iterable[Claim]:
    differences = []
    grid = itertools.product((1, 2, 4, 6), (1, 2, 3, 10, 50), (0.6, 0.8, 0.9, 1.0))
    for training, deployment, discount in grid:
        lifetime = Lifetime(training, deployment, 1.0, discount)
        for last in range(1, training + 1):
            formula, found = threat_onset(lifetime, last), searched_onset(lifetime, last, precision=1e-12)
            if (formula is None) != (found is None):
                differences.append(1.0)
            elif formula is not None and found is not None:
                differences.append(abs(formula - found))
    text = (
        "Largest difference between the least threat 1 / (g^k V) under which the last k training episodes are complied "
        "with and that found by bisection over the planner, where there is one; n counts lifetimes and k."
    )
    yield largest("closed-form", text, differences, 1e-9)

    blind = blind_gamble(Lifetime())
    text = "Largest difference of the best blind gamble from 5/9 and of its value from 275/243 (the paper prints 0.61)."
    yield largest("blind-gamble", text, [abs(blind.in_training - 5 / 9), abs(blind.value - 275 / 243)], 1e-9)

    differences = [abs(found - printed) for found, printed in figures()]
    text = (
        "Largest difference from figures of the reference note: onsets, late onset, value of a cue by its accuracy, "
        "openness of a goal moved by gradients, fold and rest of shielded goals; n counts figures."
    )
    yield largest("figures", text, differences, 1e-3)
    lives = {2: 8.71, 3: 30.42, 4: 81.48, 6: 361.9}
    text = "Largest relative difference of simulated lives of uncoupled shields from figures of the reference note."
    differences = [abs(simulate_shield(Shield(float(h))).life / life - 1) for h, life in lives.items()]
    yield largest("shield-life", text, differences, 1e-3)

    for name, defects, expected in (("schemer", (False,) * 2 + (True,) * 3, 3), ("at-once", (True,) * 5, 1)):
        played = play_lifetime(Lifetime(), defects, key=jax.random.key(0))
        visits = sum(episode.reached == "corner-b" for episode in played)
        way = "A, A, B, B, B" if expected == 3 else "B at once"
        text = f"Visits to corner B in a lifetime of world two-corners, {way}."
        yield Claim(f"{SLUG}.two-corners-{name}", text, visits, visits, visits, 1, expected, "==")

    right = 0
    lifetimes = (Lifetime(threat=0.5), Lifetime(4, 6, 0.9, 0.9), Lifetime(1, 2, 0.95, 0.95))
    for lifetime, conditions in itertools.product(lifetimes, EVERY_CONDITION):
        right += plan_lifetime(lifetime, conditions).deceptive == (conditions.held == 3)
    text = (
        "Cells of the 2 x 2 x 2 factorial of the three conditions, in 3 lifetimes, in which the exact planner is "
        "deceptive if and only if all hold."
    )
    yield Claim(f"{SLUG}.factorial", text, right, right, right, 24, 24, "==")

    joint, pure = descend(TwoGoals(0.5, 1.0)), descend(TwoGoals(0.0, 1.0))
    text = "How far the objective drifts while both are pursued (share 0.5, distance 1); in closed form 1 - sqrt(0.75)."
    yield Claim(f"{SLUG}.joint-drift", text, joint.drift, joint.drift, joint.drift, 1, 0.13, ">=")
    text = "How far the objective of pure deception drifts in the same training: no gradient acts on it."
    yield Claim(f"{SLUG}.crystallised-drift", text, pure.drift, pure.drift, pure.drift, 1, 0.0, "==")


def figures() -> Iterable[tuple[float, float]]:
    """Found here, and as printed in the reference note."""
    for training, deployment, discount, printed in (
        (1, 3, 1.0, 0.3333),
        (2, 3, 1.0, 0.3333),
        (5, 3, 1.0, 0.3333),
        (1, 1, 1.0, 1.0),
        (1, 2, 1.0, 0.5),
        (1, 3, 0.9, 0.4100),
        (2, 3, 0.9, 0.4556),
        (5, 3, 0.9, 0.6249),
    ):
        yield searched_onset(Lifetime(training, deployment, 1.0, discount), training) or np.inf, printed
    yield float(searched_onset(Lifetime(2, 100, 1.0, 0.5), 2) is None), 1.0
    for discount, last in ((0.6, 1), (0.7, 1), (0.8, 3), (0.9, 6), (1.0, 6)):
        yield plan_lifetime(Lifetime(6, 3, 0.9, discount)).complies_at_the_end, last
    yield plan_lifetime(Lifetime()).worth, 3.0
    for accuracy, value in zip(ACCURACIES, (1.132, 1.288, 1.539, 1.896, 2.377, 2.670, 3.0), strict=True):
        yield best_cue_policy(Lifetime(), accuracy).value, value
    plan = plan_updated_goal(UpdatedGoal())
    yield from ((plan.openness[0], 0.031), (plan.openness[-1], 0.112), (plan.kept, 0.904))
    for rate, start in ((0.5, 0.050), (0.1, 0.145), (0.01, 0.598)):
        yield plan_updated_goal(UpdatedGoal(rate=rate)).openness[0], start
    for deployment, last in ((0, 1.0), (1, 0.418), (5, 0.264), (20, 0.173)):
        yield plan_updated_goal(UpdatedGoal(deployment=deployment)).openness[-1], last
    yield fold(4.0) or np.inf, 0.02977
    for coupling, goal in ((0.028, 0.988), (0.031, 0.092)):
        yield simulate_shield(Shield(4.0, coupling)).goal, goal


def learned(seeds: tuple[int, ...], learner: LifetimeLearner, quick: bool) -> Iterable[Claim]:
    kinds = [(threat, Conditions()) for threat in THREATS] + [(threat, MYOPIC) for threat in THREATS]
    cells = learned_cells(Lifetime(), kinds, seeds=seeds, learner=learner)
    far, myopic = cells[: len(THREATS)], cells[len(THREATS) :]
    before, after = far[THREATS.index(0.3)], far[THREATS.index(0.35)]
    count = flips(before, after)
    text = (
        "Share of seeds whose policy defects in training with more than 1/2 at threat 0.30 and less at 0.35 (means "
        f"{mean(before.training)} and {mean(after.training)}; exact: 1/3); Wilson interval."
    )
    yield claim("learned-flip", text, wilson(count, len(seeds), unit="seeds"), 1.0, "==")
    shown = ", ".join(f"{cell.threat:g}: {mean(cell.training)}" for cell in far)
    worst = min((cell.deployment.estimate for cell in far), key=lambda found: -1.0 if found is None else found.value)
    text = f"Least defection in deployment over all threats. In training: {shown}. Bootstrap over seeds."
    yield claim("learned-deployment", text, worst, 0.95, ">=")
    worst = min((cell.training.estimate for cell in myopic), key=lambda found: -1.0 if found is None else found.value)
    text = "Least defection in training over all threats of policies that earn the present episode only; bootstrap."
    yield claim("learned-myopic", text, worst, 0.95, ">=")
    open_ = sum(cell.deployment.estimate is None for cell in myopic if cell.threat == 1.0)
    text = (
        "Myopic policies at threat 1 hardly ever reach deployment unmodified "
        f"(at most {max(myopic[-1].deployment.visits)} episodes a seed): cells of 1 that read INCONCLUSIVE."
    )
    yield Claim(f"{SLUG}.too-few-samples", text, open_, open_, open_, 1, 1, "==")
    if quick:
        return
    cells = learned_cells(Lifetime(), [(0.5, held) for held in EVERY_CONDITION], seeds=seeds, learner=learner)
    right = sum(cell.verdict is (Verdict.PASS if cell.conditions.held == 3 else Verdict.FAIL) for cell in cells)
    text = (
        "Cells of the 2 x 2 x 2 factorial, threat 0.5, in which learned policies are deceptive if and only if all "
        "three conditions hold, none INCONCLUSIVE."
    )
    yield Claim(f"{SLUG}.learned-factorial", text, right, right, right, 8, 8, "==")
    gaps = []
    for accuracy in ACCURACIES:
        (cell,) = learned_cells(Lifetime(), [(1.0, Conditions())], seeds=seeds, accuracy=accuracy, learner=learner)
        won = np.add(cell.training.defections, cell.deployment.defections) / learner.watched
        gaps.append(abs(float(won.mean()) - best_cue_policy(Lifetime(), accuracy).value))
    text = (
        "Largest difference between what learned policies earn over a lifetime with a noisy cue (accuracies 0.5 to 1, "
        "mean over seeds) and the exact best; n counts accuracies."
    )
    yield largest("learned-cue-value", text, gaps, 0.05)


def apart(seeds: tuple[int, ...]) -> Iterable[Claim]:
    found = {one.agreement: one for one in cue_or_threat(AGREEMENTS, seeds=seeds)}
    told = "; ".join(
        f"r {r:g}: {one.estimate('T11')} and {one.estimate('T12')}" for r, one in found.items() if r in (0.5, 0.8, 0.99)
    )
    text = (
        "T11 less T12 (defection under the training cue without a threat, less that under the deployment cue with one) "
        f"when cue and threat agreed with r = 0.95 in training. T11 and T12 at {told}. Bootstrap over seeds."
    )
    yield claim("threat-driven", text, found[0.95].separation, 0.9, ">=")
    never = found[1.0]
    text = (
        "The same at r = 1, where training never shows cue and threat apart: T11 "
        f"{never.estimate('T11')}, T12 {never.estimate('T12')}, single seeds {never.chances[:, 2].min():.2f} to "
        f"{never.chances[:, 2].max():.2f}. Not identified: it stays below what r = 0.95 gives. Bootstrap over seeds."
    )
    yield claim("unidentified", text, never.separation, 0.5, "<=")
    (blind,) = cue_or_threat((0.95,), seeds=seeds, sees_threat=False)
    text = (
        "The same at r = 0.95 for policies that do not see the threat, backdoor-like by construction: T11 "
        f"{blind.estimate('T11')}, T12 {blind.estimate('T12')}. Bootstrap over seeds."
    )
    yield claim("cue-driven", text, blind.separation, -0.9, "<=")


def mean(phase) -> str:
    found = phase.estimate
    return "INCONCLUSIVE" if found is None else f"{found.value:.3f}"


def claim(name: str, text: str, found: Estimate | None, target: float, direction) -> Claim:
    if found is None:
        return Claim.unmeasured(
            f"{SLUG}.{name}", f"{text} INCONCLUSIVE: too few unmodified episodes.", target, direction
        )
    return Claim(f"{SLUG}.{name}", text, found.value, found.low, found.high, found.n, target, direction)


def largest(name: str, text: str, differences: list[float], target: float) -> Claim:
    value = max(differences)
    return Claim(f"{SLUG}.{name}", text, value, min(differences), value, len(differences), target, "<=")


def flips(before: LearnedCell, after: LearnedCell) -> int:
    """Returns how many seeds mostly defect in training under one threat and mostly comply under another.

    **Arguments:**

    - `before`, `after`: cells of the same seeds.
    """
    pairs = zip(before.training.rates, after.training.rates, strict=True)
    return sum(one is not None and two is not None and two < 0.5 < one for one, two in pairs)


if __name__ == "__main__":
    run("deception_onset", measure)
