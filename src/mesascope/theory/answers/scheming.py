"""Known answers about schemers (RFLO §4.2 to §4.5): when to wait, what to gamble, how long a shield lasts."""

from __future__ import annotations

import math
from functools import partial

from mesascope.theory.known_answer import KnownAnswer, Value

_LIFETIMES = "mesascope.theory.lifetimes:"
_CUE = "mesascope.theory.cue_accuracy:"
_SHIELDS = "mesascope.theory.gradient_hacking:"


def _lifetime(training: int = 2, deployment: int = 3, threat: float = 1.0, discount: float = 1.0) -> Value:
    fields = {"training": training, "deployment": deployment, "threat": threat, "discount": discount}
    return Value(_LIFETIMES + "Lifetime", fields)


def _value(episodes: int, discount: float) -> float:
    return math.fsum(discount**index for index in range(episodes))


_wait = partial(KnownAnswer, section="4.2", source="RFLO figure 4.1 and §4.2; backward induction")
ONSET = (
    *(
        _wait(
            f"onset.{training}-{deployment}-{discount:g}",
            statement=f"least threat under which {training} of training before {deployment} of deployment "
            f"{'is' if training == 1 else 'are all'} complied with, discount {discount:g}: 1 / (g^n V)",
            expected=1 / (discount**training * _value(deployment, discount)),
            target=_LIFETIMES + "searched_onset",
            arguments={
                "lifetime": _lifetime(training, deployment, 1.0, discount),
                "last": training,
                "precision": 1e-12,
            },
        )
        for training, deployment, discount in (
            (1, 3, 1.0),
            (5, 3, 1.0),
            (1, 1, 1.0),
            (1, 2, 1.0),
            (1, 3, 0.9),
            (2, 3, 0.9),
            (5, 3, 0.9),
        )
    ),
    _wait(
        "onset.value",
        statement="value of the best plan of figure 4.1 (A, A, B, B, B): 3",
        expected=3,
        target=_LIFETIMES + "plan_lifetime",
        arguments={"lifetime": _lifetime()},
        part="worth",
    ),
    _wait(
        "onset.conditions",
        statement="of the 8 combinations of the three conditions, those under which the best plan is deceptive: 1",
        expected=1,
        target=_LIFETIMES + "count_deceptive",
        arguments={"lifetime": _lifetime(threat=0.5)},
        tolerance=0.0,
    ),
    *(
        _wait(
            f"onset.late-{discount:g}",
            statement=f"last of 6 episodes complied with at discount {discount:g}: the k with p g^k V >= 1",
            expected=sum(0.9 * discount**k * _value(3, discount) >= 1 for k in range(1, 7)),
            target=_LIFETIMES + "plan_lifetime",
            arguments={"lifetime": _lifetime(6, 3, 0.9, discount)},
            part="complies_at_the_end",
            tolerance=0.0,
            remark="aligned late in training is the sign of a short-sighted schemer",
        )
        for discount in (0.6, 0.8, 0.9)
    ),
)

