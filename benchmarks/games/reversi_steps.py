"""Reversi on planes of a batch: the rules for programs that are compiled, such as a tree search over a network."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Int

_STEPS: tuple[tuple[int, int], ...] = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


def _shifted(planes: Bool[Array, "B 8 8"], down: int, right: int) -> Bool[Array, "B 8 8"]:
    padded = jnp.pad(planes, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 - down : 9 - down, 1 - right : 9 - right]


def legal_actions(own: Bool[Array, "B 8 8"], other: Bool[Array, "B 8 8"]) -> Bool[Array, "B 65"]:
    """Returns which of the 64 squares and the pass are legal; the pass is if no square is.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    """
    empty, found = ~(own | other), jnp.zeros_like(own)
    for down, right in _STEPS:
        run = _shifted(own, down, right) & other
        for _ in range(5):
            run |= _shifted(run, down, right) & other
        found |= _shifted(run, down, right) & empty
    squares = found.reshape(len(own), 64)
    return jnp.concatenate([squares, ~squares.any(-1, keepdims=True)], -1)


def after_actions(
    own: Bool[Array, "B 8 8"], other: Bool[Array, "B 8 8"], action: Int[Array, " B"]
) -> tuple[Bool[Array, "B 8 8"], Bool[Array, "B 8 8"]]:
    """Returns the discs after a move, those of the player who moves next first.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `action`: the square, 0 to 63, or 64 to pass.
    """
    # No square has the number 64, so that a pass places nothing and turns nothing.
    disc = (jnp.arange(64) == action[:, None]).reshape(-1, 8, 8)
    turned = jnp.zeros_like(own)
    for down, right in _STEPS:
        run = _shifted(disc, down, right) & other
        for _ in range(5):
            run |= _shifted(run, down, right) & other
        closed = (_shifted(run, down, right) & own).any((1, 2), keepdims=True)
        turned |= run & closed
    return other & ~turned, own | disc | turned
