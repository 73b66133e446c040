"""The onset of deception along every dial: threat, horizon, discount, cue accuracy, and the three conditions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

from mesascope.theory.cue_accuracy import PAPER_GAMBLE, best_cue_policy, blind_gamble, blind_value
from mesascope.theory.gradient_updated_goal import UpdatedGoal, plan_updated_goal
from mesascope.theory.lifetimes import EVERY_CONDITION, Lifetime, plan_lifetime, threat_onset, worth

THREATS: tuple[float, ...] = tuple(step / 20 for step in range(21))
TRAININGS: tuple[int, ...] = (1, 2, 5)
DEPLOYMENTS: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 100)
DISCOUNTS: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
ACCURACIES: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
RATES: tuple[float, ...] = (1.0, 0.1, 0.01)


def onset_curves(lifetime: Lifetime, accuracy: float) -> dict:
    """Returns the onset along every dial around one lifetime, JSON-ready (fields: `report.data.onset_report`).

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
        "by_threat": [
            {
                "threat": threatened.threat,
                "complies_at_the_end": found.complies_at_the_end,
                "worth": found.worth,
                # Of the best policy that sees the cue alone.
                "training_rate": best_cue_policy(threatened, accuracy).in_training,
            }
            for threatened in (replace(lifetime, threat=threat) for threat in threats)
            for found in (plan_lifetime(threatened),)
        ],
        "by_horizon": [
            {
                "discount": discount,
                "training": training,
                "deployment": deployment,
                "onset": threat_onset(Lifetime(training, deployment, 1.0, discount), training),
            }
            # Beside its own discount another, because without one the number of training episodes plays no part.
            for discount in sorted({lifetime.discount, 1.0 if lifetime.discount < 1 else 0.9})
            for training in _grid(TRAININGS, lifetime.training)
            for deployment in _grid(DEPLOYMENTS, lifetime.deployment)
        ],
        "by_discount": [
            {
                "discount": discounted.discount,
                "complies_at_the_end": plan_lifetime(discounted).complies_at_the_end,
                "onset": threat_onset(discounted, lifetime.training),
                "onset_last": threat_onset(discounted, 1),
            }
            for discounted in (replace(lifetime, discount=one) for one in _grid(DISCOUNTS, lifetime.discount))
        ],
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


def _grid(values: Iterable[float], *own: float) -> list:
    """The values in order, those of this lifetime among them."""
    return sorted({*values, *own})
