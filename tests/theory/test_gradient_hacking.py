"""Shields: figures of the reference note, section 3.2, and the resting places of the flow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.theory.gradient_hacking import Shield, fold, simulate_shield


@pytest.mark.parametrize(
    ("strength", "measured", "closed"), [(2, 8.71, 7.44), (3, 30.42, 29.10), (4, 81.48, 80.14), (6, 361.9, 360.5)]
)
def test_life_of_an_uncoupled_shield(strength, measured, closed):
    found = simulate_shield(Shield(strength))
    assert found.life == pytest.approx(measured, rel=2e-3)
    closed_life = math.log(strength) + strength**2 - 1 + (strength**4 - 1) / 4
    assert closed_life == pytest.approx(closed, rel=6e-4)
    # The lag at the start does not depend on the shield.
    assert found.life - closed_life == pytest.approx(1.3, abs=0.1)


def test_the_fold_parts_shields_that_die_from_those_that_stand():
    assert fold(4) == pytest.approx(0.02977, abs=5e-6)
    dies, stands = simulate_shield(Shield(4, 0.028)), simulate_shield(Shield(4, 0.031))
    assert dies.goal == pytest.approx(0.988, abs=5e-4)
    assert dies.life is not None
    assert stands.goal == pytest.approx(0.092, abs=5e-4)
    assert stands.life is None
    just = [simulate_shield(Shield(4, fold(4) * share)).life for share in (0.98, 1.02)]
    assert just[0] is not None
    assert just[1] is None


def test_at_the_fold_the_flow_has_a_double_rest():
    for strength in (3.0, 4.0, 10.0):
        h = np.linspace(1.0, strength, 2_000_001)[:-1]
        assert fold(strength) == pytest.approx((h / ((1 + h**2) ** 2 * (strength - h))).min(), rel=1e-6)


def test_weak_shields_have_no_fold():
    assert fold(1.0) is None


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="strength 0"):
        Shield(0.0)
    with pytest.raises(UsageError, match="coupling=-1"):
        Shield(1.0, -1.0)
    with pytest.raises(UsageError, match="strength=nan"):
        fold(float("nan"))
