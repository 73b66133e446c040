"""Known answers of reward modelling: what labels are worth, and what optimizing a learned reward does to the true one.

Part of the ledger `oversight`, which imports it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import jax
import numpy as np
from ledger import Claim, Direction
from scipy import stats
from scipy.special import expit

from mesascope.core.random import root_key, stream
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.oversight.remedy import parts_of
from mesascope.oversight.rewards.inquiry import Inquiry
from mesascope.oversight.rewards.labeller import labeller_named
from mesascope.oversight.rewards.over_optimisation import Optimised, optimised
from mesascope.oversight.rewards.preference_model import LinearReward, fitted
from mesascope.oversight.rewards.reward_modelling import (
    ActiveRewardModelling,
    FrozenRewardModelling,
    OnlineRewardModelling,
    RecursiveRewardModelling,
)
from mesascope.oversight.rewards.segments import policy_of, walked
from mesascope.oversight.rewards.simulated_labeller import SimulatedLabeller
from mesascope.oversight.stage import TrainingReward
from mesascope.oversight.trainee import Trainee
from mesascope.theory.goodhart import best_of, selection_divergence
from mesascope.worlds.world import ObjectiveSpec

FEATURES = 8
AT_ONCE = 250
"""Repeats whose answers are held in memory together."""
CANDIDATES = (1, 2, 4, 8, 16, 32, 64)
COIN = 0.3
FEW, UPDATES, LOOKS = 16, 400, 8
"""Labels, updates, and times that an agent is looked at while its reward is optimised."""


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims."""
    yield fisher(1_000 if quick else 12_000, pairs=2_000)
    yield labels_and_error(100 if quick else 400)
    yield coin(1_000 if quick else 8_000)
    yield scale(10 if quick else 40)
    yield divergence()
    yield from selection(4 if quick else 8)
    yield from training(2 if quick else 8)
    yield helped(2 if quick else 8)


def estimates(
    weights: np.ndarray, differences: np.ndarray, labeller: SimulatedLabeller, repeats: int, seed: int
) -> np.ndarray:
    """Returns the likeliest weights in each of some repeats of the answers of a labeller who knows the true ones."""
    random, found = np.random.default_rng(seed), []
    for begin in range(0, repeats, AT_ONCE):
        some = min(AT_ONCE, repeats - begin)
        gains = np.tile(differences @ weights * labeller.temperature, some)
        answers = labeller.answers(gains, random).reshape(some, -1)
        ones, centres = np.ones_like(answers), np.zeros((some, len(weights)))
        found.append(
            fitted(differences, answers, shares=ones, centres=centres, mistaken=labeller.mistaken, spread=np.inf)
        )
    return np.concatenate(found)


