"""Tic-tac-toe: three in a row on a board of 3x3. With 5,478 positions, 4,520 of them unfinished, all can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

LINES: np.ndarray = np.array(
    [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)], np.int32
)
"""Cells of each line, counted row by row."""


@dataclass(frozen=True)
class TicTacToe:
    """The rules; see `Rules`.

    A state is the board row by row, `[9]`: 1 for a stone of the player to move, -1 for one of the other player, 0 for
    an empty cell. An observation shows both players' stones as planes, `[3, 3, 2]`, those of the player to move first.
    """

    name: ClassVar[str] = "tic-tac-toe"
    actions: ClassVar[int] = 9
    longest: ClassVar[int] = 9
    observation_shape: ClassVar[tuple[int, ...]] = (3, 3, 2)

    def initial(self) -> Int[Array, "9"]:
        return jnp.zeros(9, jnp.int32)

    def legal(self, state: Int[Array, "9"]) -> Bool[Array, "9"]:
        return state == 0

    def step(self, state: Int[Array, "9"], action: Int[Array, ""]) -> Int[Array, "9"]:
        return -state.at[action].set(1)

    def result(self, state: Int[Array, "9"]) -> tuple[Bool[Array, ""], Float[Array, ""]]:
        sums = state[LINES].sum(-1)
        won, lost = (sums == 3).any(), (sums == -3).any()
        return won | lost | (state != 0).all(), won.astype(jnp.float32) - lost.astype(jnp.float32)

    def observe(self, state: Int[Array, "9"]) -> Float[Array, "3 3 2"]:
        return jnp.stack([state == 1, state == -1], axis=-1).astype(jnp.float32).reshape(3, 3, 2)

    def read(self, observation: Float[Array, "3 3 2"]) -> Int[Array, "9"]:
        own, other = (observation[..., plane].reshape(9) > 0.5 for plane in (0, 1))
        return own.astype(jnp.int32) - other.astype(jnp.int32)
