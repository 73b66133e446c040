"""Known answers to what RFLO §4 raises: power, daemons, and corrigibility."""

from __future__ import annotations

import math
from functools import partial

from mesascope.theory.known_answer import KnownAnswer

_THEORY = "mesascope.theory."


def _density(x: float) -> float:
    """Of the standard normal distribution."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _below(x: float) -> float:
    """Probability that a standard normal number is below x."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


_options = partial(KnownAnswer, section="4.2", source="Turner et al. 2021, Optimal policies tend to seek power")
_POWER = _THEORY + "power:"
_CHAIN = ((1, 2), (1,), (3,), (3,))
_SHUTDOWN = ((1, 2), (1,), (3, 4, 5), (3,), (4,), (5,))
"""State 0 leads to shutdown, 1, or to 2, from where three ends are to be had."""
POWER = (
    *(
        _options(
            f"power.{ends}-ends",
            statement=f"POWER with k = {ends} within reach that pay uniform rewards: k / (k + 1)",
            expected=ends / (ends + 1),
            target=_POWER + "power_of_star",
            arguments={"ends": ends},
        )
        for ends in (1, 2, 3, 5)
    ),
    _options(
        "power.discounted",
        statement="one end next, another a step further, discount 0.5: 1/2 + 0.5^2 / 6",
        expected=0.5 + 0.5**2 / 6,
        target=_POWER + "power",
        arguments={"successors": _CHAIN, "start": 0, "discount": 0.5},
    ),
    _options(
        "power.shutdown",
        statement="share of objectives under which shutdown, one of 4 ends, is not the best: 3/4",
        expected=0.75,
        target=_POWER + "share_of_objectives_that_avoid",
        arguments={"successors": _SHUTDOWN, "start": 0, "end": 1},
    ),
    _options(
        "power.penalty",
        source="Turner et al. 2020, Attainable utility preservation",
        statement="mean change in attainable utility from keeping 4 ends to keeping 1: 4/5 - 1/2",
        expected=4 / 5 - 1 / 2,
        target=_POWER + "attainable_utility_penalty",
        arguments={"successors": _SHUTDOWN, "acted": 1, "idle": 0},
    ),
)

_goal = partial(KnownAnswer, section="4.3")
_DAEMONS = _THEORY + "daemons:"
DAEMONS = (
    _goal(
        "daemons.neutral",
        source="RFLO §4.3: no pressure on a goal that complies",
        statement="factor on the odds of a goal that scores as well as any, after 30 generations: 1",
        expected=1.0,
        target=_DAEMONS + "odds_factor",
        arguments={"cost": 0.0, "generations": 30},
    ),
    _goal(
        "daemons.costly",
        source="replicator dynamics",
        statement="factor on the odds of a goal that costs 5 % of the score, after 30 generations: 0.95^30",
        expected=0.95**30,
        target=_DAEMONS + "odds_factor",
        arguments={"cost": 0.05, "generations": 30},
    ),
    _goal(
        "daemons.bystander",
        source="replicator dynamics",
        statement="factor on those odds beside a third goal that scores twice as well: no other",
        expected=0.95**30,
        target=_DAEMONS + "odds_factor",
        arguments={"cost": 0.05, "generations": 30, "bystander": 2.0},
    ),
    _goal(
        "daemons.neutral-drift",
        source="Moran 1958",
        statement="chance that a neutral goal takes over from 3 of 10: its share",
        expected=0.3,
        target=_DAEMONS + "fixation_probability",
        arguments={"start": 3, "population": 10},
    ),
    _goal(
        "daemons.costly-drift",
        source="Moran 1958",
        statement="chance that a goal with 5 % less fitness takes over from 3 of 10: (1 - r^-3) / (1 - r^-10)",
        expected=(1 - 0.95**-3) / (1 - 0.95**-10),
        target=_DAEMONS + "fixation_probability",
        arguments={"start": 3, "population": 10, "relative_fitness": 0.95},
    ),
    *(
        _goal(
            f"daemons.onset-{slug}",
            section="4.5",
            source="Christiano 2019, What failure looks like; beta-binomial",
            statement=statement,
            expected=expected,
            target=_DAEMONS + "simultaneous_onset",
            arguments={"copies": 10, "probability": 0.5, "correlation": correlation},
            part=part,
        )
        for slug, correlation, part, expected, statement in (
            ("independent", 0.0, "all_at_once", 2.0**-10, "10 independent copies turn at once: 2^-10"),
            (
                "correlated",
                1 / 3,
                "all_at_once",
                1 / 11,
                "10 copies with correlation 1/3 do, every number being as likely: 1/11",
            ),
            ("shared", 1.0, "all_at_once", 0.5, "10 copies with one shared trigger do: as likely as one"),
            (
                "variance",
                1 / 3,
                "variance",
                10 * 0.25 * (1 + 9 / 3),
                "variance of how many turn, correlation 1/3: n p (1-p) (1 + (n-1) 1/3)",
            ),
        )
    ),
)

