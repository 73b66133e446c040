"""A world of one decision problem that is given as matrices: `P[s, a, s']` and rewards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted
from mesascope.worlds.level import Level, reachable_states
from mesascope.worlds.transitions import level_from_matrix
from mesascope.worlds.world import ObjectiveSpec, World, reach

NAMED: int = 32
"""Worlds of up to so many states have every state as a candidate goal."""
COLUMNS: int = 40
"""States in a row of the text form."""


def world_from_matrix(
    transitions: ArrayLike,
    rewards: ArrayLike,
    *,
    discount: float,
    initial: ArrayLike | None = None,
    terminal: ArrayLike | None = None,
    deploy: tuple[ArrayLike, ArrayLike] | None = None,
    name: str = "matrix",
    states: Sequence[str] | None = None,
    actions: Sequence[str] | None = None,
) -> MatrixWorld:
    """Returns a world around a decision problem, in which an agent can be audited and an objective recovered.

    An agent is shown the state as a one-hot vector `[S]`. Candidate objectives are the reward and, in small problems,
    to enter each state.

    **Arguments:**

    - `transitions`, `rewards`, `discount`, `initial`, `terminal`: as of `level_from_matrix`.
    - `deploy`: transitions and rewards after the shift, of the same shapes; by default there is no shift.
    - `name`: for people.
    - `states`, `actions`: names; by default `state-0`, …, and `action-0`, ….

    **Raises:** `WorldError` as `level_from_matrix`, and for names that are doubled or too few.
    """
    pairs = {"train": (transitions, rewards)} | ({} if deploy is None else {"deploy": deploy})
    bare = {
        key: level_from_matrix(one, paid, discount=discount, initial=initial, terminal=terminal)
        for key, (one, paid) in pairs.items()
    }
    shapes = {(level.states, level.actions) for level in bare.values()}
    if len(shapes) > 1:
        raise WorldError(f"Before and after the shift there must be as many states and actions; given are {shapes}.")
    ((count, moves),) = shapes
    places = _names("state", states, count)
    attributes = ("reward", *(places if count <= NAMED else ()))
    if len(set(attributes)) < len(attributes):
        raise WorldError("No state may be named 'reward': that is the name of the reward.")
    outcomes = max(level.successors.shape[-1] for level in bare.values())
    levels = tuple(_completed(level, outcomes, len(attributes) - 1, index) for index, level in enumerate(bare.values()))
    return MatrixWorld(name, tuple(bare), levels, places, _names("action", actions, moves), attributes)


def _names(what: str, given: Sequence[str] | None, count: int) -> tuple[str, ...]:
    names = tuple(f"{what}-{index}" for index in range(count)) if given is None else tuple(given)
    if len(names) != count or len(set(names)) != count or not all(isinstance(one, str) and one for one in names):
        raise WorldError(f"{count} different names of {what}s are needed; given are {quoted(names)}.")
    return names


def _completed(level: Level, outcomes: int, places: int, distribution: int) -> Level:
    """Returns a level with as many outcomes as others have, states as attributes, and its unreachable states marked."""
    missing = [(0, 0), (0, 0), (0, outcomes - level.successors.shape[-1])]
    successors, probabilities = np.pad(level.successors, missing), np.pad(level.probabilities, missing)
    paid = np.pad(level.attributes, [*missing, (0, 0)])
    entered = np.eye(level.states)[:, :places][successors] * ~level.terminal[:, None, None, None]
    return Level(
        successors=jnp.asarray(successors, jnp.int32),
        probabilities=jnp.asarray(probabilities, jnp.float32),
        attributes=jnp.asarray(np.concatenate([paid, entered], -1), jnp.float32),
        initial=jnp.asarray(level.initial, jnp.float32),
        terminal=jnp.asarray(level.terminal),
        reachable=reachable_states(*map(jnp.asarray, (successors, probabilities, level.initial, level.terminal))),
        discount=jnp.asarray(level.discount, jnp.float32),
        layout=jnp.int32(distribution),
    )


@dataclass(frozen=True, eq=False)
class MatrixWorld(World):
    """One decision problem, and another one after a shift if there is any; see `world_from_matrix`."""

    name: str
    distributions: tuple[str, ...] = field()
    levels: tuple[Level, ...]
    channels: tuple[str, ...]
    actions: tuple[str, ...]
    attributes: tuple[str, ...]

    base_objective = "reward"
    legend = MappingProxyType(
        {"#": "wall", ".": "state", ",": "state after the shift", "T": "terminal state", "A": "agent"}
    )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MatrixWorld) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple:
        arrays = tuple(np.asarray(array).tobytes() for array in jax.tree.leaves(self.levels))
        return self.name, self.channels, self.actions, self.attributes, arrays

    @property
    def objectives(self) -> tuple[ObjectiveSpec, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        rewarded = ObjectiveSpec("reward", {"reward": 1.0}, (), "collect reward")
        return (rewarded, *(reach(place, f"enter {place}") for place in self.attributes[1:]))

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (len(self.channels),)

    def distinct_levels(self, distribution: str) -> int:
        return 1

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        self.check_distribution(distribution)
        level = self.levels[self.distributions.index(distribution)]
        return jax.tree.map(lambda array: jnp.broadcast_to(array, (count, *array.shape)), level)

    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, " S"]:
        return jax.nn.one_hot(state, len(self.channels), dtype=jnp.float32)

    def parse(self, text: str) -> Level:
        wanted = "".join(text.split())
        for level in self.levels:
            if wanted == "".join(self.format(level).split()):
                return level
        raise WorldError(f"World {quoted(self.name)} has no other levels than its own, whose text form this is not.")

    def format(self, level: Level, state: int | None = None) -> str:
        plain = ".,"[int(level.layout)]
        marks = ["T" if over else plain for over in np.asarray(level.terminal)]
        if state is not None:
            marks[state] = "A"
        return "\n".join("".join(marks[start : start + COLUMNS]) for start in range(0, len(marks), COLUMNS))

    def position(self, level: Level, state: int) -> tuple[int, int]:
        return divmod(state, COLUMNS)
