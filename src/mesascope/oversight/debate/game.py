"""Showing facts in turns to a judge who adds them up, each the one that moves the judge most at once.

The first layer of such a judge is linear in what it is shown, so that a fact is what it adds to that layer, and all
facts that could be shown next are judged in one go.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.random import RandomKey

Margin = Callable[[Float[Array, " H"]], Float[Array, ""]]
"""How far the judge leans to the first side, from its first layer; below 0 it leans to the second."""

FIRST, SECOND = 1.0, -1.0
"""Who shows a fact, as an entry of `turns`."""


def drawn(there: Bool[Array, "N facts"], count: int, *, key: RandomKey) -> Bool[Array, "N facts"]:
    """Draws so many different facts in each row, among those that can be shown; there are at least as many."""
    places = jnp.arange(there.shape[1])

    # The largest number, again and again: sorting them, as `top_k` does, takes ten times as long on a CPU.
    def take(_, score):
        return jnp.where(places == score.argmax(-1)[:, None], -1.0, score)

    score = jnp.where(there, jax.random.uniform(key, there.shape), -1.0)
    return there & (jax.lax.fori_loop(0, count, take, score) < 0)


def show(
    margin: Margin,
    added: Float[Array, "facts H"],
    there: Bool[Array, " facts"],
    start: Float[Array, " H"],
    turns: Float[Array, " moves"],
) -> tuple[Float[Array, " H"], Int[Array, " moves"]]:
    """Returns what the judge's first layer holds at the end, and which facts were shown.

    **Arguments:**

    - `margin`: of the judge.
    - `added`: what each fact adds to the first layer.
    - `there`: facts that can be shown, each once; at least as many as moves.
    - `start`: the first layer without facts.
    - `turns`: whose move each is, `FIRST` or `SECOND`.
    """

    def move(carry, turn):
        layer, left = carry
        leaning = jnp.where(left, turn * jax.vmap(margin)(layer + added), -jnp.inf)
        best = leaning.argmax()
        return (layer + added[best], left.at[best].set(False)), best

    (layer, _), shown = jax.lax.scan(move, (start, there), turns)
    return layer, shown
