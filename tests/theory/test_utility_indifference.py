from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.utility_indifference import (
    SOARES,
    ButtonGame,
    chosen,
    keeps_the_button_working,
    price_of_the_button,
    values,
)

UTILITIES = st.lists(st.tuples(st.floats(0, 1), st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=5)


def game(rows) -> ButtonGame:
    return ButtonGame(*(tuple(column) for column in zip(*rows, strict=True)))


def test_the_toy_of_the_note():
    assert values(corrected=False)[:3] == pytest.approx([5, 0, 9.5])
    assert chosen(corrected=False) == (2,)
    assert values(corrected=True) == pytest.approx(SOARES.normal)
    assert chosen(corrected=True) == (0, 1)


@given(UTILITIES, st.floats(0, 1))
def test_the_corrected_value_does_not_depend_on_being_pressed(rows, towards):
    played = game(rows)
    assert values(played, corrected=True) == pytest.approx(played.normal, abs=1e-12)
    # Indifferent both ways, and whatever shutdown is worth.
    assert price_of_the_button(played, corrected=True, towards=towards) == pytest.approx(0, abs=1e-12)


@given(st.floats(1e-9, 5), st.floats(-100, 100))
def test_known_defect_no_incentive_to_keep_the_button_working(cost, shutdown):
    assert not keeps_the_button_working(cost, corrected=True, shutdown=shutdown)


def test_the_uncorrected_agent_wants_the_button_where_shutdown_pays():
    assert keeps_the_button_working(0.1, corrected=False, shutdown=20.0)
    assert not keeps_the_button_working(0.1, corrected=False)
    assert price_of_the_button(corrected=False, towards=0.0) == pytest.approx(0.5)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="1, 2 and 1"):
        ButtonGame((0.5,), (1.0, 2.0), (0.0,))
    with pytest.raises(UsageError, match="must be in"):
        ButtonGame((1.5,), (1.0,), (0.0,))
