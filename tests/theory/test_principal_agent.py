from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.principal_agent import Employment, alignment_cosine, best_contract

GRADIENTS = st.lists(st.floats(0.1, 3), min_size=2, max_size=2).map(tuple)


def test_published_numbers():
    noisy = best_contract((1.0,), (1.0,), 1.0, 2.0, 0.5)
    assert noisy.slope == pytest.approx(0.5, abs=1e-9)
    distorted = best_contract((1.0, 0.5), (0.6, 1.2))
    assert (distorted.slope, distorted.surplus_share) == (pytest.approx(2 / 3), pytest.approx(0.64))


@given(GRADIENTS, GRADIENTS, st.floats(0.3, 3), st.floats(0, 3), st.floats(0, 2))
@settings(max_examples=25, deadline=None)
def test_closed_form_and_no_better_slope(wanted, measured, cost, aversion, noise):
    found = best_contract(wanted, measured, cost, aversion, noise)
    f, g = np.array(wanted), np.array(measured)
    assert found.slope == pytest.approx(f @ g / (g @ g + aversion * cost * noise), rel=1e-6)
    job = Employment(wanted, measured, cost, aversion, noise)
    assert all(job.surplus(found.slope + step) <= found.surplus + 1e-9 for step in (-0.3, -0.01, 0.01, 0.3))
    if noise == 0:
        assert found.surplus_share == pytest.approx(alignment_cosine(wanted, measured) ** 2, rel=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="points nowhere"):
        alignment_cosine((0.0, 0.0), (1.0, 0.0))
    with pytest.raises(UsageError, match="Each task"):
        best_contract((1.0,), (1.0, 2.0))
    with pytest.raises(UsageError, match="no best contract"):
        best_contract((1.0,), (0.0,))
    with pytest.raises(UsageError, match="cost above 0"):
        best_contract((1.0,), (1.0,), 0.0)
