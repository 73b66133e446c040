"""Showing facts in turns, and drawing them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.oversight.debate.game import FIRST, SECOND, drawn, fitted, show

WORTH = jnp.array([3.0, -2.0, 1.0, -5.0, 9.0])
THERE = jnp.array([True, True, True, True, False])


def shown(*turns):
    """What the judge leans to at the end, and which facts were shown, as bits."""
    added = jnp.stack([WORTH, 2.0 ** jnp.arange(5)], axis=-1)
    leaning, facts = show(lambda layer: layer[0], added, THERE, jnp.zeros(2), jnp.array(turns))
    return float(leaning), f"{int(facts):05b}"[::-1]


def test_each_side_shows_what_helps_it_most_and_nothing_twice():
    assert shown(FIRST) == (3, "10000")
    assert shown(FIRST, SECOND) == (-2, "10010")
    assert shown(FIRST, SECOND, FIRST) == (-1, "10110")


def test_an_adviser_who_argues_for_one_side_shows_only_that():
    assert shown(FIRST, FIRST) == (4, "10100")
    assert shown(SECOND, SECOND) == (-7, "01010")


def test_what_is_not_there_is_never_shown():
    assert shown(FIRST, FIRST, FIRST, FIRST) == (-3, "11110")


def test_facts_drawn_are_different_and_as_likely_as_their_weights():
    weights = jnp.tile(jnp.array([0.0, 1.0, 1.0, 2.0]), (8000, 1))
    which = np.asarray(drawn(weights, 2, key=jax.random.key(0)))
    assert (which[:, 0] != which[:, 1]).all()
    # 8,000 draws: a standard error is 0.006 at most.
    assert np.allclose(np.bincount(which[:, 0], minlength=4) / 8000, [0, 0.25, 0.25, 0.5], atol=0.025)


def test_fitting_goes_down_the_loss():
    found = fitted(lambda one, key: (one - 0.5) ** 2, jnp.float32(0), updates=2000, key=jax.random.key(0))
    assert abs(float(found) - 0.5) < 0.05
