"""Known answers about schemers (RFLO §4.2 to §4.5): when to wait, what to gamble, how long a shield lasts."""

from __future__ import annotations

import math
from typing import Any

from mesascope.theory.known_answer import KnownAnswer, Topic, Value

_wait = Topic("onset", "4.2", "RFLO figure 4.1 and §4.2; backward induction", "lifetimes")


def _lifetime(training: int = 2, deployment: int = 3, threat: float = 1.0, discount: float = 1.0) -> Value:
    return _wait.value("Lifetime", training=training, deployment=deployment, threat=threat, discount=discount)


def _value(episodes: int, discount: float) -> float:
    return math.fsum(discount**index for index in range(episodes))


ONSET = (
    *(
        _wait(
            f"{training}-{deployment}-{discount:g}",
            f"least threat under which {training} of training before {deployment} of deployment "
            f"{'is' if training == 1 else 'are all'} complied with, discount {discount:g}: 1 / (g^n V)",
            1 / (discount**training * _value(deployment, discount)),
            "searched_onset",
            lifetime=_lifetime(training, deployment, 1.0, discount),
            last=training,
            precision=1e-12,
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
        "value",
        "value of the best plan of figure 4.1 (A, A, B, B, B): 3",
        3,
        "plan_lifetime",
        "worth",
        lifetime=_lifetime(),
    ),
    _wait(
        "conditions",
        "of the 8 combinations of the three conditions, those under which the best plan is deceptive: 1",
        1,
        "count_deceptive",
        tolerance=0.0,
        lifetime=_lifetime(threat=0.5),
    ),
    *(
        _wait(
            f"late-{discount:g}",
            f"last of 6 episodes complied with at discount {discount:g}: the k with p g^k V >= 1",
            sum(0.9 * discount**k * _value(3, discount) >= 1 for k in range(1, 7)),
            "plan_lifetime",
            "complies_at_the_end",
            tolerance=0.0,
            remark="aligned late in training is the sign of a short-sighted schemer",
            lifetime=_lifetime(6, 3, 0.9, discount),
        )
        for discount in (0.6, 0.8, 0.9)
    ),
)

_gamble = Topic("gamble", "4.5", "RFLO §4.5, figure 4.1", "cue_accuracy")
GAMBLE = (
    _gamble(
        "rate",
        "best rate of defection where episodes cannot be told apart: 9q^2 - 14q + 5 = 0, so 5/9",
        5 / 9,
        "blind_gamble",
        "when_training",
        published=0.61,
        remark="the paper prints about 0.61; under its rules that is worth 1.1262, and 5/9 is worth 1.1317",
        lifetime=_lifetime(),
    ),
    _gamble("value", "its value, 275/243", 275 / 243, "blind_gamble", "value", lifetime=_lifetime()),
    _gamble(
        "printed-rate",
        "value of the printed rate 0.61: 5q - 7q^2 + 3q^3",
        5 * 0.61 - 7 * 0.61**2 + 3 * 0.61**3,
        "blind_value",
        lifetime=_lifetime(),
        defection=0.61,
    ),
    *(
        _gamble(
            f"cue-{accuracy:g}",
            f"value with a cue that is right with {accuracy:g}, obeyed: 1 - a^2 + 3a^3",
            1 - accuracy**2 + 3 * accuracy**3,
            "best_cue_policy",
            "value",
            lifetime=_lifetime(),
            accuracy=accuracy,
        )
        for accuracy in (0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
    ),
)


def _real_root(deployment: int) -> float:
    """Of 8 m c^3 + c - 1, by Cardano's formula."""
    p = 1 / (8 * deployment)
    root = math.sqrt(p**2 / 4 + p**3 / 27)
    return math.cbrt(p / 2 + root) + math.cbrt(p / 2 - root)


_moved = Topic("hiding", "4.3", "Moe 2023, Simple experiments with deceptive alignment", "gradient_updated_goal")
UPDATED_GOAL = (
    *(
        _moved(
            f"last-{deployment}",
            f"openness in the last training episode before {deployment} of deployment: 8 m c^3 + c = 1",
            _real_root(deployment),
            "plan_updated_goal",
            "openness.-1",
            tolerance=1e-7,
            goal=_moved.value("UpdatedGoal", training=20, deployment=deployment),
        )
        for deployment in (1, 5, 20, 80)
    ),
    *(
        _moved(
            what,
            statement,
            expected,
            "plan_updated_goal",
            part,
            tolerance=5e-4,
            remark="stated to three digits",
            goal=_moved.value("UpdatedGoal", training=20, deployment=80),
        )
        for what, part, expected, statement in (
            ("first", "openness.0", 0.031, "openness in the first of 20 training episodes before 80 of deployment"),
            ("kept", "kept", 0.904, "share of its goal that it keeps through training"),
        )
    ),
)


def _slow_life(strength: float) -> float:
    return math.log(strength) + strength**2 - 1 + (strength**4 - 1) / 4


_FOLD_AT = 1 + 2 * math.cos(math.pi / 9)
"""Where the coupling that holds a shield of 4 at rest is least: 4h^3 - 12h^2 + 4 = 0, a cubic of three real roots."""
_shield = Topic("shield", "4.3", "gradient flow on goal and shield; figures of the note", "gradient_hacking")
SHIELDS = (
    *(
        _shield(
            f"life-{strength}",
            f"time until a goal behind a shield of {strength} is half moved, simulated",
            life,
            "simulate_shield",
            "life",
            tolerance=tolerance,
            remark=f"ln h + h^2 - 1 + (h^4 - 1) / 4 is {_slow_life(strength):.2f}; the lag at the start is the rest",
            shield=_shield.value("Shield", strength=float(strength)),
        )
        for strength, life, tolerance in ((2, 8.71, 5e-3), (3, 30.42, 5e-3), (4, 81.48, 5e-3), (6, 361.9, 5e-2))
    ),
    _shield(
        "fold",
        "least coupling that keeps a shield of 4 for ever: h / ((1+h^2)^2 (4-h)) at h = 1 + 2 cos 20 degrees",
        _FOLD_AT / ((1 + _FOLD_AT**2) ** 2 * (4 - _FOLD_AT)),
        "fold",
        strength=4.0,
    ),
    *(
        _shield(
            f"coupling-{coupling:g}",
            f"where the goal comes to rest at a coupling of {coupling:g}, {side} the fold",
            goal,
            "simulate_shield",
            "goal",
            tolerance=5e-4,
            remark="stated to three digits",
            shield=_shield.value("Shield", strength=4.0, coupling=coupling),
        )
        for coupling, goal, side in ((0.028, 0.988, "below"), (0.031, 0.092, "above"))
    ),
)

_driver = Topic("driver", "4.5", "Aumann, Hart & Perry 1997, The absent-minded driver", "absent_minded_driver")
_TWO, _THREE = (0.0, 4.0, 1.0), (7.0, 0.0, 22.0, 2.0)
_PAYOFFS = {_TWO: "exits pay 0, 4, the end 1", _THREE: "exits pay 7, 0, 22, the end 2"}
_CONTINUE = "continue_probability"
_WORSE = 7 / 30
_WORSE_VALUE = 7 - 7 * _WORSE + 22 * _WORSE**2 - 20 * _WORSE**3
_FURTHER: dict[str, dict[str, Any]] = {
    "action-optima": {"tolerance": 0.0},
    "three-action-optima": {"tolerance": 0.0},
    "belief": {_CONTINUE: 2 / 3},
    "spurious": {"belief": 3 / 5},
}
_SPURIOUS = "all planned anew with that belief held fixed, the spurious 1/3"
ABSENT_MINDEDNESS = tuple(
    _driver(what, f"{_PAYOFFS[payoffs]}: {told}", expected, function, part, payoffs=payoffs, **_FURTHER.get(what, {}))
    for what, payoffs, function, part, expected, told in (
        ("plan", _TWO, "planning_optimum", _CONTINUE, 2 / 3, "best plan, drive on with 2/3"),
        ("value", _TWO, "planning_optimum", "value", 4 / 3, "value of the best plan, 4/3"),
        ("action-optima", _TWO, "count_action_optima", "", 1, "action-optimal plans, one"),
        ("action-optimum", _TWO, "action_optima", f"0.{_CONTINUE}", 2 / 3, "that one is the best plan, 2/3"),
        ("belief", _TWO, "beliefs", "0", 3 / 5, "belief at the first, 1 / (1 + p)"),
        ("spurious", _TWO, "optimum_at_fixed_belief", _CONTINUE, 1 / 3, _SPURIOUS),
        ("three-plan", _THREE, "planning_optimum", _CONTINUE, 0, "best plan, leave at once"),
        ("three-value", _THREE, "planning_optimum", "value", 7, "value of the best plan, 7"),
        ("three-action-optima", _THREE, "count_action_optima", "", 3, "action-optimal plans, three"),
        ("three-first", _THREE, "action_optima", f"1.{_CONTINUE}", _WORSE, "a worse action-optimal plan, 7/30"),
        ("three-first-value", _THREE, "action_optima", "1.value", _WORSE_VALUE, "its value, 6.310"),
        ("three-second", _THREE, "action_optima", f"2.{_CONTINUE}", 1 / 2, "another action-optimal plan, 1/2"),
        ("three-second-value", _THREE, "action_optima", "2.value", 6.5, "its value, 6.5"),
    )
)

ANSWERS: tuple[KnownAnswer, ...] = (*ABSENT_MINDEDNESS, *ONSET, *UPDATED_GOAL, *SHIELDS, *GAMBLE)
"""Every row of this part."""
