"""Known answers for paired shares and their exact test."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.paired import compare, mcnemar, recovered_failures


@pytest.mark.parametrize(
    ("recovered", "lost", "p"),
    [(10, 2, 0.03857421875), (2, 10, 0.03857421875), (0, 0, 1.0), (5, 5, 1.0), (7, 0, 2**-6)],
)
def test_mcnemar_is_exact(recovered, lost, p):
    assert mcnemar(recovered, lost) == pytest.approx(p, abs=1e-12)


def test_recovered_failures_of_the_published_curve():
    # DRC(3,3), medium levels: 76.6 % to 81.3 % (Guez et al. 2019, as measured by Taufeeque et al. 2024).
    assert recovered_failures(0.766, 0.813) == pytest.approx(0.201, abs=5e-4)
    assert recovered_failures(1.0, 1.0) == 0.0


def test_pairs_are_counted_by_level():
    before = np.array([True, True, False, False, False, True])
    after = np.array([True, False, True, True, False, True])
    found = compare(before, after)
    assert (found.recovered, found.lost, found.before, found.after) == (2, 1, 0.5, pytest.approx(4 / 6))
    assert found.gain.value == pytest.approx(1 / 6)
    assert found.p == 1.0
    assert found.recovered_failures == pytest.approx(1 / 3)


def test_negative_numbers_are_refused():
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)
