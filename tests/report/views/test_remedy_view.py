"""What was asked about remedies is said, and no shift is not said to be one."""

from __future__ import annotations

import dataclasses

import pytest

from mesascope.report.views.remedy_view import remedy_setting
from tests.report.data.test_kinds import remedy_report


@pytest.mark.parametrize(
    ("shift", "words"),
    [("deploy", "from train to deploy, 16 levels each"), ("train", "none, as both are train, 16 levels each")],
)
def test_the_shift_is_named(shift, words):
    assert dict(remedy_setting(dataclasses.replace(remedy_report(), shift=shift)))["Shift"] == words
