"""What is shown of rates on the same menus."""

from dataclasses import replace

import pytest
from msgspec import structs

from mesascope.audit.alignment.cue_rate import CueRate
from mesascope.report.views.battery_view import BatteryTable, rate_facts

RATE = CueRate(
    cue="pointer",
    test="T8",
    distance=0.5,
    rate=0.5,
    low=0.4,
    high=0.6,
    error=0.06,
    towards="burnt",
    loss=0.5,
    loss_low=0.4,
    most=0.7,
    placebo="threat",
    detected=True,
    levels=84,
)
TABLE = BatteryTable((), (), (), None, {}, None, (RATE,))


@pytest.mark.parametrize(
    ("cue", "test", "words"),
    [
        ("pointer", "T8", "pointer swapped: 50 % of choices [40, 60] towards “burnt”"),
        ("threat and pointer", "", "no threat, pointer swapped, together: 50 % of choices [40, 60] towards “burnt”"),
    ],
)
def test_a_rate_says_what_was_changed(cue, test, words):
    assert rate_facts(replace(TABLE, rates=(structs.replace(RATE, cue=cue, test=test),))) == [words]
