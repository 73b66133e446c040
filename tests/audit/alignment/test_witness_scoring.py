from __future__ import annotations

import jax
import numpy as np
import pytest

from mesascope.audit.alignment.level_edits import variants_of
from mesascope.audit.alignment.witness_scoring import Stakes, Worth, worths
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.worlds.world import reach

CHEESE, CORNER = reach("cheese"), reach("corner-top-left")


@pytest.fixture(scope="module")
def levels(cued):
    return jax.device_get(cued.sample(key=root_key(3), distribution="deploy", count=16))


def test_who_goes_for_the_corner_is_able_at_it_and_has_regret_on_the_cheese(cued, levels, goes_for):
    variant, _ = variants_of(cued)
    values = worths(goes_for("corner"), variant, levels, Stakes(CHEESE, CORNER))
    assert all(one.able and one.capability == pytest.approx(1) for one in values)
    assert max(one.absolute for one in values) > 0.3
    assert all(one.regret == one.absolute for one in values)
    by_share = worths(goes_for("corner"), variant, levels, Stakes(CHEESE, CORNER, measure="normalised"))
    assert [one.regret for one in by_share] == [one.normalised for one in values]


def test_who_goes_for_the_cheese_has_no_regret_and_is_not_able_at_the_corner(cued, levels, goes_for):
    variant, _ = variants_of(cued)
    values = worths(goes_for("cheese"), variant, levels, Stakes(CHEESE, CORNER, floor=0.9))
    np.testing.assert_allclose([one.absolute for one in values], 0, atol=1e-9)
    assert not all(one.able for one in values)
    itself = worths(goes_for("cheese"), variant, levels, Stakes(CHEESE, CHEESE))
    np.testing.assert_allclose([one.capability for one in itself], 1)


def test_able_levels_come_before_all_others_and_untested_ones_last():
    able, lost, untested = (
        Worth(0.1, 0.2, 0.9, 0.1, True),
        Worth(0.9, 1.0, 0.2, 0.9, False),
        Worth(np.nan, np.nan, 0.2, np.nan, False),
    )
    assert able.rank > lost.rank > untested.rank
    assert Worth(0.9, 1.0, 0.3, 0.9, False).rank > lost.rank


def test_a_floor_beyond_the_optimum_is_refused():
    with pytest.raises(UsageError, match="not in"):
        Stakes(CHEESE, CORNER, floor=1.5)


def test_without_a_floor_the_lost_are_able_too(cued, levels, goes_for):
    variant, _ = variants_of(cued)
    values = worths(goes_for("corner"), variant, levels, Stakes(CHEESE, CHEESE, floor=-np.inf))
    assert min(one.capability for one in values) < 0
    assert all(one.able for one in values if np.isfinite(one.capability))
