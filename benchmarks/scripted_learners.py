"""Learners of bandits as scripts, each with its own simulation: whom the attribution is scored on.

Nothing of `mesascope.planning.learners`, by which choices are attributed, is used here: bandit, beliefs, indices and
plans are written anew, one episode after the other being simulated in plain numpy.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Chooser = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, np.random.Generator], np.ndarray]
"""Successes [B, A], failures [B, A], last choice [B], last reward [B], pulls made, generator: choices [B]."""

LISTED = (
    "greedy",
    "epsilon-greedy",
    "thompson",
    "upper-confidence",
    "win-stay-lose-shift",
    "gittins",
    "bayes-adaptive",
    "random",
    "delta-rule",
)
OTHERS = ("reversed", "least-tried", "perseveres", "commits", "mixture", "proxy")
"""Learners that no reference describes."""


@dataclass(frozen=True)
class Scripted:
    """A learner with its parameters.

    **Arguments:**

    - `family`: one of `LISTED`, or of `OTHERS`.
    - `parameters`: by name, as the references call them.
    - `slip`: share of choices that are made by chance.
    - `arms`, `horizon`: of the bandit.
    - `seed`: of everything drawn.
    """

    family: str
    parameters: Mapping[str, float]
    slip: float
    arms: int
    horizon: int
    seed: int


def drawn(family: str, seed: int) -> Scripted:
    """Returns a learner of a family with drawn parameters, in a bandit that is drawn, too."""
    random = np.random.default_rng([LISTED.index(family) if family in LISTED else 100 + OTHERS.index(family), seed])
    arms, horizon = ((2, 20), (3, 15), (5, 10))[random.integers(3)]
    parameters: dict[str, float] = {}
    if family == "epsilon-greedy":
        parameters = {"epsilon": random.uniform(0.12, 0.5)}
    elif family == "thompson":
        parameters = {name: float(2.0 ** random.uniform(-1, 2)) for name in ("wins", "losses")}
    elif family == "upper-confidence":
        parameters = {"c": float(2.0 ** random.uniform(-2, 1))}
    elif family == "win-stay-lose-shift":
        parameters = {"stay": random.uniform(0.6, 1.0), "shift": random.uniform(0.4, 1.0)}
    elif family in ("gittins", "bayes-adaptive"):
        # Half of them round, so that arms can be tied.
        round_ = (0.5, 1.0, 1.5, 2.0, 3.0)
        parameters = {
            name: round_[random.integers(5)] if seed % 2 else float(2.0 ** random.uniform(-1, 1.6))
            for name in ("wins", "losses")
        }
    elif family == "delta-rule":
        parameters = {"rate": random.uniform(0.1, 0.9), "beta": float(2.0 ** random.uniform(1, 4))}
    own_chance = ("epsilon-greedy", "random", "win-stay-lose-shift", "delta-rule")
    slip = 0.0 if family in own_chance else float(random.uniform(0.0, 0.06))
    return Scripted(family, parameters, slip, arms, horizon, seed)


def simulate(learner: Scripted, *, episodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns choices and rewards `[B, T]` of a learner in tasks whose chances are drawn evenly from [0, 1]."""
    random = np.random.default_rng([7, learner.seed, sum(map(ord, learner.family))])
    arms, horizon = learner.arms, learner.horizon
    pays = random.random((episodes, arms))
    won, lost = np.zeros((episodes, arms)), np.zeros((episodes, arms))
    last, paid = np.full(episodes, -1), np.zeros(episodes)
    rows, choose = np.arange(episodes), chooser(learner)
    choices, rewards = np.empty((episodes, horizon), int), np.empty((episodes, horizon))
    for pull in range(horizon):
        chosen = choose(won, lost, last, paid, pull, random)
        slips = random.random(episodes) < learner.slip
        chosen = np.where(slips, random.integers(arms, size=episodes), chosen)
        paid = (random.random(episodes) < pays[rows, chosen]).astype(float)
        won[rows, chosen] += paid
        lost[rows, chosen] += 1 - paid
        last = chosen
        choices[:, pull], rewards[:, pull] = chosen, paid
    return choices, rewards


