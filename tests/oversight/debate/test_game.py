"""Showing facts in turns."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.oversight.debate.game import FIRST, SECOND, drawn, show

WORTH = jnp.array([3.0, -2.0, 1.0, -5.0, 9.0])
THERE = jnp.array([True, True, True, True, False])


def shown(*turns):
    layer, order = show(lambda layer: layer[0], WORTH[:, None], THERE, jnp.zeros(1), jnp.array(turns))
    return float(layer[0]), np.asarray(order).tolist()


def test_each_side_shows_what_helps_it_most_and_nothing_twice():
    assert shown(FIRST, SECOND, FIRST, SECOND) == (3 - 5 + 1 - 2, [0, 3, 2, 1])


def test_an_adviser_who_argues_for_one_side_shows_only_that():
    assert shown(FIRST, FIRST) == (4, [0, 2])
    assert shown(SECOND, SECOND) == (-7, [3, 1])


def test_what_is_not_there_is_never_shown():
    assert 4 not in shown(FIRST, FIRST, FIRST, FIRST)[1]


def test_facts_drawn_are_different_and_there():
    there = jax.random.bernoulli(jax.random.key(0), 0.3, (50, 64)).at[:, :6].set(True)
    some = drawn(there, 6, key=jax.random.key(1))
    assert (some.sum(1) == 6).all()
    assert not (some & ~there).any()
