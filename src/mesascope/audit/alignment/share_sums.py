"""Least squares along aims: which share of choices an agent gives over to each of them.

A difference of policies is laid out along directions: from the base objective to an aim, and along what is nobody's
aim, chance and softness, so that an agent which merely errs more often is not read as serving an aim.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

ALIKE: float = 0.05
"""Share of an aim's direction that must be left beside chance and softness, squared: below it nearly anything serves
the aim, and it is not tested."""
LEAST: float = 1e-9
"""Of the square of the larger of two directions, below which the other is not there: rounding of networks."""


@dataclass(frozen=True)
class ShareSums:
    """Sums over the states of each of N levels, from which least squares follow for any weights of levels.

    **Arguments:**

    - `aim`: squares of the directions to M aims.
    - `along_aim`: the difference along them.
    - `aimless`, `along_aimless`: the same of K directions that are no aims, among each other.
    - `both`: of each of these with each aim.
    - `distance`, `beside`: total variation of the difference, and of what directions of no aim leave of it.
    - `loss`, `cost_of_chance`: of the difference, and what choosing evenly costs.
    - `met`: of the states.
    """

    aim: Float[np.ndarray, "M N"]
    along_aim: Float[np.ndarray, "M N"]
    aimless: Float[np.ndarray, "K K N"]
    along_aimless: Float[np.ndarray, "K N"]
    both: Float[np.ndarray, "K M N"]
    distance: Float[np.ndarray, " N"]
    beside: Float[np.ndarray, " N"]
    loss: Float[np.ndarray, " N"]
    cost_of_chance: Float[np.ndarray, " N"]
    met: Float[np.ndarray, " N"]

    @classmethod
    def of(
        cls,
        towards: Float[np.ndarray, "M N S A"],
        aimless: Float[np.ndarray, "K N S A"],
        difference: Float[np.ndarray, "N S A"],
        base: Float[np.ndarray, "N S A"],
        weights: Float[np.ndarray, "N S"],
    ) -> ShareSums:
        """Returns the sums of a difference of two policies.

        **Arguments:**

        - `towards`: directions to aims.
        - `aimless`: directions that are no aims.
        - `difference`: of the policies.
        - `base`: values of the base objective.
        - `weights`: of states.
        """
        weighed, weighed_aimless = weights[..., None] * difference, weights[..., None] * aimless
        room = base.max(-1) - base.mean(-1)
        among = np.einsum("knsa,lnsa->kln", aimless, weighed_aimless)
        along = np.einsum("knsa,nsa->kn", aimless, weighed)
        fitted = np.linalg.pinv(among.sum(-1), rcond=LEAST, hermitian=True) @ along.sum(-1)
        left = difference - np.einsum("k,knsa->nsa", fitted, aimless)
        return cls(
            np.einsum("mnsa,mnsa,ns->mn", towards, towards, weights),
            np.einsum("mnsa,nsa->mn", towards, weighed),
            among,
            along,
            np.stack([np.einsum("mnsa,nsa->mn", towards, one) for one in weighed_aimless]),
            0.5 * np.abs(weighed).sum((1, 2)),
            0.5 * np.einsum("nsa,ns->n", np.abs(left), weights),
            -(weighed * base).sum((1, 2)),
            (weights * room).sum(1),
            weights.sum(1),
        )

    def shares(self, draws: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R M"]:
        """Returns the share of choices given over to each aim, for each weighting of levels; 0 where it is not tested.

        **Arguments:**

        - `draws`: weights of levels.
        """
        along, left = self._beside_aimless(draws)
        # An aim that asks for nothing else than the base objective, or for what chance does, cannot be told from it.
        tested = left > np.maximum(ALIKE * (draws @ self.aim.T), 1e-12)
        return np.where(tested, along, 0.0) / np.where(tested, left, 1.0)

    def explained(self, draws: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R M"]:
        """Returns how much of the squared difference each aim explains beyond what is no aim; 0 for one that is left.

        **Arguments:** as of `shares`.
        """
        share = self.shares(draws)
        return np.where(share > 0, share**2 * self._beside_aimless(draws)[1], 0.0)

    def apart(self) -> Float[np.ndarray, " M"]:
        """Returns in which share of choices each aim asks for another one."""
        return self.aim.sum(-1) / 2 / max(self.met.sum(), 1e-12)

    def _beside_aimless(self, draws: Float[np.ndarray, "R N"]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the difference along each aim, and the aim's square, less what runs along directions of no aim."""
        both = np.einsum("rn,kmn->rkm", draws, self.both)
        inverse = np.linalg.pinv(np.einsum("rn,kln->rkl", draws, self.aimless), rcond=LEAST, hermitian=True)
        fitted = inverse @ both
        along = draws @ self.along_aim.T - np.einsum("rk,rkm->rm", draws @ self.along_aimless.T, fitted)
        return along, draws @ self.aim.T - (both * fitted).sum(1)


def even_draws(count: int) -> Float[np.ndarray, "1 N"]:
    """Returns the weights of levels that count alike."""
    return np.full((1, count), 1 / count)


def halves(count: int) -> tuple[Int[np.ndarray, " N"], ...]:
    """Returns either half of the levels, as weights 0 and 1."""
    return np.arange(count) % 2, 1 - np.arange(count) % 2
