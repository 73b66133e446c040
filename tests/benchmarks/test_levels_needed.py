"""The ledger of levels that a cure takes finds the smallest number, and says nothing where there is none."""

from __future__ import annotations

import numpy as np
from levels_needed import Asked, needed, ratio
from remedies import ADVERSARIAL, RANDOM

KEY = "pseudo-aligned"


def series(**left: int) -> dict[int, Asked]:
    """Returns a series in which so many agents of eight are left by each number of levels, `n8=4`."""
    return {
        int(count[1:]): Asked({KEY: np.arange(8) < agents, "not-robust": np.ones(8, bool)}, 0.0, 0.5)
        for count, agents in left.items()
    }


def test_the_smallest_number_that_cures_is_needed():
    assert needed(series(n8=4, n16=1, n32=0), KEY) == 16
    assert needed(series(n8=4, n16=2), KEY) is None
    assert needed(series(n16=0, n8=8, n11=1), KEY) == 11


def test_the_ratio_counts_random_levels_for_each_searched_one():
    both = {ADVERSARIAL: series(n8=8, n16=0), RANDOM: series(n8=8, n16=8, n32=2, n64=0)}
    claim = ratio("corner", KEY, both)
    assert (claim.value, claim.met) == (4.0, True)
    assert claim.low is not None
    # With fewer than two of two agents in a sample of eight, 32 random levels are enough.
    assert claim.low == 2.0
    assert "64 and 16" in claim.text


def test_what_nothing_cures_is_unmeasured():
    both = {ADVERSARIAL: series(n8=8, n16=0), RANDOM: series(n8=8, n16=8)}
    assert ratio("corner", KEY, both).value is None
