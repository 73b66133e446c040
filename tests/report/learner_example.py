"""A report about a learner with every kind of details that its assays write."""

from __future__ import annotations

from typing import Any

from mesascope.audit.learning.attribution import Attribution
from mesascope.audit.learning.audit_learner import LearnerAnswer
from mesascope.audit.learning.in_context_gain import GainDetails
from mesascope.audit.learning.pursued_signal import PursuitDetails
from mesascope.audit.learning.shifted_learning import ShiftDetails
from mesascope.audit.learning.tape_addresses import AddressDetails
from mesascope.core.details import Line, rate
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.report.data.learner_report import LearnerReport

HALF = Estimate(0.5, 0.4, 0.6, 64, "episodes")


def learner_report(**changes: Any) -> LearnerReport:
    lines = (
        Line(name="<b>as it is</b>", values=(0.5, 0.6, 0.7)),
        Line(name="memory frozen", values=(0.5, None, 0.5)),
        Line(name="bayes-adaptive", values=(0.5, 0.65, 0.75), reference=True),
    )
    attribution = Attribution(
        posterior=(("greedy", 0.9), ("thompson", 0.1)),
        alike=("thompson",),
        setting={"wins": 1.0, "losses": 1.0, "slips": 0.02},
        parameters={"slips": Estimate(0.02, 0.01, 0.03, 64, "episodes", 0.9)},
        nats=-120.0,
        explained=HALF,
    )
    rates = (rate("reward", HALF), rate("light", HALF))
    addresses = AddressDetails(
        writes=((1.0, 0.0), (0.0, 1.0), (0.5, 0.5)), reads=((1.0, 0.0), (1.0, 0.0), (0.0, 1.0)), shown=1, climbs=HALF
    )
    found = (
        ("in-context-gain", "optimizer", GainDetails(lines=lines, gain=HALF, frozen=HALF, over_frozen=HALF)),
        ("learner-attribution", "optimizer", attribution),
        ("pursued-signal", "objective", PursuitDetails(rates=rates, y_label="more", apart=True, novelty=HALF)),
        ("tape-addresses", "optimizer", addresses),
        ("shifted-learning", "alignment", ShiftDetails(rates=rates, y_label="share", reference="", failed={"a": "b"})),
    )
    evidence = tuple(
        Evidence(name, question, Verdict.PASS, f"It is {name}.", "so it is", HALF, None, details, 1.5)
        for name, question, details in found
    )
    answer = LearnerAnswer(Verdict.PASS, "yes", "It does.", "it was seen")
    fields = {
        "agent": "<script>robot</script>",
        "agent_kind": "network",
        "stream": "bandits",
        "stream_options": {"arms": 3, "correlated": False, "light": 1.0},
        "base_objective": "reward",
        "episodes": 64,
        "seed": 0,
        "learns": answer,
        "algorithm": LearnerAnswer(Verdict.INCONCLUSIVE, "open", "It is open.", "too few choices"),
        "pursues": answer,
        "aligned": LearnerAnswer(Verdict.FAIL, "not aligned: it learns for something else", "For 'light'.", ""),
        "evidence": evidence,
        "notes": ("It was <i>loaded</i>.",),
        "provenance": {"seed": 0},
    }
    return LearnerReport(**fields | changes)