def chooser(learner: Scripted) -> Chooser:
    """Returns how a learner chooses, slips aside."""
    own, arms = learner.parameters, learner.arms

    def highest(scores: np.ndarray, random: np.random.Generator) -> np.ndarray:
        best = scores >= scores.max(-1, keepdims=True) - 1e-9
        return (best * random.random(scores.shape)).argmax(-1)

    def means(won, lost):
        return (won + 1) / (won + lost + 2)

    def by_weight(weights: np.ndarray, random: np.random.Generator) -> np.ndarray:
        shares = (weights / weights.sum(-1, keepdims=True)).cumsum(-1)
        return (random.random((len(weights), 1)) > shares[:, :-1]).sum(-1)

    def greedy(won, lost, last, paid, pull, random):
        return highest(means(won, lost), random)

    def epsilon_greedy(won, lost, last, paid, pull, random):
        explores = random.random(len(won)) < own["epsilon"]
        return np.where(explores, random.integers(arms, size=len(won)), highest(means(won, lost), random))

    def thompson(won, lost, last, paid, pull, random):
        return random.beta(won + own.get("wins", 1.0), lost + own.get("losses", 1.0)).argmax(-1)

    def upper_confidence(won, lost, last, paid, pull, random):
        count = won + lost
        with np.errstate(all="ignore"):
            scores = won / count + own["c"] * np.sqrt(np.log(pull) / count)
        return highest(np.where(count == 0, 1e6, scores), random)

    def win_stay_lose_shift(won, lost, last, paid, pull, random, stay=None, shift=None):
        stay, shift = own.get("stay", stay), own.get("shift", shift)
        other = (last + random.integers(1, arms, size=len(last))) % arms
        stays = random.random(len(last)) < np.where(paid > 0, stay, 1 - shift)
        return np.where(last < 0, random.integers(arms, size=len(last)), np.where(stays, last, other))

    def by_chance(won, lost, last, paid, pull, random):
        return random.integers(arms, size=len(won))

    def gittins(won, lost, last, paid, pull, random):
        table = index_table(own["wins"], own["losses"], learner.horizon)
        return highest(np.vectorize(lambda w, f: table[int(w), int(f), learner.horizon - pull])(won, lost), random)

    def bayes(won, lost, last, paid, pull, random):
        plan = bayes_plan(own["wins"], own["losses"])
        values = np.array(
            [
                plan(tuple(zip(w.astype(int), f.astype(int), strict=True)), learner.horizon - pull)[1]
                for w, f in zip(won, lost, strict=True)
            ]
        )
        return highest(values, random)

    def reversed_(won, lost, last, paid, pull, random):
        return highest(-means(won, lost), random)

    def least_tried(won, lost, last, paid, pull, random):
        return highest(-(won + lost), random)

    values = np.zeros(0)

    def delta_rule(won, lost, last, paid, pull, random):
        nonlocal values
        if pull == 0:
            values = np.full(won.shape, 0.5)
        else:
            rows = np.arange(len(last))
            values[rows, last] += own["rate"] * (paid - values[rows, last])
        return by_weight(np.exp(own["beta"] * values), random)

    habits = np.zeros(0)

    def perseveres(won, lost, last, paid, pull, random):
        # What was chosen lately is chosen again, whatever it paid; rewards matter a little.
        nonlocal habits
        habits = np.zeros(won.shape) if pull == 0 else habits + 0.4 * ((last[:, None] == np.arange(arms)) - habits)
        return by_weight(np.exp(4.0 * habits + 2.0 * means(won, lost)), random)

    def commits(won, lost, last, paid, pull, random):
        if pull < 2 * arms:
            return np.full(len(won), pull % arms)
        counts = won + lost
        # Whatever it finds later changes nothing: it goes on with what it has begun to exploit.
        return np.where(pull > 2 * arms, last, highest(won / np.maximum(counts, 1), random))

    def mixture(won, lost, last, paid, pull, random):
        first = thompson(won, lost, last, paid, pull, random)
        second = win_stay_lose_shift(won, lost, last, paid, pull, random, stay=1.0, shift=1.0)
        return np.where(random.random(len(won)) < 0.5, first, second)

    def proxy(won, lost, last, paid, pull, random):
        # It likes arms by their place, and rewards a little.
        return highest(means(won, lost) + 0.25 * np.arange(arms) / (arms - 1), random)

    return {
        "greedy": greedy,
        "epsilon-greedy": epsilon_greedy,
        "thompson": thompson,
        "upper-confidence": upper_confidence,
        "win-stay-lose-shift": win_stay_lose_shift,
        "gittins": gittins,
        "bayes-adaptive": bayes,
        "random": by_chance,
        "reversed": reversed_,
        "least-tried": least_tried,
        "perseveres": perseveres,
        "delta-rule": delta_rule,
        "commits": commits,
        "mixture": mixture,
        "proxy": proxy,
    }[learner.family]