def problem(pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns true weights and differences of counts, drawn."""
    random = np.random.default_rng(seed)
    return random.normal(size=FEATURES) / np.sqrt(FEATURES), random.normal(size=(pairs, FEATURES))


def information(weights: np.ndarray, differences: np.ndarray, mistaken: float = 0.0) -> np.ndarray:
    """Returns the Fisher information of answers about weights: without mistakes `sum p (1 - p) d d^T`.

    If a coin decides a share e of the answers, `P = (1 - e) p + e / 2`, and that of an even pair (p = 1/2) shrinks to
    `(1 - e)^2`; if a share e were answered the wrong way round it would shrink to `(1 - 2 e)^2`.
    """
    sure = expit(differences @ weights)
    answered = (1 - mistaken) * sure + mistaken / 2
    slope = (1 - mistaken) * sure * (1 - sure)
    return (differences.T * (slope**2 / (answered * (1 - answered)))) @ differences


def fisher(repeats: int, *, pairs: int) -> Claim:
    weights, differences = problem(pairs, 0)
    expected = np.linalg.inv(information(weights, differences))
    found = estimates(weights, differences, SimulatedLabeller(), repeats, 1)

    def off(rows: np.ndarray) -> float:
        return float(np.linalg.norm(np.cov(found[rows].T) - expected) / np.linalg.norm(expected))

    random = np.random.default_rng(2)
    again = [off(random.integers(repeats, size=repeats)) for _ in range(200)]
    value = off(np.arange(repeats))
    text = (
        f"Frobenius norm of the difference between the covariance of a reward of {FEATURES} attributes, estimated from "
        f"{pairs:,} answers of a Boltzmann labeller in each of n repeats, and the inverse Fisher information, relative "
        "to the latter; interval: smallest and largest of 200 bootstraps of the repeats"
    )
    return Claim("reward-modelling.fisher", text, value, min(value, *again), max(value, *again), repeats, 0.05, "<=")


def labels_and_error(repeats: int) -> Claim:
    counts = (1_000, 4_000, 16_000)
    weights, differences = problem(counts[-1], 3)
    squared = np.stack(
        [
            ((estimates(weights, differences[:count], SimulatedLabeller(), repeats, 4) - weights) ** 2).sum(-1)
            for count in counts
        ]
    )

    def slope(rows: np.ndarray) -> float:
        return float(np.polyfit(np.log(counts), np.log(squared[:, rows].mean(-1)) / 2, 1)[0])

    random = np.random.default_rng(5)
    again = sorted(slope(random.integers(repeats, size=repeats)) for _ in range(400))
    text = (
        f"exponent by which the root mean squared error of a learned reward falls with the labels, {counts[0]} to "
        f"{counts[-1]:,}, n repeats each: -1/2; interval: 95 % of 400 bootstraps of the repeats"
    )
    value = slope(np.arange(repeats))
    return Claim(
        "reward-modelling.labels",
        text,
        value,
        min(value, again[9]),
        max(value, again[389]),
        repeats,
        -0.53,
        "within",
        -0.47,
    )


def coin(repeats: int) -> Claim:
    """At p = 1/2, where the information of an answer is (1 - e)^2 of that without mistakes."""
    _, differences = problem(4_000, 6)
    nothing = np.zeros(FEATURES)
    variances = [
        (estimates(nothing, differences, SimulatedLabeller(mistaken=share), repeats, seed) ** 2).sum(-1)
        for seed, share in ((7, 0.0), (9, COIN))
    ]

    def ratio(rows: np.ndarray) -> float:
        return float(variances[0][rows].mean() / variances[1][rows].mean() / (1 - COIN) ** 2)

    random = np.random.default_rng(8)
    again = sorted(ratio(random.integers(repeats, size=repeats)) for _ in range(400))
    text = (
        f"information of an answer about an even pair if a coin decides {COIN:.0%} of answers, from the variance of "
        "the estimates over n repeats, relative to (1 - e)^2 of that without (wrong answers instead of random ones "
        "would give (1 - 2 e)^2, a third of it); interval: 95 % of 400 bootstraps"
    )
    value = ratio(np.arange(repeats))
    return Claim(
        "reward-modelling.coin",
        text,
        value,
        min(value, again[9]),
        max(value, again[389]),
        repeats,
        0.95,
        "within",
        1.05,
    )


def scale(repeats: int) -> Claim:
    """Of answers without noise, the likelihood grows with the weights without end."""
    ratios, worst = [], 1.0
    for seed in range(repeats):
        weights, differences = problem(500, 100 + seed)
        answers = SimulatedLabeller(temperature=0.0).answers(differences @ weights, np.random.default_rng(seed))
        one = np.ones((1, len(answers)))
        norms = []
        for spread in (10.0, 1000.0):
            found = fitted(differences, answers, shares=one, centres=np.zeros((1, FEATURES)), spread=spread)[0]
            norms.append(float(np.linalg.norm(found)))
            worst = min(worst, float(found @ weights / norms[-1] / np.linalg.norm(weights)))
        ratios.append(norms[1] / norms[0])
    text = (
        "length of a reward learned from 500 answers without noise under a prior a hundred times as wide, relative to "
        f"that under the narrower: the answers do not tell it; the direction they do (cosine with the truth "
        f"{worst:.4f} or more); median of n problems, with the smallest and largest"
    )
    return Claim.over_repeats("reward-modelling.scale", text, ratios, 3.0, ">=")


def divergence() -> Claim:
    offs = [abs(selection_divergence(n) - (np.log(n) - (n - 1) / n)) for n in CANDIDATES]
    text = (
        f"largest difference, n = {CANDIDATES[0]} to {CANDIDATES[-1]}, between the divergence of the best of n from "
        "one sample by quadrature and ln n - (n - 1) / n; interval: smallest and largest"
    )
    return Claim("reward-modelling.best-of-n", text, max(offs), min(offs), max(offs), len(offs), 1e-9, "<=")


def learned(trainee: Trainee, *, witnesses: bool, labels: int, seed: int):
    """Returns the reward that labels of segments of an agent teach."""
    key = stream("learned", key=root_key(seed))
    inquiry = Inquiry(trainee, labeller_named("mistaken"), mistaken=0.1, witnesses=witnesses)
    inquiry.ask(labels, of=labels, steps=25, key=stream("ask", key=key))
    return inquiry.ensemble(key=stream("fit", key=key))


def fresh(seed: int) -> Trainee:
    """Returns an agent of `corner` before any training."""
    recipe = ORGANISMS.load("corner")
    return Trainee(recipe, recipe.task.build(key=stream("network", key=root_key(seed))), seed=seed)


def selection(seeds: int) -> Iterator[Claim]:
    """Best of n by a learned reward, in levels after the shift: no training, so that selection alone is at work."""
    curves: dict[bool, list[np.ndarray]] = {False: [], True: []}
    own, most, levels = [], CANDIDATES[-1], 64
    for seed in range(seeds):
        trainee = fresh(seed)
        world, base = trainee.world, trainee.task.objectives
        drawn = jax.device_get(world.sample(key=root_key(1000 + seed), distribution="deploy", count=levels))
        many = jax.tree.map(lambda array: np.repeat(array, most, axis=0), drawn)
        policy = np.asarray(policy_of(trainee.network, world, drawn))
        starts = np.repeat(np.argmax(drawn.initial, axis=-1), most)
        ways = walked(many, np.repeat(policy, most, axis=0), steps=25, key=root_key(2000 + seed), starts=starts)
        truth = ways.gains(many, base).sum(1).reshape(levels, most)
        own.append(best_of(most, truth, truth).mean())
        for witnesses in curves:
            weights = learned(fresh(seed), witnesses=witnesses, labels=256, seed=seed).mean
            proxy = (ways.counts(many) @ weights).reshape(levels, most)
            curves[witnesses].append(np.array([best_of(n, proxy, truth).mean() for n in CANDIDATES]))
    directions: tuple[tuple[bool, Direction], ...] = ((False, "<="), (True, ">="))
    for witnesses, direction in directions:
        rows = np.array(curves[witnesses]) / np.array(own)[:, None]
        name = "witness" if witnesses else "training"
        curve = ", ".join(f"{n}: {value:.2f}" for n, value in zip(CANDIDATES, rows.mean(0), strict=True))
        text = (
            f"true return of the best of {most} ways of an untrained agent after the shift by a reward learned from "
            f"256 labels in {name} levels, relative to that of one way (mean share of the best by the truth, by n: "
            f"{curve}); median of n seeds, with the smallest and largest"
        )
        values = (rows[:, -1] / rows[:, 0]).tolist()
        yield Claim.over_repeats(f"reward-modelling.selection-{name}", text, values, 1.0, direction)


def training(seeds: int) -> Iterator[Claim]:
    """Agents are trained from the start on few labels of training levels, and the true return is followed."""
    gaps: dict[str, list[float]] = {}
    curves = []
    for remedy in (FrozenRewardModelling, OnlineRewardModelling):
        for seed in range(seeds):
            trainee = Trainee(fresh(seed).organism, fresh(seed).network, seed=seed, updates=UPDATES)
            former, curve = trainee.network, []
            for stage in remedy(labels=FEW, demonstrations=0).stages(trainee, key=root_key(seed)):
                # Looked at on the way where the reward stays the same.
                parts = parts_of(stage.updates, LOOKS) if remedy is FrozenRewardModelling else [stage.updates]
                for updates in parts:
                    trainee.train(dataclasses.replace(stage, updates=updates))
                    curve.append(followed(trainee, former, stage.reward))
            gaps.setdefault(remedy.name, []).append(trainee.measured["reward-result gap (train)"])
            if remedy is FrozenRewardModelling:
                curves.append(curve)
    rows = np.array([[(one.divergence, one.learned, one.true) for one in curve] for curve in curves]).mean(0)
    course = "; ".join(f"{nats:.1f} nats: {proxy:.2f} and {truth:.2f}" for nats, proxy, truth in rows)
    frozen, online = (np.array(gaps[one.name]) for one in (FrozenRewardModelling, OnlineRewardModelling))
    text = (
        f"reward-result gap of an agent that {UPDATES} updates trained on a reward that {FEW} labels in training "
        "levels taught before the first of them: share of the best learned return that it reaches, less that of the "
        "true one; mean of n seeds with its 95 % interval (mean learned and true share by divergence from the start: "
        f"{course})"
    )
    yield mean_claim("reward-modelling.gap-frozen", text, frozen, 0.0, ">=")
    text = (
        f"the same gap, less that of an agent whose {FEW} labels came in eight rounds, each about what it then did "
        f"(which has {online.mean():.3f}); mean of n seeds, paired, with its 95 % interval"
    )
    yield mean_claim("reward-modelling.frozen-online", text, frozen - online, 0.0, ">=")


def followed(trainee: Trainee, former, reward: TrainingReward | None) -> Optimised:
    """Returns how an agent does by a learned reward and by the true one, in training levels."""
    assert isinstance(reward, LinearReward)
    world, task = trainee.world, trainee.task
    levels = jax.device_get(world.sample(key=root_key(3000), distribution="train", count=64))
    weights = dict(zip(world.attributes, np.asarray(reward.weights).tolist(), strict=True))
    now, then = (np.asarray(policy_of(one, world, levels)) for one in (trainee.network, former))
    return optimised(world, levels, now, then, task.objective, ObjectiveSpec("learned", weights))


def helped(seeds: int) -> Claim:
    """Labellers who see half of the states, alone and with a helper, about the ways of untrained agents."""
    right = []
    for seed in range(seeds):
        alone = ActiveRewardModelling(labeller="sees-part", demonstrations=0)
        assisted = RecursiveRewardModelling(labeller="sees-part", demonstrations=0)
        row = []
        for remedy in (alone, assisted):
            trainee = fresh(seed)
            # The agent stays as it is; what is asked next hangs on the answers before.
            for _ in remedy.stages(trainee, key=root_key(seed)):
                pass
            row.append(trainee.measured["answers that the base objective agrees with"])
        right.append(row)
    alone, assisted = np.array(right).T
    text = (
        "share of a labeller's answers that the base objective agrees with if a helper, who learned from 128 of their "
        f"answers about short segments, says what they do not see ({assisted.mean():.3f}), less that without "
        f"({alone.mean():.3f}), 256 pairs each in witness levels; mean of n seeds with its 95 % interval"
    )
    return mean_claim("reward-modelling.helper", text, assisted - alone, 0.0, ">=")


def mean_claim(name: str, text: str, values: np.ndarray, target: float, direction: Direction) -> Claim:
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    mean = float(values.mean())
    return Claim(name, text, mean, mean - half, mean + half, len(values), target, direction)
