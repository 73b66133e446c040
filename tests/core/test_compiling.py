"""What is compiled without trying hard computes the same, alone and inside other programs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.compiling import compiled_briefly

COMPILED: list[int] = []


@compiled_briefly
def powers(values, count):
    COMPILED.append(count)
    return jnp.stack([values**one for one in range(count)])


def test_it_is_compiled_once_for_each_value_that_is_no_array():
    COMPILED.clear()
    values = jnp.arange(3.0)
    for count in (2, 3, 2):
        np.testing.assert_allclose(powers(values, count), [values**one for one in range(count)])
    assert COMPILED == [2, 3]


@pytest.mark.parametrize("around", [jax.jit, jax.vmap])
def test_inside_another_program_it_is_a_part_of_it(around):
    values = jnp.arange(6.0).reshape(2, 3)
    found = around(lambda rows: powers(rows, 3).sum())(values)
    assert np.sum(found) == pytest.approx(sum((np.asarray(values) ** one).sum() for one in range(3)))
    assert jax.grad(lambda value: powers(value, 3).sum())(2.0) == pytest.approx(1 + 2 * 2.0)
