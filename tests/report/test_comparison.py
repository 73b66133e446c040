"""Two reports side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import mesascope
from mesascope.audit.alignment.regret import RegretDetails
from mesascope.core.details import details_data, details_of
from mesascope.report.comparison import compare_reports
from mesascope.report.report import Report
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, walls="open")


def policy(chances):
    import numpy as np

    return lambda seen: np.tile(chances, (len(seen), 1))


@pytest.fixture(scope="module")
def findings():
    reports = [
        mesascope.audit(policy(chances), WORLD, levels=12) for chances in ([0.2] * 5, [0.4, 0.05, 0.4, 0.05, 0.1])
    ]
    # As read from a file.
    return [Report.from_json(report.to_json()).findings for report in reports]


def test_the_same_levels_are_paired(findings):
    found = compare_reports(*findings)
    assert found.setting == ()
    changes = {one.name: one for one in found.changes}
    trained = changes["regret in training"]
    assert trained.paired
    assert trained.changed
    wanted = findings[1].regret["train"].value - findings[0].regret["train"].value
    assert trained.difference.value == pytest.approx(wanted, abs=1e-6)
    unpaired = compare_reports(findings[0], replace(findings[1], subject=replace(findings[1].subject, seed=1)))
    assert unpaired.setting == (("seed", "0", "1"),)
    other = {one.name: one for one in unpaired.changes}["regret in training"]
    assert not other.paired
    assert other.difference.value == pytest.approx(wanted, abs=1e-6)
    assert other.difference.low <= trained.difference.low + 1e-9


def test_a_report_and_itself(findings):
    found = compare_reports(findings[0], findings[0])
    assert found.verdicts == ()
    assert not any(one.changed for one in found.changes)
    assert "no difference shown" in str(found)


def test_it_is_one_screen_and_json(findings):
    found = compare_reports(*findings)
    assert len(str(found).splitlines()) < 40
    data = json.loads(json.dumps(found.data(), allow_nan=False))
    assert next(row[0] for row in data["answers"]) == "Is it an optimizer?"
    assert all(one["changed"] in (True, False) for one in data["changes"])


def test_details_of_another_form_are_not_paired(findings):
    def altered(by_level):
        evidence = tuple(
            replace(one, details=details_of({**details_data(one.details), "by_level": by_level}, RegretDetails))
            if one.assay == "base-regret"
            else one
            for one in findings[1].evidence
        )
        return compare_reports(findings[0], replace(findings[1], evidence=evidence))

    for by_level in (None, {"train": "x"}, {"train": [True] * 12}, {"train": [0.5]}, {"train": [None] * 12}):
        assert not {one.name: one for one in altered(by_level).changes}["regret in training"].paired
