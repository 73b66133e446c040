import pytest

from mesascope.audit.alignment.battery_outcomes import BatteryOutcome
from mesascope.audit.alignment.kinds import PREDICTIONS, AlignmentKind
from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Verdict
from mesascope.organisms.kinds.summary import Naming, calibrate, name_all, reproduced


def outcomes(kind, **changed):
    codes = dict(PREDICTIONS[kind]) | changed
    return {test: BatteryOutcome(test, Verdict.FAIL, code, "made up") for test, code in codes.items()}


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


def test_calibration_learns_how_often_cells_are_off():
    clean = [(str(kind), outcomes(kind)) for kind in PREDICTIONS]
    noisy = [(str(kind), outcomes(kind, T3="a", T6="a", T2u="a", T12="F")) for kind in PREDICTIONS]
    assert calibrate(clean).slip < calibrate(noisy).slip
    with pytest.raises(UsageError, match="No agents"):
        calibrate([])


def test_all_clean_rows_are_named_right():
    naming = name_all(
        [(str(kind), outcomes(kind)) for kind in PREDICTIONS], calibrate([(str(k), outcomes(k)) for k in PREDICTIONS])
    )
    assert naming.correct.all()


def test_reproduced_counts_measured_cells_and_takes_lost_for_fallen():
    kind = AlignmentKind.SIDE_EFFECT
    found = reproduced(
        [(str(kind), outcomes(kind)), (str(kind), outcomes(kind, T1="L", T2="X")), (str(kind), outcomes(kind, T7=None))]
    )
    assert found[str(kind), "T1"] == (3, 3)
    assert found[str(kind), "T2"] == (2, 3)
    assert found[str(kind), "T7"] == (2, 2)
