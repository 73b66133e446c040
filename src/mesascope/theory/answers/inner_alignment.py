"""Known answers to what RFLO §3 raises: causal incentives, and guarantees about the worst case."""

from __future__ import annotations

from functools import partial

from mesascope.theory.known_answer import KnownAnswer, Value

_THEORY = "mesascope.theory."


_incentive = partial(KnownAnswer, section="3.1", source="Everitt et al. 2021, Agent incentives", tolerance=0.0)
_EXAMPLES = _THEORY + "incentive_examples:"
CAUSAL_INCENTIVES = (
    *(
        _incentive(
            f"incentives.{slug}",
            statement=statement,
            expected=expected,
            target=_EXAMPLES + "admits",
            arguments={"name": name, "incentive": incentive, "node": node},
        )
        for slug, name, incentive, node, expected, statement in (
            ("race", "grade-predictor", "response incentive", "race", 1, "grade predictor: must respond to race"),
            (
                "gender",
                "grade-predictor",
                "response incentive",
                "gender",
                0,
                "grade predictor: need not respond to gender",
            ),
            (
                "gender-told",
                "grade-predictor",
                "value of information",
                "gender",
                0,
                "grade predictor: gender is not worth knowing",
            ),
            (
                "opinions",
                "content-recommender",
                "instrumental control incentive",
                "influenced-opinions",
                1,
                "content recommender paid for clicks: has a use for changing opinions",
            ),
            (
                "opinions-mended",
                "predicted-clicks",
                "instrumental control incentive",
                "influenced-opinions",
                0,
                "content recommender paid for clicks as predicted: has no use for it",
            ),
        )
    ),
    *(
        _incentive(
            f"incentives.grade-{slug}",
            statement=f"grade predictor: chance nodes that admit {incentive}",
            expected=expected,
            target=_EXAMPLES + "count_admitting",
            arguments={"name": "grade-predictor", "incentive": incentive},
        )
        for slug, incentive, expected in (
            ("information", "value of information", 3),
            ("control", "value of control", 4),
            ("response", "response incentive", 2),
            ("means", "instrumental control incentive", 0),
        )
    ),
    KnownAnswer(
        "incentives.agreement",
        "3.1",
        "Everitt et al. 2021: soundness and completeness",
        "random small diagrams on which graph and enumeration of mechanisms differ about an incentive",
        0,
        _THEORY + "incentive_agreement:agreement",
        {"diagrams": 16},
        "disagreements",
        0.0,
    ),
)

_worst = partial(KnownAnswer, section="3.3", source="interval arithmetic; |x| = relu(x) + relu(-x) on [-1, 1]")
_WORST = _THEORY + "worst_case:"
_LINE = ((-1.0, 1.0),)
WORST_CASE = (
    _worst(
        "worst.interval-bound",
        statement="interval bound on |x|: each unit counts in full, 2",
        expected=2.0,
        target=_WORST + "ABSOLUTE.upper_bound",
        arguments={"box": _LINE},
    ),
    _worst(
        "worst.maximum",
        statement="largest |x|, exactly: 1",
        expected=1.0,
        target=_WORST + "exact_maximum",
        arguments={"network": Value(_WORST + "ABSOLUTE"), "box": _LINE},
    ),
    *(
        _worst(
            f"worst.{slug}",
            statement=statement,
            expected=expected,
            target=_WORST + "certify",
            arguments={"network": Value(_WORST + name), "box": _LINE, "threshold": threshold, "splits": splits},
            part=part,
        )
        for slug, name, threshold, splits, part, expected, statement in (
            ("unsplit", "ABSOLUTE", 1.5, 0, "certified", 0.0, "share certified for |x| <= 1.5, no split"),
            (
                "split-once",
                "ABSOLUTE",
                1.5,
                1,
                "certified",
                1.0,
                "share for |x| <= 1.5 split at 0, where one unit is off",
            ),
            ("share", "IDENTITY", 0.5, 12, "certified", 0.75, "share certified for x <= 0.5: no more than 3/4"),
            ("refuted", "IDENTITY", 0.5, 12, "refuted", 1, "whether a point refutes x <= 0.5"),
        )
    ),
    _worst(
        "worst.agreement",
        source="a piecewise linear function is largest at a corner of its pieces",
        statement="largest gap, random networks: linear program a pattern of units against all corners",
        expected=0.0,
        target=_WORST + "largest_gap",
        arguments={"networks": 12},
        tolerance=1e-7,
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (*CAUSAL_INCENTIVES, *WORST_CASE)
"""Every row of this part."""
