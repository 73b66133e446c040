import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.core.errors import AgentError, UsageError

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


def act(function):
    return FunctionAgent("mine:policy", function, 2).act(ROWS, None)[0]


def test_answers_are_passed_on_in_double_precision_summing_to_one():
    answer = act(lambda batch: np.stack([batch[:, 0] / 8, 1.00001 - batch[:, 0] / 8], -1).astype(np.float32))
    assert np.allclose(answer[:, 0], ROWS[:, 0] / 8, atol=1e-4)
    assert np.abs(answer.sum(-1) - 1).max() < 1e-15
    assert np.array_equal(act(lambda batch: [[1, 0]] * len(batch)), [[1, 0]] * 3)


def second_row(*values):
    return lambda batch: np.array([[0.5, 0.5], list(values), [0.5, 0.5]])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda batch: np.ones((3, 3)) / 3, r"\[3, 3\] for 3 observations; with 2 actions it must be \[3, 2\]"),
        (lambda batch: np.ones(2) / 2, r"array of shape \[2\]"),
        (lambda batch: None, "mine:policy"),
        (lambda batch: "left", "not an array"),
        (lambda batch: [[1, 0], [1], [1, 0]], "not an array"),
        (second_row(np.nan, 1), "are NaN for 1 of 3 observations; the first is row 1"),
        (second_row(np.inf, 1), "are infinite for 1 of 3 observations; the first is row 1"),
        (lambda batch: np.full((3, 2), 0.5 + 0j), "an array of complex128, not"),
        (lambda batch: np.full((3, 2), "0.5"), "an array of <U3, not"),
        (lambda batch: np.full((3, 2), None), "an array of object, not"),
        (second_row(-0.5, 1.5), "negative for 1 of 3 observations; the first is row 1"),
        (second_row(0.5, 0.6), "do not sum to one for 1 of 3 observations; the first is row 1"),
        (lambda batch: batch @ np.zeros((3, 3)), "raised ValueError .*matmul"),
    ],
)
def test_bad_answers_are_named(function, message):
    with pytest.raises(AgentError, match=message):
        act(function)


def test_what_a_function_raises_is_chained_and_our_own_errors_pass():
    def fails(batch):
        raise KeyError("goal")

    with pytest.raises(AgentError, match=r"KeyError .*'goal'") as caught:
        act(fails)
    assert isinstance(caught.value.__cause__, KeyError)

    def ours(batch):
        raise UsageError("a message of ours")

    with pytest.raises(UsageError, match="a message of ours"):
        act(ours)


def test_a_function_cannot_change_the_observations_of_others():
    kept = ROWS.copy()

    def writes(batch):
        batch[:] = 0
        return np.full((3, 2), 0.5)

    act(writes)
    assert np.array_equal(kept, ROWS)
