"""Known answers to what RFLO §3 raises: causal incentives."""

from __future__ import annotations

from functools import partial

from mesascope.formal.known_answer import KnownAnswer

_FORMAL = "mesascope.formal."


_incentive = partial(KnownAnswer, section="3.1", source="Everitt et al. 2021, Agent incentives", tolerance=0.0)
_EXAMPLES = _FORMAL + "incentive_examples:"
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
        _FORMAL + "incentive_agreement:agreement",
        {"diagrams": 16},
        "disagreements",
        0.0,
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (*CAUSAL_INCENTIVES,)
"""Every row of this part."""
