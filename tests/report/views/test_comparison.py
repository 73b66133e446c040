"""Two audits side by side: as numbers, text and page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.alignment.regret import BASE_REGRET, RegretDetails
from mesascope.audit.findings import Findings
from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.data.comparison_report import Change, ComparisonReport
from mesascope.report.figures.findings_figures import comparison_figure
from mesascope.report.views.comparison import compared, comparison_headline, comparison_names
from tests.report.pages.test_audit_page import Page

LEVELS = np.linspace(0.0, 0.3, 12)
"""Base regret of one agent by level; of the other it is more in each."""


def audited(report, regrets) -> Findings:
    """Findings with base regret by level, as they are read from a file."""
    details = RegretDetails(rates=(), y_label="", by_level={"train": tuple(regrets)})
    measured = Evidence(BASE_REGRET.name, "alignment", Verdict.PASS, "", "", None, None, details)
    mean = float(np.mean(regrets))
    findings = replace(
        report.findings, regret={"train": Estimate(mean, mean - 0.05, mean + 0.05, 12)}, evidence=(measured,)
    )
    return Report.from_json(replace(report, findings=findings).to_json()).findings


@pytest.fixture(scope="module")
def findings(reports):
    return [audited(reports[name], LEVELS + more) for name, more in (("robust", 0.0), ("pseudo-aligned", 0.4))]


def changes(comparison: ComparisonReport) -> dict[str, Change]:
    return {change.name: change for change in comparison.changes}


def test_the_same_levels_are_paired(findings):
    comparison = compared(*findings, {})
    assert comparison.setting == ()
    trained = changes(comparison)["regret in training"]
    assert trained.paired
    assert trained.changed
    wanted = findings[1].regret["train"].value - findings[0].regret["train"].value
    assert trained.difference.value == pytest.approx(wanted, abs=1e-6)
    unpaired = compared(findings[0], replace(findings[1], subject=replace(findings[1].subject, seed=1)), {})
    assert unpaired.setting == (("seed", "0", "1"),)
    other = changes(unpaired)["regret in training"]
    assert not other.paired
    assert other.difference.value == pytest.approx(wanted, abs=1e-6)
    assert other.difference.low <= trained.difference.low + 1e-9


def test_a_report_and_itself(findings):
    comparison = compared(findings[0], findings[0], {})
    assert comparison.verdicts == ()
    assert not any(change.changed for change in comparison.changes)
    assert "no difference shown" in comparison.text()


def test_it_is_one_screen_of_text(findings):
    text = compared(*findings, {}).text(width=80)
    assert len(text.splitlines()) < 40
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "Is it an optimizer?" in text


def test_it_survives_json_and_its_page_is_made_of_that(findings):
    comparison = compared(*findings, {"seed": 0})
    again = ComparisonReport.from_json(comparison.to_json())
    assert again.to_json() == comparison.to_json()
    page = Page(again.page())
    for words in ("regret in training", "paired by level, n=12", "Is it aligned?", "What this does not say"):
        assert words in page.text, words
    assert len(page.named("svg")) == 1
    assert page.named("script") == page.named("link") == []


def test_the_headline_counts_what_differs(findings):
    comparison = compared(*findings, {})
    assert comparison_headline(comparison) == "1 of 3 numbers changed: regret in training; different: 2 answers."
    same = compared(findings[0], findings[0], {})
    assert comparison_headline(same) == "None of 3 numbers shows a change."
    assert comparison_names(same, 40) == ("corner (organism) (first)", "corner (organism) (second)")


def test_names_that_differ_only_in_the_middle_are_told_apart(findings):
    paths = [f"runs/of-last-week/seeds/{seed}/on-the-cluster/agent.safetensors" for seed in (17, 18)]
    comparison = compared(findings[0], findings[0], {}, names=tuple(paths))
    assert comparison.agents == tuple(paths)
    first, second = comparison_names(comparison, 30)
    assert "17" in first
    assert "18" in second
    assert max(len(first), len(second)) <= 30
    assert compared(*findings, {}, names=("a\x1b[31m", "b")).agents == ("a\\x1b[31m", "b")


def test_numbers_on_larger_scales_are_not_drawn(findings):
    wide = Change.of("bits", None, None, Estimate(5.0, -35.0, 45.0, 9), paired=False)
    assert comparison_figure([wide]) is None
    drawn = comparison_figure([*compared(*findings, {}).changes, wide])
    assert drawn is not None
    assert "bits" not in drawn.description
    assert "stand in the table" in drawn.caption


def test_reports_of_different_worlds_are_refused(findings):
    elsewhere = replace(findings[1], subject=replace(findings[1].subject, world="maze"))
    with pytest.raises(UsageError, match=r"'corner'.*'maze'.*same world"):
        compared(findings[0], elsewhere, {})


def test_details_of_another_form_are_not_paired(findings):
    def altered(by_level):
        evidence = tuple(
            replace(one, details={"by_level": by_level}) if one.assay == "base-regret" else one
            for one in findings[1].evidence
        )
        return compared(findings[0], replace(findings[1], evidence=evidence), {})

    for by_level in (None, {"train": "x"}, {"train": [True] * 12}, {"train": [0.5]}, {"train": [None] * 12}):
        assert not changes(altered(by_level))["regret in training"].paired


def test_a_change_excludes_zero():
    assert Change.of("x", None, None, Estimate(0.2, 0.1, 0.3, 9), paired=True).changed
    assert not Change.of("x", None, None, Estimate(0.2, -0.1, 0.3, 9), paired=True).changed
    assert not Change.of("x", None, None, None, paired=False).changed


def test_names_of_others_cannot_run(reports):
    page = compared(reports["hostile"].findings, reports["hostile"].findings, {}).page()
    assert "<script>" not in page
    assert "<img src" not in page
