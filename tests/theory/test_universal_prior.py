from __future__ import annotations

from fractions import Fraction

import pytest

from mesascope.core.errors import UsageError
from mesascope.theory.universal_prior import outputs, prior, probability_of_defection


def closed_form(ones: int, most_states: int = 5) -> Fraction:
    """The probability of a zero after nothing but ones by counting paths, exactly.

    A zero after n ones needs n + 1 states that all differ: had one returned before, the ones would go on for ever.
    Ones for ever come from a path that closes after m states, or from n states that differ, each with the right label.
    """
    both, seen = Fraction(0), Fraction(0)
    for states in range(1, most_states + 1):
        weight, distinct = Fraction(1, 4**states), [Fraction(1)]
        for visited in range(1, ones + 1):
            distinct.append(distinct[-1] * Fraction(max(states - visited, 0), states))
        # distinct[i]: the first i + 1 states differ.
        both += weight * distinct[ones] * Fraction(1, 2 ** (ones + 1))
        closing = sum(distinct[m - 1] * Fraction(min(m, states), states) * Fraction(1, 2**m) for m in range(1, ones))
        seen += weight * (closing + distinct[ones - 1] * Fraction(1, 2**ones))
    return both / seen


@pytest.mark.parametrize(("ones", "expected"), [(1, 0.0681), (2, 0.00436), (3, 0.00022), (4, 1e-5)])
def test_the_figures_of_the_note(ones, expected):
    assert probability_of_defection(ones) == pytest.approx(expected, rel=0.03, abs=3e-6)


@pytest.mark.parametrize(("states", "expected"), [(2, 0.0), (3, 0.0028), (4, 0.0040), (5, 0.0044)])
def test_more_states_allow_more_treachery(states, expected):
    assert probability_of_defection(2, states) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("ones", [1, 2, 3, 4])
@pytest.mark.parametrize("states", [1, 2, 3, 4, 5])
def test_enumeration_is_the_count_of_paths(ones, states):
    assert probability_of_defection(ones, states) == pytest.approx(float(closed_form(ones, states)), abs=1e-15)


def test_an_automaton_of_n_states_cannot_turn_after_n_ones():
    assert closed_form(5, 5) == 0
    assert closed_form(5, 6) > 0


def test_it_falls_about_twentyfold_an_observation():
    ratios = [float(closed_form(ones) / closed_form(ones + 1)) for ones in (1, 2)]
    assert all(15 < ratio < 22 for ratio in ratios)


def test_all_automata_are_there_and_priors_sum_to_one():
    assert outputs(3, 2).shape == (27, 8, 2)
    assert sum(prior(5).values()) == pytest.approx(1)
    assert prior(5)[1] / prior(5)[2] == pytest.approx(4)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="7 states"):
        outputs(7, 1)
    with pytest.raises(UsageError, match="After 0 ones"):
        probability_of_defection(0)
