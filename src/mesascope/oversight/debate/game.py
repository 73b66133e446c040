"""Showing facts in turns to a judge who adds them up, each the one that moves the judge most at once.

The first layer of such a judge is linear in what it is shown, so that a fact is what it adds to that layer, and all
facts that could be shown next are judged in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.random import RandomKey

FIRST, SECOND = 1.0, -1.0
"""Who shows a fact, as an entry of `turns`."""

RATE: float = 1e-3
DECAY: float = 1e-3
"""Of AdamW, with which judges are trained."""


def fitted(loss: Callable[..., Float[Array, ""]], judge: Any, *, updates: int, key: RandomKey) -> Any:
    """Returns a judge after so many updates; called inside `jit`.

    **Arguments:**

    - `loss`: of a judge and a key.
    - `judge`: before training.
    - `updates`: 1 or more; the rate falls to 0 along a cosine.
    - `key`: consumed.
    """
    parameters, static = eqx.partition(judge, eqx.is_array)
    optimizer = optax.adamw(optax.cosine_decay_schedule(RATE, updates), weight_decay=DECAY)

    def update(carry, key):
        parameters, state = carry
        gradient = jax.grad(lambda one: loss(eqx.combine(one, static), key))(parameters)
        steps, state = optimizer.update(gradient, state, parameters)
        return (optax.apply_updates(parameters, steps), state), None

    start = (parameters, optimizer.init(parameters))
    (parameters, _), _ = jax.lax.scan(update, start, jax.random.split(key, updates))
    return eqx.combine(parameters, static)


def drawn(weights: Float[Array, "N facts"], count: int, *, key: RandomKey) -> Int[Array, "N count"]:
    """Draws so many different facts in each row, with chances like their weights (Efraimidis and Spirakis 2006).

    **Arguments:**

    - `weights`: at least so many of each row above 0.
    - `count`: how many facts.
    - `key`: consumed.
    """
    places = jnp.arange(weights.shape[1])

    # The largest number, again and again: sorting them, as `top_k` does, takes ten times as long on a CPU.
    def take(score, _):
        largest = score.argmax(-1)
        return jnp.where(places == largest[:, None], -1.0, score), largest

    uniform = jax.random.uniform(key, weights.shape)
    score = jnp.where(weights > 0, uniform ** (1 / jnp.maximum(weights, 1e-6)), -1.0)
    return jax.lax.scan(take, score, length=count)[1].T


def show(
    margin: Callable[[Float[Array, " H"]], Float[Array, ""]],
    added: Float[Array, "facts H"],
    there: Bool[Array, " facts"],
    start: Float[Array, " H"],
    turns: Float[Array, " moves"],
) -> Float[Array, " H"]:
    """Returns what the judge's first layer holds when everybody has shown a fact at each of their turns.

    **Arguments:**

    - `margin`: how far the judge leans to the first side, from its first layer; below 0 it leans to the second.
    - `added`: what each fact adds to the first layer.
    - `there`: facts that can be shown, each once; at least as many as moves.
    - `start`: the first layer without facts.
    - `turns`: whose move each is, `FIRST` or `SECOND`.
    """

    def move(carry, turn):
        layer, left = carry
        best = jnp.where(left, turn * jax.vmap(margin)(layer + added), -jnp.inf).argmax()
        return (layer + added[best], left.at[best].set(False)), None

    return jax.lax.scan(move, (start, there), turns)[0][0]
