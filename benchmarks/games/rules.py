"""What a game of two players is: rules as pure functions of one state, batched from outside with `vmap`.

Chance and hidden information are left out, and so are games in which a position can occur again.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Array, Bool, Float, Int


@runtime_checkable
class Rules(Protocol):
    """The rules of a game in which players take turns and what one wins the other loses.

    A state is an array of whole numbers, seen by the player to move. The rules themselves must be hashable: they are
    compiled in. A state says by itself how many moves have been made, so that none occurs twice in a game.
    """

    name: str
    """For people."""
    actions: int
    """How many moves there are, legal or not."""
    longest: int
    """Moves in a game at most."""
    observation_shape: tuple[int, ...]
    """Of one observation."""

    def initial(self) -> Int[Array, "*state"]:
        """Returns the state before the first move."""
        ...

    def legal(self, state: Int[Array, "*state"]) -> Bool[Array, " A"]:
        """Returns which moves can be made; in a finished game this means nothing."""
        ...

    def step(self, state: Int[Array, "*state"], action: Int[Array, ""]) -> Int[Array, "*state"]:
        """Returns the state after a legal move, seen by the other player, whose turn it is."""
        ...

    def result(self, state: Int[Array, "*state"]) -> tuple[Bool[Array, ""], Float[Array, ""]]:
        """Returns whether the game is over, and for the player to move 1 if it is won, -1 if lost, else 0."""
        ...

    def observe(self, state: Int[Array, "*state"]) -> Float[Array, "..."]:
        """Returns what a network is shown."""
        ...

    def read(self, observation: Float[Array, "..."]) -> Int[Array, "*state"]:
        """Returns the state that an observation shows."""
        ...
