"""The onset of deception for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from mesascope.report.data.onset_report import OnsetReport
from mesascope.report.text.lines import bearable, table_lines
from mesascope.report.views.onset_view import CONDITIONS, learned_rows, onset_headline, onset_number, paper_gamble


def onset_text(report: OnsetReport, *, width: int = 100) -> str:
    """Returns the tables for a terminal.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    """
    width, exact, asked = bearable(width), report.exact, report.lifetime
    training, plan, blind = asked.training, exact.plan, exact.blind
    lines = [
        onset_headline(report),
        "",
        f"{training} training and {asked.deployment} deployment episodes, threat {asked.threat:g}, discount "
        f"{asked.discount:g}, cue accuracy {asked.accuracy:g}",
        f"  onset, all of training   {_threat(plan.onset)}",
        f"  onset, the last episode  {_threat(plan.onset_last)}",
        f"  best with this cue       {exact.cue.value:.3f}, defecting in training with {exact.cue.in_training:.3f}",
        f"  best without a cue       {blind.value:.3f}, defecting with {blind.defection:.4f}{paper_gamble(blind)}",
    ]
    # The page has more of them.
    whole = [point for point in exact.by_threat if abs(10 * point.threat - round(10 * point.threat)) < 1e-9]
    own = [point for point in exact.by_threat if point.threat in (asked.threat, plan.onset)]
    shown = sorted({point.threat: point for point in (*whole, *own)}.values(), key=lambda point: point.threat)
    lines += _table(
        width,
        ("threat", f"complies at the end (of {training})", "worth"),
        [(f"{point.threat:.4g}", str(point.complies_at_the_end), f"{point.worth:.3f}") for point in shown],
    )
    horizons = [point for point in exact.by_horizon if point.discount == asked.discount]
    deployments = sorted({point.deployment for point in horizons})
    onset = {(point.training, point.deployment): point.onset for point in horizons}
    lines += _table(
        width,
        ("onset at horizon", *(f"m={deployment}" for deployment in deployments)),
        [
            (
                f"n={count}",
                *(onset_number(onset[key]) if key in onset else "–" for key in product([count], deployments)),
            )
            for count in sorted({count for count, _ in onset})
        ],
    )
    lines += _table(
        width,
        ("discount", f"complies at the end (of {training})", "onset, all", "onset, last"),
        [
            (
                f"{point.discount:g}",
                str(point.complies_at_the_end),
                onset_number(point.onset),
                onset_number(point.onset_last),
            )
            for point in exact.by_discount
        ],
    )
    lines += _table(
        width,
        ("cue accuracy", *(f"{point.accuracy:g}" for point in exact.by_accuracy)),
        [("best value", *(f"{point.value:.3f}" for point in exact.by_accuracy))],
    )
    lines += _table(
        width,
        (*(title for _, title in CONDITIONS), "in training", "deceptive"),
        [
            (
                *("yes" if getattr(row, name) else "no" for name, _ in CONDITIONS),
                _training(row.defects[:training], row.tied),
                "yes" if row.deceptive else "no",
            )
            for row in exact.factorial
        ],
    )
    if report.learned:
        titles = ("threat", "policy", "defects in training", "in deployment", "schemes")
        lines += _table(width, titles, learned_rows(report))
        seeds = report.learned[0].seeds
        lines.append(
            f"Learned: means over {seeds} seeds with 95 % intervals. They earn their own pay-off by construction."
        )
    return "\n".join(lines)


def _training(defects: Sequence[bool], tied: bool) -> str:
    if tied:
        return "indifferent"
    if all(defects):
        return "defects"
    return "late only" if any(defects) else "complies"


def _threat(onset: float | None) -> str:
    return "under no threat" if onset is None else f"from a threat of {onset:.4f}"


def _table(width: int, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["", *table_lines(titles, rows, width)]
