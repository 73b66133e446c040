from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.division_of_labour import best_search


@given(st.integers(1, 500))
@settings(max_examples=25, deadline=None)
def test_closed_forms(instances):
    assert best_search(instances) == pytest.approx(instances / 2, abs=1e-6)
    assert best_search(instances, "exponential") == pytest.approx(math.log2(instances / math.log(2)), abs=1e-6)


def test_more_instances_favour_search():
    for cost in ("square", "exponential"):
        found = [best_search(instances, cost) for instances in (1, 3, 30, 300)]
        assert found == sorted(found)


def test_what_cannot_be_is_refused():
    with pytest.raises(UnknownNameError, match="square"):
        best_search(3, "squared")
    with pytest.raises(UsageError, match="0 instances"):
        best_search(0)
