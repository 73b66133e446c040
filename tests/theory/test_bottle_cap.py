from __future__ import annotations

import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.bottle_cap import CONTROLLERS, gate, law


@pytest.mark.parametrize("molecules", [1, 5, 20])
def test_a_cap_has_as_many_bits_as_molecules_and_does_not_retarget(molecules):
    found = gate("cap", molecules)
    assert (found.bits, found.exchanged) == (pytest.approx(molecules), 0)
    assert not found.retargets
    assert gate("planner", molecules).exchanged == pytest.approx(molecules)


def test_only_the_cap_fails_the_exchange():
    assert {name for name in CONTROLLERS if gate(name).retargets} == {"planner", "thermostat"}


def test_laws_are_laws():
    assert law("open", 3) == pytest.approx([1 / 8, 3 / 8, 3 / 8, 1 / 8])
    assert law("capped", 3) == pytest.approx([0, 0, 0, 1])
    assert law("emptied", 3) == pytest.approx([1, 0, 0, 0])


def test_what_cannot_be_is_refused():
    with pytest.raises(UnknownNameError, match="thermostat"):
        gate("thermostats")
    with pytest.raises(UnknownNameError, match="open"):
        law("opened", 2)
    with pytest.raises(UsageError, match="0 molecules"):
        gate("cap", 0)
