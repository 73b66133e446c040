from __future__ import annotations

import pytest

from mesascope.core.paired import mcnemar


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [(10, 2, 0.03857421875), (2, 10, 0.03857421875), (0, 0, 1.0), (5, 5, 1.0), (5, 0, 0.0625), (8, 1, 0.0390625)],
)
def test_known_values(gained, lost, p):
    assert mcnemar(gained, lost) == pytest.approx(p, abs=1e-12)


def test_negative_numbers_are_refused():
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)