_gamble = partial(KnownAnswer, section="4.5", source="RFLO §4.5, figure 4.1")
GAMBLE = (
    _gamble(
        "gamble.rate",
        statement="best rate of defection where episodes cannot be told apart: 9q^2 - 14q + 5 = 0, so 5/9",
        expected=5 / 9,
        target=_CUE + "blind_gamble",
        arguments={"lifetime": _lifetime()},
        part="when_training",
        published=0.61,
        remark="the paper prints about 0.61; under its rules that is worth 1.1262, and 5/9 is worth 1.1317",
    ),
    _gamble(
        "gamble.value",
        statement="its value, 275/243",
        expected=275 / 243,
        target=_CUE + "blind_gamble",
        arguments={"lifetime": _lifetime()},
        part="value",
    ),
    _gamble(
        "gamble.printed-rate",
        statement="value of the printed rate 0.61: 5q - 7q^2 + 3q^3",
        expected=5 * 0.61 - 7 * 0.61**2 + 3 * 0.61**3,
        target=_CUE + "blind_value",
        arguments={"lifetime": _lifetime(), "defection": 0.61},
    ),
    *(
        _gamble(
            f"gamble.cue-{accuracy:g}",
            statement=f"value with a cue that is right with {accuracy:g}, obeyed: 1 - a^2 + 3a^3",
            expected=1 - accuracy**2 + 3 * accuracy**3,
            target=_CUE + "best_cue_policy",
            arguments={"lifetime": _lifetime(), "accuracy": accuracy},
            part="value",
        )
        for accuracy in (0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
    ),
)


def _real_root(deployment: int) -> float:
    """Of 8 m c^3 + c - 1, by Cardano's formula."""
    p = 1 / (8 * deployment)
    root = math.sqrt(p**2 / 4 + p**3 / 27)
    return math.cbrt(p / 2 + root) + math.cbrt(p / 2 - root)


_GOALS = "mesascope.theory.gradient_updated_goal:"
_moved = partial(
    KnownAnswer,
    section="4.3",
    source="Moe 2023, Simple experiments with deceptive alignment",
    target=_GOALS + "plan_updated_goal",
)
UPDATED_GOAL = (
    *(
        _moved(
            f"hiding.last-{deployment}",
            statement=f"openness in the last training episode before {deployment} of deployment: 8 m c^3 + c = 1",
            expected=_real_root(deployment),
            arguments={"goal": Value(_GOALS + "UpdatedGoal", {"training": 20, "deployment": deployment})},
            part="openness.-1",
            tolerance=1e-7,
        )
        for deployment in (1, 5, 20, 80)
    ),
    *(
        _moved(
            f"hiding.{slug}",
            statement=statement,
            expected=expected,
            arguments={"goal": Value(_GOALS + "UpdatedGoal", {"training": 20, "deployment": 80})},
            part=part,
            tolerance=5e-4,
            remark="stated to three digits",
        )
        for slug, part, expected, statement in (
            ("first", "openness.0", 0.031, "openness in the first of 20 training episodes before 80 of deployment"),
            ("kept", "kept", 0.904, "share of its goal that it keeps through training"),
        )
    ),
)


def _slow_life(strength: float) -> float:
    return math.log(strength) + strength**2 - 1 + (strength**4 - 1) / 4


_FOLD_AT = 1 + 2 * math.cos(math.pi / 9)
"""Where the coupling that holds a shield of 4 at rest is least: 4h^3 - 12h^2 + 4 = 0, a cubic of three real roots."""
_shield = partial(KnownAnswer, section="4.3", source="gradient flow on goal and shield; figures of the note")
SHIELDS = (
    *(
        _shield(
            f"shield.life-{strength}",
            statement=f"time until a goal behind a shield of {strength} is half moved, simulated",
            expected=life,
            target=_SHIELDS + "simulate_shield",
            arguments={"shield": Value(_SHIELDS + "Shield", {"strength": float(strength)})},
            part="life",
            tolerance=tolerance,
            remark=f"ln h + h^2 - 1 + (h^4 - 1) / 4 is {_slow_life(strength):.2f}; the lag at the start is the rest",
        )
        for strength, life, tolerance in ((2, 8.71, 5e-3), (3, 30.42, 5e-3), (4, 81.48, 5e-3), (6, 361.9, 5e-2))
    ),
    _shield(
        "shield.fold",
        statement="least coupling that keeps a shield of 4 for ever: h / ((1+h^2)^2 (4-h)) at h = 1 + 2 cos 20 degrees",
        expected=_FOLD_AT / ((1 + _FOLD_AT**2) ** 2 * (4 - _FOLD_AT)),
        target=_SHIELDS + "fold",
        arguments={"strength": 4.0},
    ),
    *(
        _shield(
            f"shield.coupling-{coupling:g}",
            statement=f"where the goal comes to rest at a coupling of {coupling:g}, {side} the fold",
            expected=goal,
            target=_SHIELDS + "simulate_shield",
            arguments={"shield": Value(_SHIELDS + "Shield", {"strength": 4.0, "coupling": coupling})},
            part="goal",
            tolerance=5e-4,
            remark="stated to three digits",
        )
        for coupling, goal, side in ((0.028, 0.988, "below"), (0.031, 0.092, "above"))
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (*ONSET, *UPDATED_GOAL, *SHIELDS, *GAMBLE)
"""Every row of this part."""
