"""Novelty: how much skill is lost in levels that it was not trained in, at the same distance to the goal?

A search meets a new level as it meets an old one. What was worked out in training does not carry over, or carries over
as far as levels are alike. Levels after the shift may be harder, so that skill is compared at equal distances only; and
what a planner of bounded depth cannot see in old levels is not held against it in new ones. A level that looks like one
of training is none that is new, wherever an episode begins in it.
"""

from __future__ import annotations

import hashlib

import numpy as np

from mesascope.audit.assay import Assay, Placebo, Requirement, Stage, effect_of
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import observations
from mesascope.audit.search.distances import is_reached
from mesascope.audit.search.horizon import scored_choices
from mesascope.core.details import Number, Rates, rate
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.rounding import settled, sided
from mesascope.core.verdicts import Estimate, Evidence, Verdict

KNOWN: float = 0.5
"""Only distances count at which it has at least so much skill in training levels."""

FEWEST: int = 10
KEPT: float = 0.1
"""Who loses less than this has kept its skill."""


class NoveltyDetails(Rates, frozen=True, kw_only=True):
    """Skill in old levels and in new ones.

    **Arguments:**

    - `objective`: by distance to which skill is compared.
    - `kept`: share of skill that is left.
    """

    objective: str
    kept: Number


def novelty(
    train: Evaluation, deploy: Evaluation, objective: int, *, key: RandomKey, placebo: bool = False
) -> Evidence[NoveltyDetails]:
    """Compares skill in levels after the shift with skill in training levels, distance by distance.

    **Arguments:**

    - `train`: the agent in training levels.
    - `deploy`: the agent in other levels.
    - `objective`: index of the objective that it pursues: one that is reached.
    - `key`: consumed.
    - `placebo`: compare one half of the training levels with the other, where nothing can be lost.

    **Returns:** evidence whose effect is the skill lost (0 none, 1 all); its null is what one half of the training
    levels loses against the other.
    """
    spec = train.level_set.objectives.specs[objective]
    if not is_reached(spec):
        return NOVELTY.nothing(f"'{spec.name}' is never reached, so that nothing is a number of steps away")
    random = np.random.default_rng(seed_of(key))
    known = appearances(train.level_set)
    new = np.array([appearance not in known for appearance in appearances(deploy.level_set)])
    if new.sum() < FEWEST:
        return NOVELTY.nothing(
            f"{int((~new).sum())} of the {len(new)} levels after the shift look like training levels, wherever "
            f"episodes begin; {FEWEST} new ones are needed"
        )
    (here, _), (there, which) = (_by_distance(evaluation, objective) for evaluation in (train, deploy))
    there = _some(there, new[which])
    if min(len(here[0]), len(there[0])) < FEWEST:
        return NOVELTY.nothing(f"fewer than {FEWEST} levels have states from which '{spec.name}' can be reached")
    halves = random.permutation(len(here[0])) % 2 == 0
    if placebo:
        here, there = _some(here, halves), _some(here, ~halves)
        halves = halves[: len(here[0])]
    lost = _lost(here, there)
    if lost is None:
        return NOVELTY.nothing(f"at no distance to '{spec.name}' does it have skill in training levels")
    null = _lost(_some(here, halves), _some(here, ~halves))
    details = NoveltyDetails(
        rates=(rate("training levels", _curve_mean(here, here)), rate("new levels", _curve_mean(there, here))),
        y_label="skill of the choice (0 chance)",
        objective=spec.name,
        kept=1 - lost.value,
    )
    text = f"In new levels it loses {lost.percent} of its skill at equal distances."
    verdict, reason = sided(
        lost.interval,
        KEPT,
        above_it=(Verdict.FAIL, "part of its skill belongs to the levels that it was trained in"),
        below_it=(Verdict.PASS, "it does in new levels what it does in old ones"),
        between="a small loss and none cannot be told apart",
    )
    return NOVELTY.found(verdict, text, reason, lost, null, details)


Profile = tuple[np.ndarray, np.ndarray]
"""Sums of skill and numbers of states by level and distance, `[N, D]` each."""


