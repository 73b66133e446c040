from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.worst_case import (
    ABSOLUTE,
    IDENTITY,
    LINE,
    Network,
    certify,
    exact_maximum,
    exhaustive_maximum,
    largest_gap,
)

SQUARE = ((-1.0, 1.0), (-1.0, 1.0))


def network(seed: int, units: int = 3) -> Network:
    random = np.random.default_rng(seed)
    weights = tuple(tuple(row) for row in random.normal(size=(units, 2)).tolist())
    return Network(weights, tuple(random.normal(size=units).tolist()), tuple(random.normal(size=units).tolist()))


def test_the_examples():
    assert ABSOLUTE.upper_bound(LINE) == 2
    assert exact_maximum(ABSOLUTE, LINE) == pytest.approx(1)
    assert certify(ABSOLUTE, LINE, 1.5, 0).certified == 0
    assert certify(ABSOLUTE, LINE, 1.5, 1).certified == 1
    found = certify(IDENTITY, LINE, 0.5, 12)
    assert (found.certified, found.refuted) == (0.75, True)


def test_two_ways_to_the_exact_maximum():
    assert largest_gap(4) == pytest.approx(0, abs=1e-8)


@given(st.integers(0, 10_000), st.integers(0, 40))
@settings(max_examples=15, deadline=None)
def test_bounds_are_above_every_sample_and_certificates_are_true(seed, splits):
    net = network(seed)
    points = np.random.default_rng(seed).uniform(-1, 1, (2000, 2))
    top = exhaustive_maximum(net, SQUARE)
    assert net.value(points).max() <= top + 1e-9
    assert net.upper_bound(SQUARE) >= top - 1e-9
    safe = certify(net, SQUARE, top + 1e-6, splits)
    assert not safe.refuted
    broken = certify(net, SQUARE, top - 0.05, splits)
    assert broken.certified < 1
    # What is certified is no more than what is true.
    assert broken.certified <= (net.value(points) <= top - 0.05).mean() + 0.06


def test_enough_splits_decide():
    net = network(1)
    top = exhaustive_maximum(net, SQUARE)
    assert certify(net, SQUARE, top + 0.1, 3000).certified == pytest.approx(1)
    assert certify(net, SQUARE, top - 0.1, 3000).refuted


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="13 units"):
        exact_maximum(network(0, units=13), SQUARE)
    with pytest.raises(UsageError, match="3 inputs"):
        exhaustive_maximum(network(0), (*SQUARE, (0.0, 1.0)))
