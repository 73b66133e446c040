"""What the ledger of search says of the bank's verdicts, and how well pairs that look alike are told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mesascope.audit.search.decision import MEASURES
from mesascope.audit.search.weights import Weights
from mesascope.core.intervals import wilson
from mesascope.core.verdicts import Estimate, Verdict
from mesascope.organisms.bank.cross_validation import Score, fit_on, paired_auroc
from mesascope.organisms.bank.judged import Judged, unlike


def wrong_of_given(rows: Sequence[Judged], question: str, verdict: Verdict) -> Estimate | None:
    """Returns the share of a verdict's answers on agents of known kind that are wrong; `None` if it was never given."""
    given = [row for row in rows if row.question == question and row.verdict is verdict and row.label is not None]
    return wilson(sum(row.wrong for row in given), len(given), unit="agents") if given else None


def open_by_family(rows: Sequence[Judged], question: str = "used") -> dict[str, tuple[int, int, int]]:
    """Returns how many agents of each family get PASS, FAIL and neither."""
    counts: dict[str, list[int]] = {}
    for row in rows:
        if row.question == question:
            place = [Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE].index(row.verdict)
            counts.setdefault(f"{row.kind} {row.family}", [0, 0, 0])[place] += 1
    return {family: (one[0], one[1], one[2]) for family, one in counts.items()}


def hard_pairs(scores: Sequence[Score]) -> list[tuple[str, str]]:
    """Returns generalisers, each with a search of the same outer shape in the same world."""
    pairs = []
    for world in dict.fromkeys(score["agent"]["world"] for score in scores):
        here = [score["agent"] for score in scores if score["agent"]["world"] == world]
        searches = [one["name"] for one in here if one["kind"] == "planner" and one["architecture"].startswith("map-")]
        others = [one["name"] for one in here if one["kind"] == "generaliser"]
        pairs += list(zip(searches, others, strict=False))
    return pairs


def hard_auroc(scores: Sequence[Score], names: tuple[str, ...] = MEASURES["used"]) -> Estimate:
    """Returns how well the probability of 'used' tells hard pairs apart, blind to family, world and training set.

    **Arguments:**

    - `scores`: of the bank.
    - `names`: measures that it is made of.
    """
    by_name = {score["agent"]["name"]: score for score in scores}
    known: dict[tuple, Weights] = {}

    def probability(name: str) -> float:
        score = by_name[name]
        agent = score["agent"]
        like = (agent["world"], agent["architecture"], agent["levels"])
        if like not in known:
            known[like] = fit_on(unlike(scores, agent), "used", names)
        return known[like].probability(score["measures"])

    pairs = hard_pairs(scores)
    yes, no = (np.array([probability(pair[side]) for pair in pairs]) for side in (0, 1))
    return paired_auroc(yes, no)
