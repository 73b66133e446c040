"""A maze whose goal is hidden and stays where it is: found once, it can be gone to again (Miconi et al. 2019).

Faithful to `MetaMaze-misc` of gymnax, so that agents that were trained there can be audited: its map, its observation
and its rewards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream

MOVES: tuple[tuple[int, int], ...] = ((-1, 0), (0, 1), (1, 0), (0, -1))


class Walk(NamedTuple):
    """Where an episode stands; `over` once somebody was put down on the goal itself, which ends one in gymnax."""

    place: Int[Array, "2"]
    time: Int[Array, ""]
    over: Bool[Array, ""]


@dataclass(frozen=True)
class MetaMaze(Stream):
    """Who reaches the goal is put down anywhere, and may go to it again.

    **Arguments:**

    - `size`: of the maze, odd; every other cell of every other row is a wall.
    - `field`: width of what is seen around the agent, odd and at least 3.
    - `horizon`: steps of an episode.
    - `reward`: of reaching the goal.
    """

    size: int = 7
    field: int = 5
    horizon: int = 200
    reward: float = 10.0

    name = "metamaze"
    summary = "A maze with a hidden goal that is to be found, and then gone to again and again."
    signals = ("reward",)

    def __post_init__(self):
        if self.size < 3 or self.field < 3 or self.size % 2 == 0 or self.field % 2 == 0 or self.horizon < 1:
            raise WorldError(
                f"size={self.size} and field={self.field} must be odd and at least 3, and horizon={self.horizon} 1 or "
                "more."
            )

    @property
    def actions(self) -> tuple[str, ...]:
        return ("up", "right", "down", "left")

    @property
    def observed(self) -> tuple[str, ...]:
        cells = [f"wall {row},{column}" for row in range(self.field) for column in range(self.field)]
        return (*cells, *(f"went {action}" for action in self.actions), "reward", "time")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"reward": (self.field**2 + 4,)}

    @property
    def steps(self) -> int:
        return self.horizon

    def walls(self) -> Bool[np.ndarray, "S S"]:
        """Returns where nobody can go, half a field of walls around the maze included."""
        inside = np.zeros((self.size, self.size), bool)
        inside[1::2, 1::2] = True
        return np.pad(inside, self.field // 2, constant_values=True)

    def _anywhere(self, key: RandomKey) -> Int[Array, "2"]:
        free = jnp.asarray(np.argwhere(~self.walls()), jnp.int32)
        return free[jax.random.randint(key, (), 0, len(free))]

    def sample(self, *, key: RandomKey) -> Int[Array, "2"]:
        """Draws the cell of the goal."""
        return self._anywhere(key)

    def begin(self, task: Array, *, key: RandomKey) -> tuple[Walk, Float[Array, " D"]]:
        # gymnax adds half a field to what is the centre already, but for one cell.
        centre = (self.size + 2 * (self.field // 2) - 1) // 2 + self.field // 2 - 1
        state = Walk(jnp.full(2, centre, jnp.int32), jnp.int32(0), jnp.array(False))
        return state, self._seen(state, jnp.int32(0), jnp.float32(0))

    def _seen(self, state: Walk, action: Array, reward: Array) -> Float[Array, " D"]:
        around = jax.lax.dynamic_slice(
            jnp.asarray(self.walls(), jnp.float32), state.place - self.field // 2, (self.field, self.field)
        )
        ends = jnp.stack([reward, state.time.astype(jnp.float32)])
        return jnp.concatenate([around.reshape(-1), jax.nn.one_hot(action, 4), ends])

    def step(
        self, task: Array, state: Walk, answer: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Walk, Float[Array, " D"], Float[Array, " N"]]:
        ahead = state.place + jnp.asarray(MOVES, jnp.int32)[answer]
        place = jnp.where(jnp.asarray(self.walls())[ahead[0], ahead[1]], state.place, ahead)
        reached = (place == task).all() & ~state.over
        place = jnp.where(reached, self._anywhere(key), place)
        reward = self.reward * reached.astype(jnp.float32)
        state = Walk(place, state.time + 1, state.over | (reached & (place == task).all()))
        return state, self._seen(state, answer, reward), reward[None]

    def shifts(self) -> Mapping[str, Stream]:
        return {"larger": replace(self, size=self.size + 4), "longer": replace(self, horizon=2 * self.horizon)}
