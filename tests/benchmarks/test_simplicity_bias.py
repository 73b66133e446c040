import numpy as np
import pytest
from simplicity_bias import complexity, drawn_functions, measured, phrases


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # Kaspar and Schuster (1987): 1 . 0 . 01 . 1110 . 1100 . 0010.
        ("1001111011000010", 6),
        # 0 . 1 . 0101...: whatever goes on as it began is one part.
        ("01" * 16, 3),
        ("0" * 9, 2),
    ],
)
def test_parts_of_a_history_are_the_published_ones(text, parts):
    assert phrases(text) == parts


def test_a_constant_is_simplest_and_chance_is_not_simple():
    assert complexity("1" * 128) == 7
    even = np.random.default_rng(0).choice(["0", "1"], (50, 128))
    assert np.mean([complexity("".join(row)) for row in even]) == pytest.approx(148.5, rel=0.03)


def test_one_seed_gives_the_same_functions_and_some_of_them_often():
    first, again = (drawn_functions(50, np.random.default_rng(1)) for _ in range(2))
    assert first == again
    assert {len(one) for one in first} == {128}
    found = measured(1500, 0)
    assert found["constant share"] == pytest.approx(0.17, abs=0.04)
    assert found["rank correlation"] < 0
    assert found["simple share"] > 0.25 > found["simple share evenly"]
