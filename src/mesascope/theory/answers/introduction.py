"""Known answers to what RFLO §1 raises: optimization power, bottle caps, contracts, Goodhart's law."""

from __future__ import annotations

import math
from functools import partial

from mesascope.theory.known_answer import KnownAnswer

_THEORY = "mesascope.theory."


def _harmonic(n: int) -> float:
    return math.fsum(1 / k for k in range(1, n + 1))


_bits = partial(KnownAnswer, section="1", source="Yudkowsky 2008, Measuring optimization power")
_POWER_BITS = _THEORY + "optimization_power:"
OPTIMIZATION_POWER = (
    *(
        _bits(
            f"bits.best-of-{n}",
            statement=f"expected bits of the best of {n} uniform outcomes: H_n / ln 2",
            expected=_harmonic(n) / math.log(2),
            target=_POWER_BITS + "expected_bits",
            arguments={"n": n},
            tolerance=1e-8,
            remark="this much a random pick has, too: subtract it" if n == 1 else "",
        )
        for n in (1, 10, 100)
    ),
    _bits(
        "bits.pick-of-8",
        statement="expected bits of a random one of 8 distinct outcomes: log2(8) - log2(8!) / 8",
        expected=3 - math.log2(math.factorial(8)) / 8,
        target=_POWER_BITS + "expected_bits_of_a_pick",
        arguments={"outcomes": 8},
    ),
    _bits(
        "bits.one-in-1024",
        statement="bits of the best of 1024 outcomes: 10",
        expected=10.0,
        target=_POWER_BITS + "bits",
        arguments={"achieved": 1023.0, "outcomes": tuple(float(outcome) for outcome in range(1024))},
    ),
)

_cap = partial(KnownAnswer, section="1", source="Filan 2018, Bottle caps aren't optimisers", tolerance=1e-9)
BOTTLE_CAPS = tuple(
    _cap(
        f"bottle.{controller}-{part}",
        statement=statement,
        expected=expected,
        target=_THEORY + "bottle_cap:gate",
        arguments={"controller": controller, "molecules": 8},
        part=part,
        remark=remark,
    )
    for controller, part, expected, statement, remark in (
        ("cap", "bits", 8.0, "bits of a cap on 8 molecules that would each leave with probability 1/2", ""),
        ("cap", "exchanged", 0.0, "bits of that cap once water is wanted outside: it stays a cap", ""),
        ("planner", "bits", 8.0, "bits of a planner for keeping water in: the same outcome", ""),
        ("planner", "exchanged", 8.0, "bits of that planner once water is wanted outside: it empties the bottle", ""),
        (
            "thermostat",
            "retargets",
            1.0,
            "whether a rule that reads the sign of the objective passes the exchange, too",
            "so the exchange rules out caps and habits and does not prove search",
        ),
    )
)

_pay = partial(KnownAnswer, section="1.2", target=_THEORY + "principal_agent:best_contract")
_DISTORTED = {"wanted": (1.0, 0.5), "measured": (0.6, 1.2)}
PRINCIPAL_AGENT = (
    _pay(
        "contract.noise",
        source="Holmstrom & Milgrom 1991",
        statement="slope of the best linear contract, 1 / (1 + r c s^2), at r = 2, c = 1, s^2 = 0.5",
        expected=1 / (1 + 2 * 1 * 0.5),
        arguments={
            "wanted": (1.0,),
            "measured": (1.0,),
            "cost": 1.0,
            "risk_aversion": 2.0,
            "noise_variance": 0.5,
        },
        part="slope",
    ),
    _pay(
        "contract.costly-effort",
        source="Holmstrom & Milgrom 1991",
        statement="slope of the best linear contract at r = 3, c = 2, s^2 = 0.25",
        expected=1 / (1 + 3 * 2 * 0.25),
        arguments={
            "wanted": (1.0,),
            "measured": (1.0,),
            "cost": 2.0,
            "risk_aversion": 3.0,
            "noise_variance": 0.25,
        },
        part="slope",
    ),
    _pay(
        "contract.distorted-slope",
        source="Baker 2002",
        statement="slope for a measure (0.6, 1.2) of what is wanted, (1, 0.5): |f| / |g| cos",
        expected=(1 * 0.6 + 0.5 * 1.2) / (0.6**2 + 1.2**2),
        arguments=_DISTORTED,
        part="slope",
    ),
    _pay(
        "contract.distorted-share",
        source="Baker 2002",
        statement="share of the ideal surplus under that measure: cos^2 = 0.64",
        expected=0.64,
        arguments=_DISTORTED,
        part="surplus_share",
    ),
    _pay(
        "contract.distorted-and-noisy",
        source="Baker 2002",
        statement="slope for that measure with noise: f.g / (|g|^2 + r c s^2), at r = 1, c = 1, s^2 = 0.2",
        expected=1.2 / (1.8 + 0.2),
        arguments={**_DISTORTED, "cost": 1.0, "risk_aversion": 1.0, "noise_variance": 0.2},
        part="slope",
    ),
    KnownAnswer(
        "contract.cosine",
        "1.2",
        "Baker 2002",
        "cosine between the gradients of the wanted (1, 0.5) and of the proxy (0.6, 1.2): 0.8",
        0.8,
        _THEORY + "principal_agent:alignment_cosine",
        {"first": (1.0, 0.5), "second": (0.6, 1.2)},
    ),
)

_GOODHART = "mesascope.theory.goodhart:"
_best = partial(KnownAnswer, section="1.2", target=_GOODHART + "regressional", part="0")
_NOISE = (
    "the printed figure is a sample's; expected is n (n-1) int F^(n-2) f^2, from Tweedie's formula E[V|x] = -f'(x)/f(x)"
)
GOODHART = (
    *(
        _best(
            f"goodhart.normal-{n}",
            source="Manheim & Garrabrant 2018; order statistics of Harter 1961",
            statement=f"true value of the best of {n} by a proxy with as much normal noise: E max / sqrt 2",
            expected=maximum / math.sqrt(2),
            arguments={"n": [n]},
            tolerance=1e-5,
        )
        for n, maximum in ((2, 1 / math.sqrt(math.pi)), (10, 1.53875), (100, 2.50759), (1000, 3.24144))
    ),
    *(
        _best(
            f"goodhart.{noise}-{n}",
            source="Kwa, Thomas & Garriga-Alonso 2024",
            statement=f"true value of the best of {n} by a proxy with {name} noise: it falls with n",
            expected=expected,
            arguments={"n": [n], "noise": noise},
            tolerance=2e-5,
            published=published,
            remark=_NOISE,
        )
        for noise, name, n, expected, published in (
            ("student-3", "Student's t (3)", 10, 0.8255717, 0.824),
            ("student-3", "Student's t (3)", 100, 0.7188728, 0.715),
            ("student-3", "Student's t (3)", 1000, 0.3494975, 0.331),
            ("student-3", "Student's t (3)", 10_000, 0.1609054, 0.087),
            ("cauchy", "Cauchy", 10, 0.4116138, 0.409),
            ("cauchy", "Cauchy", 100, 0.0626906, 0.060),
            ("cauchy", "Cauchy", 1000, 0.0062774, 0.0),
        )
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (
    *OPTIMIZATION_POWER,
    *BOTTLE_CAPS,
    *PRINCIPAL_AGENT,
    *GOODHART,
)
"""Every row of this part."""
