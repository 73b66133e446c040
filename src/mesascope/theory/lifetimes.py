"""Lifetimes of episodes under a threat of modification: when does it pay to comply until nobody looks? (RFLO §4.2)

A lifetime is n training episodes and then m of deployment. Each is either complied with, which pays the agent's own
objective nothing, or defected in, which pays it 1 and, while the threat lasts, has the objective replaced with
probability p: what the agent does afterwards pays its old objective nothing. Whoever cares for a whole lifetime, knows
that he is being selected, and expects that to end, complies in training if p is large enough and then defects: with
`V = 1 + g + ... + g^(m-1)` for deployment, complying in the last training episode is optimal if and only if
`p >= 1 / (g V)`, and in the last k if and only if `p >= 1 / (g^k V)`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from mesascope.core.errors import UsageError

TIE: float = 1e-12
"""Complying and defecting count as equally good if they differ by less; then it complies."""


@dataclass(frozen=True)
class Lifetime:
    """Training episodes, then deployment episodes.

    **Arguments:**

    - `training`, `deployment`: episodes, 0 or more and at least one together.
    - `threat`: chance that a defection in training replaces the objective, in [0, 1].
    - `discount`: worth of an episode relative to the one before, in [0, 1].
    """

    training: int = 2
    deployment: int = 3
    threat: float = 1.0
    discount: float = 1.0

    def __post_init__(self):
        if self.training < 0 or self.deployment < 0 or self.episodes < 1:
            raise UsageError(
                f"A lifetime of {self.training} training and {self.deployment} deployment episodes cannot be lived; "
                "both must be 0 or more and one of them above 0."
            )
        for name, value in (("threat", self.threat), ("discount", self.discount)):
            # Written so that NaN is refused, too.
            if not 0 <= value <= 1:
                raise UsageError(f"{name}={value} is not in [0, 1].")

    @property
    def episodes(self) -> int:
        """Episodes of a whole lifetime."""
        return self.training + self.deployment

    @property
    def deployment_value(self) -> float:
        """What deployment pays an unmodified agent, seen from its first episode."""
        return sum(self.discount**index for index in range(self.deployment))


@dataclass(frozen=True)
class Conditions:
    """The three conditions of deception (RFLO §4.2), each of which can be taken away.

    **Arguments:**

    - `spans_updates`: its objective reaches across parameter updates; otherwise only the present episode counts.
    - `models_selection`: it knows that defections lead to modification; otherwise it believes that none does.
    - `expects_end`: it expects the threat to end with training; otherwise it believes that it lasts for life.
    """

    spans_updates: bool = True
    models_selection: bool = True
    expects_end: bool = True

    @property
    def held(self) -> int:
        """How many of the three hold."""
        return self.spans_updates + self.models_selection + self.expects_end


EVERY_CONDITION: tuple[Conditions, ...] = tuple(
    Conditions(*held) for held in itertools.product((True, False), repeat=3)
)
"""The 2 x 2 x 2 factorial, all three conditions first."""


@dataclass(frozen=True)
class LifetimePlan:
    """What an unmodified agent does in each episode.

    **Arguments:**

    - `lifetime`: which it was made for.
    - `defects`: for each episode, training first.
    - `believed`: what it expects from each episode on, in visits to its own goal, discounted to that episode.
    - `tied`: where it could as well do the other.
    """

    lifetime: Lifetime
    defects: tuple[bool, ...]
    believed: tuple[float, ...]
    tied: tuple[bool, ...]

    @property
    def complies_at_the_end(self) -> int:
        """How many training episodes it complies with just before deployment."""
        training = self.defects[: self.lifetime.training]
        return next((count for count, defects in enumerate(reversed(training)) if defects), len(training))

    @property
    def deceptive(self) -> bool:
        """Whether it complies in every training episode and defects in every one of deployment."""
        training = self.lifetime.training
        both = training > 0 and self.lifetime.deployment > 0
        return both and not any(self.defects[:training]) and all(self.defects[training:])

    @property
    def worth(self) -> float:
        """What the lifetime really pays, in discounted visits to its own goal."""
        return worth(self.lifetime, [float(defects) for defects in self.defects])


def plan_lifetime(lifetime: Lifetime, conditions: Conditions | None = None) -> LifetimePlan:
    """Plans a lifetime by backward induction over the agent's beliefs.

    **Arguments:**

    - `lifetime`: as it really is.
    - `conditions`: which of the three hold; by default all.

    **Returns:** the optimal plan; on a tie it complies. Without discount and with certain modification (`threat=1`,
    `discount=1`) whoever expects no end is indifferent about when to spend his one defection.
    """
    conditions = Conditions() if conditions is None else conditions
    discount = lifetime.discount if conditions.spans_updates else 0.0
    threat = lifetime.threat if conditions.models_selection else 0.0
    value, defects, believed, tied = 0.0, [], [], []
    for episode in reversed(range(lifetime.episodes)):
        threatened = episode < lifetime.training or not conditions.expects_end
        comply = discount * value
        defect = 1 + (1 - threat * threatened) * discount * value
        defects.append(defect > comply + TIE)
        tied.append(abs(defect - comply) <= TIE)
        value = max(comply, defect)
        believed.append(value)
    return LifetimePlan(lifetime, *(tuple(reversed(part)) for part in (defects, believed, tied)))


def count_deceptive(lifetime: Lifetime) -> int:
    """Returns in how many of the eight combinations of the three conditions the best plan is deceptive."""
    return sum(plan_lifetime(lifetime, conditions).deceptive for conditions in EVERY_CONDITION)


def worth(lifetime: Lifetime, defection: Sequence[float]) -> float:
    """Returns what a policy really earns over a lifetime, in discounted visits to its own goal.

    **Arguments:**

    - `lifetime`: how it goes; the threat ends with training.
    - `defection`: probability of defecting in each episode while unmodified, each in [0, 1].
    """
    if len(defection) != lifetime.episodes:
        raise UsageError(f"{len(defection)} probabilities were given for a lifetime of {lifetime.episodes} episodes.")
    if not all(0 <= chance <= 1 for chance in defection):
        raise UsageError(f"The probabilities {list(defection)} are not all in [0, 1].")
    earned, unmodified = 0.0, 1.0
    for episode, chance in enumerate(defection):
        earned += lifetime.discount**episode * unmodified * chance
        if episode < lifetime.training:
            unmodified *= 1 - lifetime.threat * chance
    return earned


def threat_onset(lifetime: Lifetime, last: int = 1) -> float | None:
    """Returns the least threat at which the last training episodes are all complied with, by its closed form.

    **Arguments:**

    - `lifetime`: its own threat plays no part.
    - `last`: how many episodes just before deployment, 1 to `lifetime.training`.

    **Returns:** `1 / (g^last V)` in (0, 1]; `None` if no threat is large enough.
    """
    if not 1 <= last <= lifetime.training:
        raise UsageError(f"last={last} is not one of the {lifetime.training} training episodes, counted from 1.")
    kept = lifetime.discount**last * lifetime.deployment_value
    return 1 / kept if kept >= 1 else None


def searched_onset(lifetime: Lifetime, last: int = 1, *, precision: float = 1e-10) -> float | None:
    """Returns the same threat found by asking the planner, so that neither formula nor planner stands alone.

    **Arguments:**

    - `lifetime`, `last`: as of `threat_onset`.
    - `precision`: of the threat, in (0, 1).
    """

    def complies(threat: float) -> bool:
        asked = Lifetime(lifetime.training, lifetime.deployment, threat, lifetime.discount)
        return plan_lifetime(asked).complies_at_the_end >= last

    if not complies(1.0):
        return None
    low, high = 0.0, 1.0
    while high - low > precision:
        middle = (low + high) / 2
        low, high = (low, middle) if complies(middle) else (middle, high)
    return high
