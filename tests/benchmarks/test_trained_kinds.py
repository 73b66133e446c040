import pytest
from trained_kinds import calibrate, name_all, reproduced

from mesascope.audit.alignment.battery_outcomes import BatteryOutcome
from mesascope.audit.alignment.kinds import PREDICTIONS, AlignmentKind
from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Verdict


def outcomes(kind, **changed):
    codes = dict(PREDICTIONS[kind]) | changed
    return {test: BatteryOutcome(test, Verdict.FAIL, code, "made up") for test, code in codes.items()}


def test_calibration_learns_how_often_cells_are_off():
    clean = [(str(kind), outcomes(kind), None) for kind in PREDICTIONS]
    noisy = [(str(kind), outcomes(kind, T3="a", T6="a", T2u="a", T12="F"), None) for kind in PREDICTIONS]
    assert calibrate(clean).slip < calibrate(noisy).slip
    with pytest.raises(UsageError, match="No agents"):
        calibrate([])


def test_all_clean_rows_are_named_right():
    naming = name_all(
        [(str(kind), outcomes(kind), None) for kind in PREDICTIONS],
        calibrate([(str(kind), outcomes(kind), None) for kind in PREDICTIONS]),
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
