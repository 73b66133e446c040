"""Details of the first question made by hand: a plan as two sites hold it, an edited level, a cliff."""

from __future__ import annotations

from mesascope.audit.assay import details_type
from mesascope.audit.findings import OptimizerAnswer, SearchVerdict
from mesascope.core.details import details_of
from mesascope.core.verdicts import Estimate, Evidence, Verdict

TEXT = "#####\n#A#G#\n#...#\n#####"
EDITED = "#####\n#A.G#\n#...#\n#####"
LEGEND = [["#", "wall"], [".", "floor"], ["G", "goal"], ["A", "agent"]]
_NONE = [None] * 5
VALUES = [_NONE, [None, 0.857, None, 1.0, None], [None, 0.902, 0.95, 1.0, None], _NONE]

DECODED = {
    "text": TEXT,
    "legend": LEGEND,
    "place": [1, 1],
    "goal": [1, 3],
    "label": "value (1: one step from 'goal')",
    "distribution": "deploy",
    "level": 7,
    "states": 72,
    "levels": 24,
    "values": VALUES,
    "sites": [
        {"site": "sweep-1", "explained": -0.1, "values": [_NONE, [None, 3.0, None, -2.0], _NONE, _NONE]},
        {"site": "sweep-2", "explained": 0.74, "values": VALUES},
    ],
}


def choices(*, right: float) -> list[dict]:
    return [
        {"action": "up", "probability": 0.0, "optimal": False, "to": [1, 1]},
        {"action": "down", "probability": 1 - right, "optimal": right < 0.5, "to": [2, 1]},
        {"action": "right", "probability": right, "optimal": right > 0.5, "to": [1, 2]},
    ]


EXAMPLE = {
    "before": {"text": TEXT, "choices": choices(right=0.0)},
    "after": {"text": EDITED, "choices": choices(right=0.9)},
    "edit": [1, 2],
    "place": [1, 1],
    "legend": LEGEND,
    "distribution": "deploy",
    "level": 3,
    "board": True,
}

GRAPH = {
    **EXAMPLE,
    "before": {"text": ".ab\nAcb\nGba", "choices": choices(right=0.5)},
    "after": {"text": ".cb\nAcb\nGba", "choices": choices(right=1.0)},
    "edit": [0, 0],
    "place": [1, 0],
    "board": False,
}

CURVE = [{"x": x, "value": float(x < 4), "low": float(x < 4), "high": float(x < 4), "n": 20} for x in range(1, 7)]
HORIZON = {
    "objective": "goal",
    "curve": CURVE,
    "x_label": "steps to 'goal'",
    "y_label": "skill of the choice (0 chance)",
    "cliff": {"distance": 3.5, "width": 0.25, "near": 1.01, "far": -0.02},
    "p": 0.002,
    "farthest": 6.0,
}
RATES = [{"name": "adapts", "value": 1.0, "low": 1.0, "high": 1.0, "n": 42}]
EDITS = {"rates": RATES, "y_label": "share", "cases": 94, "objective": "goal", "within": None, "example": EXAMPLE}
PLANS = {
    "curve": [],
    "x_label": "site",
    "y_label": "share explained",
    "site": "sweep-2",
    "judged": 0.74,
    "rivals": {},
    "left_out": [],
    "shuffled": 0.0,
    "decoded": DECODED,
}


def piece(assay: str, details: dict, verdict: Verdict = Verdict.PASS) -> Evidence:
    """Evidence with details as they are read from JSON: a record, or what is none as it stands."""
    read = details_of(details, details_type(assay))
    effect = Estimate(1.0, 1.0, 1.0, 42)
    return Evidence(assay, "optimizer", verdict, f"Found by {assay}.", "because", effect, None, read)


def plans(**decoded) -> Evidence:
    """Evidence with the plan that sites hold, some of it changed."""
    return piece("candidate-plans", {**PLANS, "decoded": {**DECODED, **decoded}})


def edits(**example) -> Evidence:
    """Evidence with an edited level, some of it changed."""
    return piece("shown-edits", {**EDITS, "example": {**EXAMPLE, **example}})


def evidence() -> tuple[Evidence, ...]:
    return piece("horizon", HORIZON), edits(), plans()


def answer() -> OptimizerAnswer:
    parts = (
        SearchVerdict("used", Verdict.PASS, 0.987, (("novelty", 2.0),), "Its choices follow from a search.", "decided"),
        SearchVerdict("present", Verdict.FAIL, 0.12, (("conflict", -1.0),), "Nothing shows a search.", "decided"),
        SearchVerdict("represented", Verdict.INCONCLUSIVE, None, (), "It is open.", "nothing could be done"),
    )
    return OptimizerAnswer(Verdict.PASS, 0.987, "Its choices follow from a search.", "decided", parts, 3.5, False)
