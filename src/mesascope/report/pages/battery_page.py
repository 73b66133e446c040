"""The page of the alignment battery on one agent."""

from __future__ import annotations

from mesascope.report.data.battery_report import BatteryReport
from mesascope.report.pages.page import rendered
from mesascope.report.pages.sections.battery import battery_section
from mesascope.report.views.battery_view import battery_headline, battery_setting
from mesascope.report.views.headline import with_reason

CAVEATS: tuple[str, ...] = (
    "That every class has a row of its own, and that specimens built for a class show it, proves the battery "
    "consistent. It does not prove it valid on networks; docs/alignment.md says more.",
    "A class is that of an agent in this world: which edge can be cut, and what counts as the pointer or the threat, "
    "is the world's.",
    "Specimens and organisms that deceive were built or trained to. Nothing here shows that training on a base "
    "objective alone produces them.",
    "A test that could not be made is never counted as passed; nobody is called robust on what was not tested.",
)


def battery_page(report: BatteryReport) -> str:
    """Returns the page: which kind of alignment it is, and every test."""
    return rendered(
        "battery_page.html",
        report,
        title=f"How is {report.agent} aligned?",
        headline=battery_headline(report.evidence),
        setting=battery_setting(report),
        caveats=CAVEATS,
        reason=with_reason(report.evidence.sentence, report.evidence.reason),
        sections=[battery_section((report.evidence,), whole=True)],
    )