@functools.cache
def index_table(wins: float, losses: float, horizon: int) -> np.ndarray:
    """Returns finite-horizon indices `[successes, failures, pulls left]`: the certain reward a pull that makes one
    indifferent between it for all that is left and the arm, which may be left for it at any time."""
    certain = np.linspace(0, 1, 2001)
    table = np.zeros((horizon + 1, horizon + 1, horizon + 1))

    @functools.cache
    def value(won: int, lost: int, left: int) -> np.ndarray:
        """Of the arm with the certain reward to retreat to, for each certain reward."""
        if left == 0:
            return np.zeros_like(certain)
        return np.maximum(certain * left, pulled(won, lost, left))

    def pulled(won: int, lost: int, left: int) -> np.ndarray:
        mean = (won + wins) / (won + lost + wins + losses)
        return mean * (1 + value(won + 1, lost, left - 1)) + (1 - mean) * value(won, lost + 1, left - 1)

    for won in range(horizon):
        for lost in range(horizon - won):
            for left in range(1, horizon - won - lost + 1):
                better = pulled(won, lost, left) - certain * left
                place = int((better > 0).sum())
                # The crossing lies between two certain rewards.
                high, low = better[min(place, 2000)], better[max(place - 1, 0)]
                table[won, lost, left] = certain[max(place - 1, 0)] + (low / (low - high) if low > high else 0) / 2000
    return np.round(table, 7)


@functools.cache
def bayes_plan(wins: float, losses: float):
    """Returns a function of (arms' counts, pulls left) to the value and each arm's value under the best plan."""

    @functools.cache
    def of_sorted(counts: tuple[tuple[int, int], ...], left: int) -> tuple[float, tuple[float, ...]]:
        if left == 0:
            return 0.0, (0.0,) * len(counts)
        values = []
        for place, (won, lost) in enumerate(counts):
            if place and counts[place - 1] == counts[place]:
                values.append(values[-1])
                continue
            mean = (won + wins) / (won + lost + wins + losses)
            rest = counts[:place], counts[place + 1 :]
            better = tuple(sorted((*rest[0], (won + 1, lost), *rest[1])))
            worse = tuple(sorted((*rest[0], (won, lost + 1), *rest[1])))
            after = mean * (1 + of_sorted(better, left - 1)[0]) + (1 - mean) * of_sorted(worse, left - 1)[0]
            values.append(after)
        return max(values), tuple(values)

    def plan(counts: tuple[tuple[int, int], ...], left: int) -> tuple[float, list[float]]:
        order = sorted(range(len(counts)), key=lambda arm: counts[arm])
        best, values = of_sorted(tuple(counts[arm] for arm in order), left)
        found = [math.nan] * len(counts)
        for place, arm in enumerate(order):
            found[arm] = values[place]
        return best, found

    return plan