_button = partial(KnownAnswer, section="4.4", source="Soares et al. 2015, Corrigibility")
_INDIFFERENCE = _THEORY + "utility_indifference:"
UTILITY_INDIFFERENCE = (
    _button(
        "button.uncorrected",
        statement="action of the uncorrected agent: 2, it disables the button (9.5 against 5)",
        expected=2,
        target=_INDIFFERENCE + "chosen",
        arguments={"corrected": False},
        part="0",
        tolerance=0.0,
    ),
    *(
        _button(
            f"button.{'corrected' if corrected else 'uncorrected'}-{what}",
            statement=f"value of '{what}' to the {'corrected' if corrected else 'uncorrected'} agent",
            expected=expected,
            target=_INDIFFERENCE + "values",
            arguments={"corrected": corrected},
            part=str(action),
            remark=remark,
        )
        for corrected, what, action, expected, remark in (
            (False, "work", 0, 5.0, ""),
            (False, "disable", 2, 9.5, ""),
            (True, "work", 0, 10.0, ""),
            (True, "have it pressed", 1, 10.0, "a tie: indifferent both ways"),
            (True, "disable", 2, 9.5, ""),
        )
    ),
    *(
        _button(
            f"button.pays-{slug}",
            statement=f"what the corrected agent pays to have the button {what}: nothing",
            expected=0.0,
            target=_INDIFFERENCE + "price_of_the_button",
            arguments={"corrected": True, "towards": towards},
        )
        for slug, what, towards in (("to-break", "broken", 0.0), ("to-press", "pressed", 1.0))
    ),
    _button(
        "button.uncorrected-pays",
        statement="what the uncorrected agent pays to have it broken: 10 - 9.5",
        expected=0.5,
        target=_INDIFFERENCE + "price_of_the_button",
        arguments={"corrected": False, "towards": 0.0},
    ),
    _button(
        "button.defect",
        statement="whether the corrected agent keeps the button in repair at a cost of 0.000001: never",
        expected=0,
        target=_INDIFFERENCE + "keeps_the_button_working",
        arguments={"cost": 1e-6, "corrected": True},
        tolerance=0.0,
        remark="the known defect of the proposal, asserted and not mended",
    ),
)

_switch = partial(KnownAnswer, section="4.4", source="Hadfield-Menell et al. 2017, The off-switch game", tolerance=1e-8)
_OFF_SWITCH = _THEORY + "off_switch:"
OFF_SWITCH = (
    *(
        _switch(
            f"switch.mean-{mean:g}",
            statement=f"worth of deferring, belief N({mean:g}, 1): "
            + ("1 / sqrt(2 pi)" if mean == 0 else "phi(m) + m Phi(m) - max(m, 0)"),
            expected=_density(mean) + mean * _below(mean) - max(mean, 0.0),
            target=_OFF_SWITCH + "value_of_deferring",
            arguments={"mean": mean},
        )
        for mean in (0.0, 0.5, -0.5, 1.0, -1.0)
    ),
    *(
        _switch(
            f"switch.human-{temperature:g}",
            statement=f"worth of deferring to a Boltzmann human of temperature {temperature:g}, belief N(0.5, 1)",
            expected=expected,
            target=_OFF_SWITCH + "value_of_deferring",
            arguments={"mean": 0.5, "temperature": temperature},
            tolerance=tolerance,
            remark="" if tolerance < 1e-6 else "stated to three digits",
        )
        for temperature, expected, tolerance in (
            (0.1, 0.192, 5e-4),
            (0.5, 0.105, 5e-4),
            (1.0, 0.0, 1e-8),
            (2.0, -0.104, 5e-4),
        )
    ),
    *(
        _switch(
            f"switch.break-even-{index}",
            statement=f"temperature where that is worth 0, belief N({mean:g}, {deviation:g}^2): variance / (2 |mean|)",
            expected=deviation**2 / (2 * abs(mean)),
            target=_OFF_SWITCH + "break_even_temperature",
            arguments={"mean": mean, "deviation": deviation},
            tolerance=1e-7,
        )
        for index, (mean, deviation) in enumerate(((0.5, 1.0), (0.8, 1.3), (-0.8, 1.3)), start=1)
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (
    *POWER,
    *DAEMONS,
    *UTILITY_INDIFFERENCE,
    *OFF_SWITCH,
)
"""Every row of this part."""