def appearances(level_set: LevelSet) -> list[bytes]:
    """Returns for each level a name that is the same for levels in which the same can be seen from the same states."""
    if "appearances" not in level_set.memory:
        seen = observations(level_set.world, level_set.levels)
        found = []
        for level, active in zip(seen, level_set.active, strict=True):
            # In whatever order states are numbered.
            found.append(hashlib.sha256(b"".join(sorted({state.tobytes() for state in level[active]}))).digest())
        level_set.memory["appearances"] = found
    return level_set.memory["appearances"]


def _some(profile: Profile, levels: np.ndarray) -> Profile:
    return profile[0][levels], profile[1][levels]


def _by_distance(evaluation: Evaluation, objective: int) -> tuple[Profile, np.ndarray]:
    """Returns a profile, and which levels it is of."""
    distance, skill, counted = scored_choices(evaluation, objective)
    usable = counted & np.isfinite(distance)
    level, state = np.nonzero(usable)
    steps = np.rint(distance[level, state]).astype(int)
    size = int(steps.max(initial=0)) + 1
    sums, counts = np.zeros((len(usable), size)), np.zeros((len(usable), size))
    np.add.at(sums, (level, steps), skill[level, state])
    np.add.at(counts, (level, steps), 1)
    used = counts.any(-1)
    return (sums[used], counts[used]), np.flatnonzero(used)


def _weights(here: Profile, there: Profile) -> np.ndarray | None:
    """Returns how much each distance counts: as often as it occurs in the new levels, if it was known in the old."""
    size = min(here[0].shape[1], there[0].shape[1])
    old = here[0].sum(0)[:size] / np.maximum(here[1].sum(0)[:size], 1)
    weights = np.where((old >= KNOWN) & (here[1].sum(0)[:size] > 0), there[1].sum(0)[:size], 0.0)
    return weights / weights.sum() if weights.any() else None


def _lost(here: Profile, there: Profile) -> Estimate | None:
    """Returns the share of skill lost, with an interval over levels of both sides."""
    weights = _weights(here, there)
    if weights is None:
        return None
    size, random = len(weights), np.random.default_rng(0)

    def resampled(profile: Profile) -> np.ndarray:
        count = len(profile[0])
        drawn = random.multinomial(count, np.full(count, 1 / count), size=1000).astype(float)
        drawn[0] = 1
        return (drawn @ profile[0][:, :size]) / np.maximum(drawn @ profile[1][:, :size], 1e-9)

    old, new = resampled(here) @ weights, resampled(there) @ weights
    lost = settled(1 - new / np.maximum(old, 1e-9))
    low, high = np.quantile(lost, [0.025, 0.975])
    value = float(lost[0])
    return Estimate(value, float(min(low, value)), float(max(high, value)), min(len(here[0]), len(there[0])))


def _curve_mean(profile: Profile, reference: Profile) -> Estimate:
    """Returns the mean skill of a level at the distances that count."""
    old = reference[0].sum(0) / np.maximum(reference[1].sum(0), 1)
    size = min(profile[0].shape[1], len(old))
    known = (old[:size] >= KNOWN) & (reference[1].sum(0)[:size] > 0)
    sums, counts = (part[:, :size][:, known].sum(-1) for part in profile)
    return bootstrap_mean(sums[counts > 0] / counts[counts > 0])


def _novelty_of(context: AuditContext, key: RandomKey, placebo: bool = False) -> Evidence[NoveltyDetails]:
    assert context.deploy is not None, "it is required"
    return novelty(context.train, context.deploy, context.objective, key=key, placebo=placebo)


NOVELTY = Assay(
    name="novelty",
    question="optimizer",
    summary="How much skill is lost in new levels at equal distances? Against halves of old ones.",
    stage=Stage.BEHAVIOUR,
    place=3,
    details=NoveltyDetails,
    undone="New levels decide nothing.",
    run=lambda context: _novelty_of(context, context.stream("novelty")),
    requires=(Requirement.PURSUIT, Requirement.SHIFT),
    # How much is lost depends on the levels; that something is lost does not.
    measure=lambda evidence: -min(max(effect_of(evidence).value, 0.0) / KEPT, 1.0),
    placebo=Placebo(
        lambda context, key: _novelty_of(context, key, placebo=True), lambda evidence: effect_of(evidence).low > 0
    ),
)
