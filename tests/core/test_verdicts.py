from __future__ import annotations

import json
import math

import pytest

from mesascope.core.verdicts import Estimate, Evidence, Verdict


def test_a_verdict_is_its_word():
    assert json.dumps([*Verdict]) == '["PASS", "FAIL", "INCONCLUSIVE"]'
    assert Verdict("FAIL") is Verdict.FAIL


@pytest.mark.parametrize("broken", [(math.nan, 0, 1), (0.5, -math.inf, 1), (0.5, 0, math.nan)])
def test_an_estimate_from_something_is_finite(broken):
    with pytest.raises(ValueError, match="from 3 levels is not finite"):
        Estimate(*broken, 3)


def test_an_estimate_from_nothing_may_be_missing():
    assert math.isnan(Estimate(math.nan, math.nan, math.nan, 0).value)


def test_estimates_read_as_numbers_with_their_interval():
    assert str(Estimate(0.8437, 0.82, 0.861, 512)) == "0.84 [0.82, 0.86]"
    assert str(Estimate(167056.7, -159214.72, 175758.09, 512)) == "167,057 [-159,215, 175,758]"


def test_inconclusive_evidence_must_say_why():
    with pytest.raises(ValueError, match="'an-assay' must say why"):
        Evidence("an-assay", "objective", Verdict.INCONCLUSIVE, "We do not know.", "")
    said = Evidence("an-assay", "objective", Verdict.INCONCLUSIVE, "We do not know.", "Nothing tells them apart.")
    assert (said.effect, said.null, said.details) == (None, None, None)
    assert Evidence("an-assay", "objective", Verdict.PASS, "It does.", "").verdict is Verdict.PASS
