import numpy as np
import pytest

from mesascope.planning.learners.gittins import gittins_indices


@pytest.mark.parametrize(
    ("remaining", "paid", "lost", "index"),
    [
        # One pull: what it is expected to pay.
        (1, 0, 0, 1 / 2),
        (1, 3, 1, 2 / 3),
        # Two pulls, leaving after a failure: (1/2 + 1/2 2/3) / (1 + 1/2).
        (2, 0, 0, 5 / 9),
        # After a success: (2/3 + 2/3 3/4) / (1 + 2/3).
        (2, 1, 0, 7 / 10),
        # Three pulls, leaving after any failure: one after a success would pay 1/2, which is less than the index.
        (3, 0, 0, (1 / 2 + 1 / 2 * (2 / 3 + 2 / 3 * 3 / 4)) / (1 + 1 / 2 * (1 + 2 / 3))),
    ],
)
def test_indices_are_those_of_the_best_rule_of_when_to_leave(remaining, paid, lost, index):
    assert gittins_indices(5)[remaining, paid, lost] == pytest.approx(index, abs=1e-5)


def test_an_index_is_above_the_mean_and_grows_with_what_remains_and_with_successes():
    table = gittins_indices(12, 0.5, 2.0).astype(float)
    mean = 0.5 / 2.5
    assert table[1, 0, 0] == pytest.approx(mean)
    assert (np.diff(table[1:, 0, 0]) > 0).all()
    assert (np.diff(table[6, :6, 0]) > 0).all()
    assert (np.diff(table[6, 0, :6]) < 0).all()
