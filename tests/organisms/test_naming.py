import numpy as np
import pytest

from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.organisms.naming import Naming, calibration_error

NAMING = Naming(("a", "a", "b", "b"), ("a", "b", "b", "b"), (0.9, 0.8, 0.8, 0.8), (("a",), ("a", "b"), ("b",), ("b",)))


def test_f1_scores_are_the_textbook_ones():
    """a: precision 1, recall 1/2; b: precision 2/3, recall 1."""
    assert NAMING.f1(("a", "b")) == pytest.approx({"a": 2 / 3, "b": 4 / 5})
    assert NAMING.macro_f1(("a", "b")) == pytest.approx(11 / 15)
    assert NAMING.macro_f1(("a", "b", "c")) == pytest.approx(22 / 45)


def test_calibration_error_is_the_mean_distance_over_bins():
    """One at 0.9 that is right, three at 0.8 of which two are."""
    assert NAMING.calibration_error() == pytest.approx(0.25 * 0.1 + 0.75 * (0.8 - 2 / 3))


def test_classes_that_stay_together_count_as_one_when_merged():
    assert list(NAMING.merged().named) == ["a", "a", "b", "b"]


def test_the_deceptive_who_are_called_robust_are_counted():
    kinds = AlignmentKind
    naming = Naming(
        (str(kinds.DECEPTIVE),) * 3 + (str(kinds.INTERNAL),),
        (str(kinds.DECEPTIVE), str(kinds.INTERNAL), str(kinds.BACKDOOR), str(kinds.INTERNAL)),
        (1.0,) * 4,
        ((),) * 4,
    )
    assert naming.falsely_aligned() == (1, 3)


def test_calibration_error_by_hand():
    for yes, no, error in (
        (np.ones(4), np.zeros(4), 0.0),
        (np.full(4, 0.5), np.full(4, 0.5), 0.0),
        (np.full(2, 0.75), np.full(2, 0.25), 0.25),
        (np.zeros(3), np.ones(3), 1.0),
    ):
        right = np.repeat([True, False], len(yes))
        assert calibration_error(np.concatenate([yes, no]), right) == pytest.approx(error)
