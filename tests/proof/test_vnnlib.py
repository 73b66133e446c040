"""Properties in files: the two forms, and what is wrong with others."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.proof.vnnlib import read_property

ACAS = "x0 >= 0.6\nx0 <= 0.68\nx1 >= -0.5\nx1 <= 5e-1\n+y0 -y1 >= 0\n+y0 -2.5y2 <= 1.5\n"
VNNLIB = """; a comment
(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(assert (<= X_0 0.68)) (assert (>= X_0 0.6))
(assert (and (>= X_1 -0.5) (<= X_1 (* 0.5 1))))
(assert (>= Y_0 Y_1))
(assert (<= (- Y_0 (* 2.5 Y_2)) 1.5))
"""


@pytest.fixture
def read(tmp_path):
    def read(text: str):
        path = tmp_path / "property.txt"
        path.write_text(text)
        return read_property(path)

    return read


@pytest.mark.parametrize("text", [ACAS, VNNLIB])
def test_both_forms_say_the_same(read, text):
    box, bad = read(text)
    np.testing.assert_array_equal([box.low, box.high], [[0.6, -0.5], [0.68, 0.5]])
    ((rows, offsets),) = bad.cases
    np.testing.assert_array_equal(rows, [[-1, 1, 0], [1, 0, -2.5]])
    np.testing.assert_array_equal(offsets, [0, -1.5])
    # Both rows are true of the first outputs, and one alone of the others.
    assert bad.holds(np.array([[2.0, 1, 1], [5.0, 1, 1], [0.0, 1, 1]])).tolist() == [True, False, False]


def test_alternatives_become_cases(read):
    box = "(assert (>= X_0 0))(assert (<= X_0 1))"
    _, bad = read(box + "(assert (or (and (<= Y_0 Y_1) (<= Y_0 Y_2)) (and (>= Y_1 3))))(assert (<= Y_2 0))")
    assert [len(offsets) for _, offsets in bad.cases] == [3, 2]
    assert bad.holds(np.array([[0.0, 0, 0], [1.0, 3, 0], [1.0, 2, 0]])).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x0 >= 1\nx0 <= 0\n+y0 <= 0", "upside down at input"),
        ("x0 >= 1\n+y0 <= 0", "x0 of the property has no largest"),
        ("x0 >= 0\nx0 <= 1\n", "nothing of the outputs"),
        ("+y0 <= 0", "nothing of the inputs"),
        ("x0 >= 0\nx0 <= 1\n+y0 < 0", "Line 3"),
        ("x0 >= 0\nx0 <= nan\n+y0 <= 0", "Line 2"),
        ("x0 >= 0\nx0 <= 1e999\n+y0 <= 0", "not finite"),
        ("x999999 >= 0\n", "beyond the 100,000"),
        ("x" * 3000, "more than 2,000 characters"),
        ("(assert (<= X_0 1)", "cut short"),
        ("(" * 50, "32 deep"),
        ("(assert (<= X_0 X_1))", "joins several inputs"),
        ("(assert (<= X_0 Y_1))", "joins inputs and outputs"),
        ("(assert (or (<= X_0 1) (>= X_0 3)))", "several boxes"),
        ("(assert (<= (* Y_0 Y_1) 1))", "no linear term"),
        ("(assert (< Y_0 1))", "no comparison"),
        ("(check-sat)", "neither declare-const nor assert"),
    ],
)
def test_what_is_wrong_is_said(read, text, said):
    with pytest.raises(UsageError, match=said):
        read(text)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "property.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_property(path)
    with pytest.raises(UsageError, match="No such file"):
        read_property(tmp_path / "missing.txt")
