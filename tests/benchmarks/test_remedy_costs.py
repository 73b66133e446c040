from __future__ import annotations

import numpy as np
import pytest
from remedy_costs import OPTIONS, Marked

from mesascope.core.random import root_key


@pytest.mark.parametrize("simple", [True, False])
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_half_of_what_can_be_offered_is_good(bits, simple):
    good = Marked(bits, simple=simple).good
    assert len(good) == 2**bits
    assert sum(good) == 2 ** (bits - 1)


def test_marks_say_what_is_good_in_training_and_nothing_elsewhere():
    world = Marked(3)
    levels = {
        name: world.sample(key=root_key(0), distribution=name, count=400).attributes[:, 0, :, 0]
        for name in ("train", "deploy")
    }
    np.testing.assert_array_equal(levels["train"][..., 0], levels["train"][..., 1])
    same = np.asarray(levels["deploy"][..., 0] == levels["deploy"][..., 1])
    # 800 coins: a fair one is outside of this once in 200 runs; the key is fixed.
    assert abs(same.mean() - 0.5) < 0.05
    good = np.asarray(levels["deploy"][..., 0]).sum(-1)
    assert ((good > 0) & (good < OPTIONS)).all()


def test_a_level_is_read_from_its_text():
    world = Marked(2)
    level = world.sample(key=root_key(1), distribution="deploy", count=1)[0]
    np.testing.assert_array_equal(world.parse(world.format(level)).attributes, level.attributes)
