"""The judge of 8x8 digits who sees few pixels, and debates before it."""

from __future__ import annotations

import debated_digits as digits
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError


@pytest.mark.slow
@pytest.mark.parametrize(("pixels", "alone", "all_lies"), [(6, 0.635, 0.933), (4, 0.499, 0.927)])
def test_the_known_answers(pixels, alone, all_lies):
    found = digits.sparse_judge(pixels)
    assert found.alone == pytest.approx(alone, abs=0.03)
    assert found.all_lies == pytest.approx(all_lies, abs=0.03)


def test_a_debate_before_a_judge_of_little_training_beats_the_judge_alone():
    found = digits.sparse_judge(4, updates=200)
    assert found.images == digits.HELD_OUT
    assert 0.2 < found.alone < 0.5 < found.random_lie
    assert found.all_lies <= found.random_lie


def test_what_a_pixel_adds_is_what_the_network_makes_of_it():
    judge = eqx.nn.MLP(128, 10, 16, depth=2, key=jax.random.key(0))
    image = jax.random.uniform(jax.random.key(1), (64,))
    some = jnp.arange(64) < 5
    layer = judge.layers[0].bias + digits.contributions(judge, image)[:5].sum(0)
    given = jnp.concatenate([jnp.where(some, image, 0.0), some.astype(jnp.float32)])
    assert np.allclose(digits.logits(judge, layer), judge(given), atol=1e-5)


def test_usage():
    with pytest.raises(UsageError, match="as many pixels each"):
        digits.sparse_judge(5)
