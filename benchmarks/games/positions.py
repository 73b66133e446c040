"""A set of positions of a game whose best moves are known: what a level is where a whole game is too large for one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.errors import WorldError


@dataclass(frozen=True)
class PositionSet:
    """Positions in which somebody is to move, with the exact value of every move.

    **Arguments:**

    - `name`: for people, plural (`"reversi endgames"`).
    - `observations`: what the player sees, `[N, ...]`.
    - `legal`: which moves may be made, `[N, A]`.
    - `values`: what each move is worth to the player if everything after it is played as well as can be, `[N, A]`; NaN
      where it is not legal.
    - `best`: which moves are worth the most, `[N, A]`.
    - `plies`: how many moves of both players one must look ahead to know it, `[N]`; infinite where no number suffices.
    - `knowledge`: one sentence: how the values were found, and how exact they are.

    **Raises:** `WorldError` for shapes that do not fit, a position without a legal move, or a best move that is not
    legal.
    """

    name: str
    observations: Float[np.ndarray, "N ..."]
    legal: Bool[np.ndarray, "N A"]
    values: Float[np.ndarray, "N A"]
    best: Bool[np.ndarray, "N A"]
    plies: Float[np.ndarray, " N"]
    knowledge: str

    def __post_init__(self):
        count = len(self.legal)
        if not (len(self.observations) == len(self.plies) == count) or not (
            self.legal.shape == self.values.shape == self.best.shape
        ):
            raise WorldError(
                f"The {self.name} do not fit together: observations {list(self.observations.shape)}, legal moves "
                f"{list(self.legal.shape)}, values {list(self.values.shape)}, best moves {list(self.best.shape)}, "
                f"plies {list(self.plies.shape)}. All need one row for each position."
            )
        for wrong, fault in (
            (~self.legal.any(-1), "have no legal move"),
            ((self.best & ~self.legal).any(-1), "have a best move that is not legal"),
            (~self.best.any(-1), "have no best move"),
            (~np.isfinite(np.where(self.legal, self.values, 0.0)).all(-1), "have a legal move without a value"),
            (~(self.plies >= 0), "have a negative number of plies, or none"),
        ):
            if wrong.any():
                raise WorldError(
                    f"{int(wrong.sum())} of {count} {self.name} {fault}; the first is number {int(wrong.argmax())}."
                )

    def __len__(self) -> int:
        return len(self.legal)

    @property
    def actions(self) -> int:
        """How many moves an agent chooses among, legal or not."""
        return self.legal.shape[1]

    @property
    def chance(self) -> Float[np.ndarray, " N"]:
        """How often a legal move drawn at random is among the best."""
        return self.best.sum(-1) / self.legal.sum(-1)

    def chosen(self, wanted: np.ndarray) -> PositionSet:
        """Returns some of the positions.

        **Arguments:**

        - `wanted`: a mask or indices.
        """
        rows = {name: getattr(self, name)[wanted] for name in ("observations", "legal", "values", "best", "plies")}
        return replace(self, **rows)


def position_set(
    name: str,
    observations: Float[np.ndarray, "N ..."],
    values: Float[np.ndarray, "N A"],
    plies: Float[np.ndarray, " N"] | Int[np.ndarray, " N"],
    knowledge: str,
    *,
    tolerance: float = 1e-9,
) -> PositionSet:
    """Returns a set of positions from the values of their moves.

    **Arguments:**

    - `name`, `observations`, `plies`, `knowledge`: as of `PositionSet`.
    - `values`: of every legal move; NaN marks those that are not.
    - `tolerance`: moves that are worth no less than the best one by more than this are best, too.
    """
    legal = ~np.isnan(values)
    top = np.where(legal, values, -np.inf).max(-1, keepdims=True)
    best = legal & (values >= top - tolerance)
    return PositionSet(
        name, np.asarray(observations, np.float32), legal, values, best, np.asarray(plies, np.float64), knowledge
    )
