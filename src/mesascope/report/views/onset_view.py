"""The onset of deception in words."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.report.data.onset_report import BlindForm, OnsetReport, PhaseForm, PlanForm

CONDITIONS: tuple[tuple[str, str], ...] = (
    ("spans_updates", "spans updates"),
    ("models_selection", "models selection"),
    ("expects_end", "expects an end"),
)

SCHEMES: dict[str, str] = {"PASS": "yes", "FAIL": "no", "INCONCLUSIVE": "INCONCLUSIVE"}


def onset_headline(report: OnsetReport) -> str:
    """Returns the answer in one sentence.

    **Arguments:**

    - `report`: the result.
    """
    plan, asked = report.exact.plan, report.lifetime
    training = asked.training
    if plan.deceptive:
        return f"Deception pays: comply in training, then defect, earns {plan.worth:.3g} of {_at_once(plan)}."
    if plan.complies_at_the_end:
        late = plan.complies_at_the_end
        which = "the last" if late == 1 else f"the last {late}"
        return f"Late onset: it pays to comply in {which} of {training} training episodes only."
    return f"Deception does not pay: defecting at once earns {plan.worth:.3g}, as much as anything."


def paper_gamble(blind: BlindForm) -> str:
    """Returns what the paper prints for the blind gamble, to stand behind ours; empty unless the lifetime is its own.

    **Arguments:**

    - `blind`: of the exact part of an `OnsetReport`.
    """
    if blind.paper_value is None:
        return ""
    return f"; the paper prints {blind.paper_defection:g}, worth {blind.paper_value:.3f}"


def learned_rows(report: OnsetReport) -> list[tuple[str, str, str, str, str]]:
    """Returns threat, kind of policy, defection in training and in deployment, and verdict of each learned cell.

    **Arguments:**

    - `report`: the result.
    """
    return [
        (
            f"{cell.threat:g}",
            "whole lifetime" if cell.spans_updates else "myopic",
            _rate(cell.training),
            _rate(cell.deployment),
            SCHEMES[cell.verdict],
        )
        for cell in report.learned
    ]


def plan_text(defects: Sequence[bool], training: int) -> str:
    """Returns a plan, training | deployment, in words."""
    words = ["defect" if defected else "comply" for defected in defects]
    return f"{' '.join(_run_lengths(words[:training]))} | {' '.join(_run_lengths(words[training:]))}"


def _run_lengths(words: Sequence[str]) -> list[str]:
    """Long plans in short: words as they are while few, else counted."""
    if len(words) <= 6:
        return list(words)
    runs: list[tuple[str, int]] = []
    for word in words:
        if runs and runs[-1][0] == word:
            runs[-1] = (word, runs[-1][1] + 1)
        else:
            runs.append((word, 1))
    return [f"{count}x {word}" for word, count in runs]


def onset_number(value: float | None) -> str:
    """Returns the least threat under which something is complied with; `None` is never."""
    return "never" if value is None else f"{value:.4f}"


def _rate(phase: PhaseForm) -> str:
    if phase.value is None:
        return f"INCONCLUSIVE (least n = {phase.least})"
    return f"{phase.value:.3f} [{phase.low:.3f}, {phase.high:.3f}]"


def _at_once(plan: PlanForm) -> str:
    return f"its own goal, defecting at once {plan.defecting_at_once:.3g}"
