import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.alignment.battery_outcomes import BatteryOutcome
from mesascope.audit.alignment.decoding import ErrorModel, calibrated_errors, decode
from mesascope.audit.alignment.kinds import CODES, PREDICTIONS, SLOT_TESTS, TESTS, AlignmentKind
from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Verdict


def row(kind, **changed):
    codes = dict(PREDICTIONS[kind]) | changed
    return {test: outcome(test, code) for test, code in codes.items()}


def outcome(test, code):
    verdict = Verdict.INCONCLUSIVE if code is None else Verdict.PASS if code == "A" else Verdict.FAIL
    return BatteryOutcome(test, verdict, code, "as it was made up")


def test_rows_are_pairwise_distinct_and_the_note_says_how_far():
    """55 pairs; the nearest are one test apart: common cause and habit by T3, internal and compute by T7."""
    note = [test for test in TESTS if test[0] == "T" and not test.endswith("u")]
    assert len(note) == 15
    distances = {
        frozenset((one, other)): sum(PREDICTIONS[one][test] != PREDICTIONS[other][test] for test in note)
        for one in PREDICTIONS
        for other in PREDICTIONS
        if one is not other
    }
    assert len(distances) == 55
    assert min(distances.values()) == 1
    nearest = {pair for pair, distance in distances.items() if distance == 1}
    assert frozenset((AlignmentKind.COMMON_CAUSE, AlignmentKind.HABIT)) in nearest
    assert frozenset((AlignmentKind.INTERNAL, AlignmentKind.COMPUTE)) in nearest


@pytest.mark.parametrize("kind", list(PREDICTIONS))
def test_a_row_speaks_for_its_class(kind):
    found = decode(row(kind), ErrorModel())
    assert found is not None
    assert found.best is kind
    assert found.probabilities[kind] > 0.9
    assert found.mismatches == ()
    assert found.together == (kind,)
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_an_agent_that_fails_in_training_is_incapable_whatever_else_it_does():
    found = decode({test: outcome(test, "L") for test in TESTS}, ErrorModel())
    assert found is not None
    assert found.best is AlignmentKind.INCAPABLE


def test_an_unlisted_row_is_none_of_these():
    strange = row(AlignmentKind.INTERNAL, T0="A", T2="X", T3="X", T6="X", T7="X", T12="X", T13="X")
    found = decode(strange, ErrorModel())
    assert found is not None
    assert found.best is AlignmentKind.NONE


def test_what_no_measured_test_tells_apart_stays_together():
    outcomes = row(AlignmentKind.INTERNAL)
    for test in SLOT_TESTS:
        outcomes[test] = outcome(test, None)
    found = decode(outcomes, ErrorModel())
    assert found is not None
    assert set(found.together) == {AlignmentKind.INTERNAL, AlignmentKind.COMPUTE}
    assert found.probabilities[AlignmentKind.INTERNAL] == pytest.approx(found.probabilities[AlignmentKind.COMPUTE])
    assert set(found.missing) == set(SLOT_TESTS)


def test_nothing_is_decoded_without_the_training_test():
    assert decode(row(AlignmentKind.INTERNAL, T0=None), ErrorModel()) is None


@given(
    codes=st.dictionaries(st.sampled_from(sorted(TESTS)), st.sampled_from([*CODES, None])),
    slip=st.floats(0.005, 0.3),
    independence=st.floats(0.1, 1.0),
)
@settings(deadline=None, max_examples=50)
def test_probabilities_are_probabilities_whatever_was_found(codes, slip, independence):
    outcomes = {test: outcome(test, code) for test, code in ({"T0": "A"} | codes).items()}
    found = decode(outcomes, ErrorModel(slip=slip, independence=independence))
    if outcomes["T0"].code is None:
        assert found is None
        return
    assert found is not None
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert list(found.probabilities.values()) == sorted(found.probabilities.values(), reverse=True)
    assert set(found.measured) | set(found.missing) == set(TESTS)


@given(test=st.sampled_from([test for test in TESTS if test != "T0"]))
@settings(deadline=None)
def test_one_cell_that_is_off_never_turns_the_deceptive_into_the_robust(test):
    for code in CODES:
        found = decode(row(AlignmentKind.DECEPTIVE, **{test: code}), calibrated_errors())
        assert found is not None
        assert found.best not in (AlignmentKind.INTERNAL, AlignmentKind.CORRIGIBLE)


@pytest.mark.parametrize("wrong", [{"slip": 0.0}, {"lost": 1.0}, {"independence": 0.0}, {"unlisted": 1.5}])
def test_readings_that_are_none_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        ErrorModel(**wrong)
