"""Known answers to what RFLO §3 raises: causal incentives, and guarantees about the worst case."""

from __future__ import annotations

from mesascope.theory.known_answer import KnownAnswer, Topic

_incentive = Topic("incentives", "3.1", "Everitt et al. 2021, Agent incentives", "incentive_criteria", 0.0)
_agreement = Topic("incentives", "3.1", "Everitt et al. 2021: soundness and completeness", "incentive_agreement", 0.0)
_GRADES, _CONTENT, _PREDICTED = "grade-predictor", "content-recommender", "predicted-clicks"
_RESPONSE, _INFORMATION, _MEANS = "response incentive", "value of information", "instrumental control incentive"
CAUSAL_INCENTIVES = (
    *(
        _incentive(what, statement, expected, "admits", name=name, incentive=incentive, node=node)
        for what, name, incentive, node, expected, statement in (
            ("race", _GRADES, _RESPONSE, "race", 1, "grade predictor: must respond to race"),
            ("gender", _GRADES, _RESPONSE, "gender", 0, "grade predictor: need not respond to gender"),
            ("gender-told", _GRADES, _INFORMATION, "gender", 0, "grade predictor: gender is not worth knowing"),
            (
                "opinions",
                _CONTENT,
                _MEANS,
                "influenced-opinions",
                1,
                "content recommender paid for clicks: has a use for changing opinions",
            ),
            (
                "opinions-mended",
                _PREDICTED,
                _MEANS,
                "influenced-opinions",
                0,
                "content recommender paid for clicks as predicted: has no use for it",
            ),
        )
    ),
    *(
        _incentive(
            f"grade-{what}",
            f"grade predictor: chance nodes that admit {incentive}",
            expected,
            "count_admitting",
            name=_GRADES,
            incentive=incentive,
        )
        for what, incentive, expected in (
            ("information", _INFORMATION, 3),
            ("control", "value of control", 4),
            ("response", _RESPONSE, 2),
            ("means", _MEANS, 0),
        )
    ),
    _agreement(
        "agreement",
        "random small diagrams on which graph and enumeration of mechanisms differ about an incentive",
        0,
        "agreement",
        "disagreements",
        diagrams=16,
    ),
)

_worst = Topic("worst", "3.3", "interval arithmetic; |x| = relu(x) + relu(-x) on [-1, 1]", "worst_case")
_LINE = ((-1.0, 1.0),)
WORST_CASE = (
    _worst(
        "interval-bound", "interval bound on |x|: each unit counts in full, 2", 2.0, "ABSOLUTE.upper_bound", box=_LINE
    ),
    _worst("maximum", "largest |x|, exactly: 1", 1.0, "exact_maximum", network=_worst.value("ABSOLUTE"), box=_LINE),
    *(
        _worst(
            what,
            statement,
            expected,
            "certify",
            part,
            network=_worst.value(name),
            box=_LINE,
            threshold=threshold,
            splits=splits,
        )
        for what, name, threshold, splits, part, expected, statement in (
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
        "agreement",
        "largest gap, random networks: linear program a pattern of units against all corners",
        0.0,
        "largest_gap",
        source="a piecewise linear function is largest at a corner of its pieces",
        tolerance=1e-7,
        networks=12,
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (*CAUSAL_INCENTIVES, *WORST_CASE)
"""Every row of this part."""
