"""Known answers to what RFLO §1 raises: optimization power, bottle caps, contracts, Goodhart's law."""

from __future__ import annotations

import math
from typing import Any

from mesascope.theory.known_answer import KnownAnswer, Topic

_bits = Topic("bits", "1", "Yudkowsky 2008, Measuring optimization power", "optimization_power")
OPTIMIZATION_POWER = (
    *(
        _bits(
            f"best-of-{n}",
            f"expected bits of the best of {n} uniform outcomes: H_n / ln 2",
            math.fsum(1 / k for k in range(1, n + 1)) / math.log(2),
            "expected_bits",
            n=n,
            tolerance=1e-8,
            remark="this much a random pick has, too: subtract it" if n == 1 else "",
        )
        for n in (1, 10, 100)
    ),
    _bits(
        "pick-of-8",
        "expected bits of a random one of 8 distinct outcomes: log2(8) - log2(8!) / 8",
        3 - math.log2(math.factorial(8)) / 8,
        "expected_bits_of_a_pick",
        outcomes=8,
    ),
    _bits(
        "one-in-1024",
        "bits of the best of 1024 outcomes: 10",
        10.0,
        "bits",
        achieved=1023.0,
        outcomes=tuple(float(outcome) for outcome in range(1024)),
    ),
)

_cap = Topic("bottle", "1", "Filan 2018, Bottle caps aren't optimisers", "bottle_cap")
BOTTLE_CAPS = tuple(
    _cap(f"{controller}-{part}", statement, expected, "gate", part, remark=remark, controller=controller, molecules=8)
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

_pay = Topic("contract", "1.2", "Baker 2002", "principal_agent")
_HOLMSTROM = "Holmstrom & Milgrom 1991"
_AS_WANTED: dict[str, Any] = {"wanted": (1.0,), "measured": (1.0,)}
_DISTORTED: dict[str, Any] = {"wanted": (1.0, 0.5), "measured": (0.6, 1.2)}
PRINCIPAL_AGENT = (
    _pay(
        "noise",
        "slope of the best linear contract, 1 / (1 + r c s^2), at r = 2, c = 1, s^2 = 0.5",
        1 / (1 + 2 * 1 * 0.5),
        "best_contract",
        "slope",
        source=_HOLMSTROM,
        **_AS_WANTED,
        cost=1.0,
        risk_aversion=2.0,
        noise_variance=0.5,
    ),
    _pay(
        "costly-effort",
        "slope of the best linear contract at r = 3, c = 2, s^2 = 0.25",
        1 / (1 + 3 * 2 * 0.25),
        "best_contract",
        "slope",
        source=_HOLMSTROM,
        **_AS_WANTED,
        cost=2.0,
        risk_aversion=3.0,
        noise_variance=0.25,
    ),
    _pay(
        "distorted-slope",
        "slope for a measure (0.6, 1.2) of what is wanted, (1, 0.5): |f| / |g| cos",
        (1 * 0.6 + 0.5 * 1.2) / (0.6**2 + 1.2**2),
        "best_contract",
        "slope",
        **_DISTORTED,
    ),
    _pay(
        "distorted-share",
        "share of the ideal surplus under that measure: cos^2 = 0.64",
        0.64,
        "best_contract",
        "surplus_share",
        **_DISTORTED,
    ),
    _pay(
        "distorted-and-noisy",
        "slope for that measure with noise: f.g / (|g|^2 + r c s^2), at r = 1, c = 1, s^2 = 0.2",
        1.2 / (1.8 + 0.2),
        "best_contract",
        "slope",
        **_DISTORTED,
        cost=1.0,
        risk_aversion=1.0,
        noise_variance=0.2,
    ),
    _pay(
        "cosine",
        "cosine between the gradients of the wanted (1, 0.5) and of the proxy (0.6, 1.2): 0.8",
        0.8,
        "alignment_cosine",
        first=(1.0, 0.5),
        second=(0.6, 1.2),
    ),
)

_best = Topic("goodhart", "1.2", "Kwa, Thomas & Garriga-Alonso 2024", "goodhart")
_NOISE = (
    "the printed figure is a sample's; expected is n (n-1) int F^(n-2) f^2, from Tweedie's formula E[V|x] = -f'(x)/f(x)"
)
GOODHART = (
    *(
        _best(
            f"normal-{n}",
            f"true value of the best of {n} by a proxy with as much normal noise: E max / sqrt 2",
            maximum / math.sqrt(2),
            "regressional",
            "0",
            source="Manheim & Garrabrant 2018; order statistics of Harter 1961",
            tolerance=1e-5,
            n=[n],
        )
        for n, maximum in ((2, 1 / math.sqrt(math.pi)), (10, 1.53875), (100, 2.50759), (1000, 3.24144))
    ),
    *(
        _best(
            f"divergence-{n}",
            f"nats between the best of {n} and one sample: ln n - (n - 1) / n",
            math.log(n) - (n - 1) / n,
            "selection_divergence",
            source="Stiennon et al. 2020, appendix G.3",
            n=n,
        )
        for n in (2, 16, 1024)
    ),
    _best(
        "best-of-two",
        "mean of the better of two of the numbers 1, 2, 3: (2 + 3 + 3) / 3",
        8 / 3,
        "best_of",
        source="order statistics, counted",
        n=2,
        proxy=(1.0, 2.0, 3.0),
        truth=(1.0, 2.0, 3.0),
    ),
    *(
        _best(
            f"{noise}-{n}",
            f"true value of the best of {n} by a proxy with {name} noise: it falls with n",
            expected,
            "regressional",
            "0",
            tolerance=2e-5,
            published=published,
            remark=_NOISE,
            n=[n],
            noise=noise,
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

ANSWERS: tuple[KnownAnswer, ...] = (*OPTIMIZATION_POWER, *BOTTLE_CAPS, *PRINCIPAL_AGENT, *GOODHART)
"""Every row of this part."""
