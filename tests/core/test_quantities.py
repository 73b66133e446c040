"""Values that people give: what may be arrives as it is, what may not is one sentence with the range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.quantities import LEVELS, PATH, SEED, SHARE, TEXT, Real

HUGE = 10**6000


@pytest.mark.parametrize(
    ("quantity", "text", "value"),
    [
        (SEED, "0", 0),
        (SEED, "4294967295", 2**32 - 1),
        (SEED, "+7", 7),
        (SHARE, "1", 1.0),
        (SHARE, "2.5e-1", 0.25),
        (TEXT, "gym:Taxi-v3", "gym:Taxi-v3"),
        (TEXT, "café 学", "café 学"),
        (PATH, "runs/one", Path("runs/one")),
    ],
)
def test_what_may_be_is_read(quantity, text, value):
    assert quantity.check(quantity.read(text), "--x") == value


@pytest.mark.parametrize(
    ("quantity", "text", "said"),
    [
        (SEED, "-1", "--x -1 is negative; give one from 0 to 4294967295."),
        (SEED, "4294967296", "--x 4294967296 is more than"),
        (SEED, str(2**63), "is more than"),
        pytest.param(SEED, "1" * 4000, "is more than", id="long"),
        pytest.param(SEED, "1" * 5000, "is not a whole number", id="longer"),
        (SEED, "", "--x '' is not a whole number; give one from 0"),
        (SEED, "1.0", "--x '1.0' is not a whole number"),
        (SEED, "1_0", "is not a whole number"),
        (SEED, " 1", "is not a whole number"),
        (SEED, "١", "is not a whole number"),
        (SEED, "--1", "is not a whole number"),
        (LEVELS, "0", "--x 0 is below 1; give one from 1 to"),
        (SHARE, "nan", "--x nan is not a finite number; give one from 0 to 1."),
        (SHARE, "inf", "is not a finite number"),
        (SHARE, "1e999", "is not a finite number"),
        (SHARE, "-1e-300", "is not from 0 to 1"),
        (SHARE, "1.0001", "is not from 0 to 1"),
        (SHARE, "half", "--x 'half' is not a number"),
        (SHARE, "", "is not a number"),
        (Real(0, 0.25, below_high=True), "0.25", "is not from 0 and below 0.25"),
        (TEXT, "", "--x '' is empty"),
        (TEXT, "  ", "is empty"),
        (TEXT, "a\x1b[31m", r"--x 'a\x1b[31m' holds a control character"),
        (TEXT, "a\nb", "holds a control character"),
        (TEXT, "a\udcff", "holds bytes that are not UTF-8"),
        (TEXT, "a" * 5000, "is 5,000 characters long; give at most 4,096."),
        (PATH, "", "--x '' is empty; give a path"),
        (PATH, "a\0b", "holds a control character"),
        (PATH, "a/" + "b" * 256, "more than 255 bytes"),
        (PATH, "é" * 128, "more than 255 bytes"),
    ],
)
def test_what_may_not_be_is_one_short_line_with_the_option_and_what_to_do(quantity, text, said):
    with pytest.raises(UsageError) as caught:
        quantity.check(quantity.read(text), "--x")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        (SEED, True),
        (SEED, 1.0),
        (SEED, None),
        pytest.param(SEED, HUGE, id="long"),
        (SHARE, "1"),
        (SHARE, False),
        (TEXT, 3),
        (PATH, 3),
    ],
)
def test_values_from_python_are_checked_alike(quantity, value):
    with pytest.raises(UsageError, match="seed"):
        quantity.check(value, "seed")


def test_numbers_of_numpy_are_numbers():
    assert SEED.check(np.int64(3), "seed") == 3
    assert SHARE.check(np.float32(0.5), "share") == 0.5
