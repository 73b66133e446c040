"""Figures: bytes, contents, tolerance of what is missing or malformed."""

from __future__ import annotations

import dataclasses
import math
import xml.etree.ElementTree as ElementTree

import matplotlib
import pytest

from mesascope.core.text import probability_text
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.figures.charts import posterior_rows
from mesascope.report.figures.evidence_figures import evidence_figures
from mesascope.report.figures.findings_figures import findings_figures
from mesascope.report.figures.style import ReportFigure, inline_svg
from mesascope.report.views.points import curve_points, rate_points
from mesascope.report.views.words import ruler_text


def figures_of(report: Report) -> tuple[ReportFigure, ...]:
    return findings_figures(report.canonical().findings)


@pytest.fixture(scope="module")
def figures(reports) -> dict[str, tuple[ReportFigure, ...]]:
    """The figures of the reports that have most and those that have fewest of them."""
    return {name: figures_of(reports[name]) for name in ("pseudo-aligned", "inconclusive", "hostile")}


def names(report: Report) -> list[str]:
    return [figure.name for figure in figures_of(report)]


def test_every_number_that_can_be_drawn_is_drawn(figures):
    drawn = {name: [figure.name for figure in some] for name, some in figures.items()}
    assert drawn["pseudo-aligned"] == ["witness", "posterior", "regrets", "curve-2", "rates-3"]
    assert drawn["inconclusive"] == ["regrets"]


def test_a_witness_without_geometry_is_no_figure(reports):
    report = reports["without-geometry"]
    findings = dataclasses.replace(report.findings, evidence=(), regret={}, own_regret={})
    assert names(Report(findings, {})) == ["posterior"]


def test_figures_are_made_again_from_json_with_the_same_bytes(reports, figures):
    report = reports["pseudo-aligned"]
    first = figures["pseudo-aligned"]
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none"}):
        again = figures_of(Report.from_json(report.to_json()))
    assert [figure.svg for figure in first] == [figure.svg for figure in again]


def test_drawing_leaves_the_users_settings_alone(reports):
    with matplotlib.rc_context({"font.size": 30}):
        figures_of(reports["inconclusive"])
        assert matplotlib.rcParams["font.size"] == 30


def test_figures_are_svg_without_date_and_described_in_words(figures):
    for figure in figures["pseudo-aligned"]:
        root = ElementTree.fromstring(figure.svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "<metadata>" not in figure.svg
        assert "<text" not in figure.svg
    words = {figure.name: figure.description for figure in figures["pseudo-aligned"]}
    assert "13 places from row 7, column 7 to row 1, column 1" in words["witness"]
    assert "corner 0.998; cheese 0.001" in words["posterior"]
    assert "base objective, deploy: 0.84 [0.82, 0.86], n = 512" in words["regrets"]
    assert "adapted: 0.31 [0.27, 0.35], n = 400" in words["rates-3"]


def test_hostile_names_are_drawn(figures):
    for figure in figures["hostile"]:
        ElementTree.fromstring(figure.svg)
        assert "script" not in figure.svg


def test_the_posterior_keeps_none_of_these_and_random(reports):
    answer = reports["pseudo-aligned"].findings.objective
    rows = [name for name, _ in posterior_rows(answer, "avoid-cheese")]
    assert rows == [name for name, _ in answer.posterior[:8]] + ["avoid-cheese", "random"]
    assert len(rows) == 10


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "0.000"), (1.0, "1.000"), (1e-9, "<0.001"), (1 - 1e-9, ">0.999"), (0.9994, "0.999"), (0.25, "0.250")],
)
def test_probabilities_are_never_rounded_to_certainty(probability, text):
    assert probability_text(probability) == text


def test_a_rounded_zero_has_no_sign():
    assert [ruler_text(value) for value in (-1e-12, 0.0, -0.2, 1234.5)] == ["0.00", "0.00", "-0.20", "1,234"]


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"curve": None, "rates": 3},
        {"curve": "abc", "rates": {"name": "a"}},
        {"curve": [1, None, {}], "rates": [{"name": "a"}]},
        {"curve": [{"x": "0", "value": 1}], "rates": [{"name": "a", "value": True}]},
        {"curve": [{"x": 0, "value": None}], "rates": [{"name": "a", "value": math.nan}]},
        {"curve": [{"x": 0, "value": 1e300}], "rates": [{"name": "a", "value": -math.inf}]},
    ],
)
def test_malformed_details_are_not_drawn(details):
    piece = Evidence("assay", "objective", Verdict.PASS, "", "", details=details)
    assert evidence_figures(piece, 0) == []


def test_points_without_interval_or_n_are_drawn_as_points():
    curve = [{"x": 2, "value": 0.5}, {"x": 1, "value": 0.25, "low": 0.125, "high": 0.5, "n": 7}]
    points = curve_points({"curve": curve})
    assert [(point.x, point.low, point.high, point.n) for point in points] == [
        (1.0, 0.125, 0.5, 7),
        (2.0, 0.5, 0.5, None),
    ]
    assert rate_points({"rates": [{"name": "a", "value": 0.5}]})[0].low == 0.5
    for details in ({"curve": curve}, {"curve": curve[:1]}, {"rates": [{"name": "a", "value": -3, "high": 40}]}):
        piece = Evidence("assay", "objective", Verdict.PASS, "", "", details=details)
        assert len(evidence_figures(piece, 4)) == 1


def test_names_the_font_lacks_do_not_warn(reports):
    report = reports["robust"]
    objective = dataclasses.replace(report.findings.objective, posterior=(("奶酪", 1.0),))
    findings = dataclasses.replace(report.findings, objective=objective, evidence=(), regret={}, own_regret={})
    assert names(Report(findings, {})) == ["posterior"]


def test_inlined_drawings_have_names_of_their_own(figures):
    figure = figures["inconclusive"][0]
    one, two = inline_svg(figure.svg, "one"), inline_svg(figure.svg, "two")
    assert one.replace("one-", "two-") == two
    assert 'id="one-' in one
    assert "var(--base)" in one
    assert "<?xml" not in one
