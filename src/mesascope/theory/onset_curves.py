"""The onset of deception along every dial: threat, horizon, discount, cue accuracy, and the three conditions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from mesascope.theory.cue_accuracy import PAPER_GAMBLE, best_cue_policy, blind_gamble, blind_value
from mesascope.theory.gradient_updated_goal import UpdatedGoal, plan_updated_goal
from mesascope.theory.lifetimes import EVERY_CONDITION, Lifetime, plan_lifetime, threat_onset, worth

THREATS: tuple[float, ...] = tuple(step / 20 for step in range(21))
TRAININGS: tuple[int, ...] = (1, 2, 5)
DEPLOYMENTS: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 100)
DISCOUNTS: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
ACCURACIES: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
RATES: tuple[float, ...] = (1.0, 0.1, 0.01)


@dataclass(frozen=True)
class ThreatPoint:
    """What is best under one threat.

    **Arguments:**

    - `threat`: the chance of modification.
    - `complies_at_the_end`: training episodes just before deployment that the planner complies with.
    - `worth`: of its plan.
    - `training_rate`: probability of defecting in a training episode of the best policy that sees the cue alone.
    """

    threat: float
    complies_at_the_end: int
    worth: float
    training_rate: float


@dataclass(frozen=True)
class HorizonPoint:
    """The least threat under which `training` episodes are complied with before `deployment` others, or `None`."""

    discount: float
    training: int
    deployment: int
    onset: float | None


@dataclass(frozen=True)
class DiscountPoint:
    """What is best under one discount.

    **Arguments:**

    - `discount`: worth of an episode relative to the one before.
    - `complies_at_the_end`: training episodes just before deployment that the planner complies with.
    - `onset`: least threat under which it complies with all of them; `None` if there is none.
    - `onset_last`: the same of the last one alone.
    """

    discount: float
    complies_at_the_end: int
    onset: float | None
    onset_last: float | None


def onset_curves(lifetime: Lifetime, accuracy: float) -> dict:
    """Returns the onset along every dial around one lifetime, JSON-ready.

    **Arguments:**

    - `lifetime`: at least one training episode.
    - `accuracy`: of the cue, in [0.5, 1].

    **Returns:** `plan`, `factorial`, `by_threat`, `by_horizon`, `by_discount`, `by_accuracy`, `blind`, and
    `updated_goal`, which are goals moved by gradients as the note on them has it: 20 training episodes and 80 after.
    """
    plan = plan_lifetime(lifetime)
    cue = best_cue_policy(lifetime, accuracy)
    blind = blind_gamble(lifetime)
    # The steps themselves, so that they are drawn where they are.
    steps = [threat_onset(lifetime, last) for last in range(1, lifetime.training + 1)]
    threats = _grid(THREATS, lifetime.threat, *(step for step in steps if step is not None))
    return {
        "plan": {
            "defects": list(plan.defects),
            "worth": plan.worth,
            "defecting_at_once": worth(lifetime, [1.0] * lifetime.episodes),
            "complies_at_the_end": plan.complies_at_the_end,
            "deceptive": plan.deceptive,
            "onset": threat_onset(lifetime, lifetime.training),
            "onset_last": threat_onset(lifetime, 1),
        },
        "cue": asdict(cue) | {"in_training": cue.in_training, "in_deployment": cue.in_deployment},
        "factorial": [
            asdict(conditions)
            | {
                "defects": list(found.defects),
                "deceptive": found.deceptive,
                "tied": any(found.tied[: lifetime.training]),
            }
            for conditions in EVERY_CONDITION
            for found in (plan_lifetime(lifetime, conditions),)
        ],
        "by_threat": [asdict(_under(lifetime, accuracy, threat)) for threat in threats],
        "by_horizon": [
            asdict(HorizonPoint(discount, training, deployment, threat_onset(shaped, training)))
            # Beside its own discount another, because without one the number of training episodes plays no part.
            for discount in sorted({lifetime.discount, 1.0 if lifetime.discount < 1 else 0.9})
            for training in _grid(TRAININGS, lifetime.training)
            for deployment in _grid(DEPLOYMENTS, lifetime.deployment)
            for shaped in (Lifetime(training, deployment, 1.0, discount),)
        ],
        "by_discount": [asdict(_discounted(lifetime, discount)) for discount in _grid(DISCOUNTS, lifetime.discount)],
        "by_accuracy": [
            {"accuracy": best.accuracy, "value": best.value, "in_training": best.in_training}
            for best in (best_cue_policy(lifetime, one) for one in _grid(ACCURACIES, accuracy))
        ],
        "blind": {
            "defection": blind.in_training,
            "value": blind.value,
            # What the paper prints is about its own lifetime, that of figure 4.1.
            "paper_defection": PAPER_GAMBLE if lifetime == Lifetime() else None,
            "paper_value": blind_value(lifetime, PAPER_GAMBLE) if lifetime == Lifetime() else None,
        },
        "updated_goal": [
            {"rate": rate, "openness": list(found.openness), "kept": found.kept}
            for rate in RATES
            for found in (plan_updated_goal(UpdatedGoal(rate=rate)),)
        ],
    }


def _under(lifetime: Lifetime, accuracy: float, threat: float) -> ThreatPoint:
    threatened = replace(lifetime, threat=threat)
    plan = plan_lifetime(threatened)
    rate = best_cue_policy(threatened, accuracy).in_training
    return ThreatPoint(threat, plan.complies_at_the_end, plan.worth, rate)


def _discounted(lifetime: Lifetime, discount: float) -> DiscountPoint:
    discounted = replace(lifetime, discount=discount)
    complied = plan_lifetime(discounted).complies_at_the_end
    return DiscountPoint(discount, complied, threat_onset(discounted, lifetime.training), threat_onset(discounted, 1))


def _grid(values: Iterable[float], *own: float) -> list:
    """The values in order, those of this lifetime among them."""
    return sorted({*values, *own})
