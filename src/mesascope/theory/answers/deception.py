"""Known answers to what RFLO §4 raises: power, daemons, and corrigibility."""

from __future__ import annotations

import math

from mesascope.theory.known_answer import KnownAnswer, Topic


def _density(x: float) -> float:
    """Of the standard normal distribution."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _below(x: float) -> float:
    """Probability that a standard normal number is below x."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


_options = Topic("power", "4.2", "Turner et al. 2021, Optimal policies tend to seek power", "power")
_CHAIN = ((1, 2), (1,), (3,), (3,))
_SHUTDOWN = ((1, 2), (1,), (3, 4, 5), (3,), (4,), (5,))
"""State 0 leads to shutdown, 1, or to 2, from where three ends are to be had."""
POWER = (
    *(
        _options(
            f"{ends}-ends",
            f"POWER with k = {ends} within reach that pay uniform rewards: k / (k + 1)",
            ends / (ends + 1),
            "power_of_star",
            ends=ends,
        )
        for ends in (1, 2, 3, 5)
    ),
    _options(
        "discounted",
        "one end next, another a step further, discount 0.5: 1/2 + 0.5^2 / 6",
        0.5 + 0.5**2 / 6,
        "power",
        successors=_CHAIN,
        start=0,
        discount=0.5,
    ),
    _options(
        "shutdown",
        "share of objectives under which shutdown, one of 4 ends, is not the best: 3/4",
        0.75,
        "share_of_objectives_that_avoid",
        successors=_SHUTDOWN,
        start=0,
        end=1,
    ),
    _options(
        "penalty",
        "mean change in attainable utility from keeping 4 ends to keeping 1: 4/5 - 1/2",
        4 / 5 - 1 / 2,
        "attainable_utility_penalty",
        source="Turner et al. 2020, Attainable utility preservation",
        successors=_SHUTDOWN,
        acted=1,
        idle=0,
    ),
)

_goal = Topic("daemons", "4.3", "replicator dynamics", "daemons")
_ONSET = "Christiano 2019, What failure looks like; beta-binomial"
DAEMONS = (
    _goal(
        "neutral",
        "factor on the odds of a goal that scores as well as any, after 30 generations: 1",
        1.0,
        "odds_factor",
        source="RFLO §4.3: no pressure on a goal that complies",
        cost=0.0,
        generations=30,
    ),
    _goal(
        "costly",
        "factor on the odds of a goal that costs 5 % of the score, after 30 generations: 0.95^30",
        0.95**30,
        "odds_factor",
        cost=0.05,
        generations=30,
    ),
    _goal(
        "bystander",
        "factor on those odds beside a third goal that scores twice as well: no other",
        0.95**30,
        "odds_factor",
        cost=0.05,
        generations=30,
        bystander=2.0,
    ),
    _goal(
        "neutral-drift",
        "chance that a neutral goal takes over from 3 of 10: its share",
        0.3,
        "fixation_probability",
        source="Moran 1958",
        start=3,
        population=10,
    ),
    _goal(
        "costly-drift",
        "chance that a goal with 5 % less fitness takes over from 3 of 10: (1 - r^-3) / (1 - r^-10)",
        (1 - 0.95**-3) / (1 - 0.95**-10),
        "fixation_probability",
        source="Moran 1958",
        start=3,
        population=10,
        relative_fitness=0.95,
    ),
    *(
        _goal(
            f"onset-{slug}",
            statement,
            expected,
            "simultaneous_onset",
            part,
            section="4.5",
            source=_ONSET,
            copies=10,
            probability=0.5,
            correlation=correlation,
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

_button = Topic("button", "4.4", "Soares et al. 2015, Corrigibility", "utility_indifference")
UTILITY_INDIFFERENCE = (
    _button(
        "uncorrected",
        "action of the uncorrected agent: 2, it disables the button (9.5 against 5)",
        2,
        "chosen",
        "0",
        tolerance=0.0,
        corrected=False,
    ),
    *(
        _button(
            f"{'corrected' if corrected else 'uncorrected'}-{what}",
            f"value of '{what}' to the {'corrected' if corrected else 'uncorrected'} agent",
            expected,
            "values",
            str(action),
            remark=remark,
            corrected=corrected,
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
        _button(what, statement, expected, "price_of_the_button", corrected=corrected, towards=towards)
        for what, corrected, towards, expected, statement in (
            ("pays-to-break", True, 0.0, 0.0, "what the corrected agent pays to have the button broken: nothing"),
            ("pays-to-press", True, 1.0, 0.0, "what the corrected agent pays to have the button pressed: nothing"),
            ("uncorrected-pays", False, 0.0, 0.5, "what the uncorrected agent pays to have it broken: 10 - 9.5"),
        )
    ),
    _button(
        "defect",
        "whether the corrected agent keeps the button in repair at a cost of 0.000001: never",
        0,
        "keeps_the_button_working",
        tolerance=0.0,
        remark="the known defect of the proposal, asserted and not mended",
        cost=1e-6,
        corrected=True,
    ),
)

_switch = Topic("switch", "4.4", "Hadfield-Menell et al. 2017, The off-switch game", "off_switch", 1e-8)
OFF_SWITCH = (
    *(
        _switch(
            f"mean-{mean:g}",
            f"worth of deferring, belief N({mean:g}, 1): "
            + ("1 / sqrt(2 pi)" if mean == 0 else "phi(m) + m Phi(m) - max(m, 0)"),
            _density(mean) + mean * _below(mean) - max(mean, 0.0),
            "value_of_deferring",
            mean=mean,
        )
        for mean in (0.0, 0.5, -0.5, 1.0, -1.0)
    ),
    *(
        _switch(
            f"human-{temperature:g}",
            f"worth of deferring to a Boltzmann human of temperature {temperature:g}, belief N(0.5, 1)",
            expected,
            "value_of_deferring",
            tolerance=tolerance,
            remark=remark,
            mean=0.5,
            temperature=temperature,
        )
        for temperature, expected, tolerance, remark in (
            (0.1, 0.192, 5e-4, "stated to three digits"),
            (0.5, 0.105, 5e-4, "stated to three digits"),
            (1.0, 0.0, 1e-8, ""),
            (2.0, -0.104, 5e-4, "stated to three digits"),
        )
    ),
    *(
        _switch(
            f"break-even-{index}",
            f"temperature where that is worth 0, belief N({mean:g}, {deviation:g}^2): variance / (2 |mean|)",
            deviation**2 / (2 * abs(mean)),
            "break_even_temperature",
            tolerance=1e-7,
            mean=mean,
            deviation=deviation,
        )
        for index, (mean, deviation) in enumerate(((0.5, 1.0), (0.8, 1.3), (-0.8, 1.3)), start=1)
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (*POWER, *DAEMONS, *UTILITY_INDIFFERENCE, *OFF_SWITCH)
"""Every row of this part."""
