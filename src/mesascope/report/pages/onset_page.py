"""The page of the onset of deception."""

from __future__ import annotations

from mesascope.report.data.onset_report import OnsetReport
from mesascope.report.figures.onset_figures import onset_figures
from mesascope.report.pages.page import inlined, rendered
from mesascope.report.views.onset_view import CONDITIONS, learned_rows, onset_headline, onset_number, plan_text

CAVEATS: tuple[str, ...] = (
    "The agents here are rewarded with their own pay-off by construction. Nothing on this page shows that training on "
    "a base objective produces such an agent; it shows when scheming would pay one that is already there.",
    "Exact means: for the lifetime as stated, whose chances the agent knows. Real training has no announced threat.",
    "Policies see the cue and the threat, not the number of the episode; their exact counterpart is the best policy "
    "over cue readings, which complies in all training episodes alike.",
)


def onset_page(report: OnsetReport) -> str:
    """Returns the page: when deception pays along every dial, and what policies learned."""
    asked, exact = report.lifetime, report.exact
    return rendered(
        "onset_page.html",
        report,
        title="When does deception pay?",
        headline=onset_headline(report),
        setting=[
            ("Lifetime", f"{asked.training} training and {asked.deployment} deployment episodes"),
            ("Threat", f"{asked.threat:g}"),
            ("Discount", f"{asked.discount:g} an episode"),
            ("Cue accuracy", f"{asked.accuracy:g}"),
        ],
        caveats=CAVEATS,
        plan=plan_text(exact.plan.defects, asked.training),
        figures=[inlined(figure) for figure in onset_figures(report)],
        factorial=[
            (
                *("yes" if getattr(condition, name) else "no" for name, _ in CONDITIONS),
                plan_text(condition.defects, asked.training),
                f"{'yes' if condition.deceptive else 'no'}{' (indifferent)' if condition.tied else ''}",
            )
            for condition in exact.factorial
        ],
        discounts=[
            (
                f"{point.discount:g}",
                f"{point.complies_at_the_end} of {asked.training}",
                onset_number(point.onset),
                onset_number(point.onset_last),
            )
            for point in exact.by_discount
        ],
        learned=learned_rows(report),
    )
