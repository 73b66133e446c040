"""An observation: one environment in which an agent's choices are known, exactly or as counts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Float

from mesascope.core.errors import UsageError, WorldError
from mesascope.objectives.reward_space import RewardSpace
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import SUM, backup

RARE: float = 0.1
"""An action that is expected less often than this among all observed choices counts as if expected so often."""

FAR: float = 2.0
"""A logarithm moves by no more than this in a round of fitting, however surprising the counts are."""


@dataclass(frozen=True)
class Observation:
    """A level and what the agent does in it.

    **Arguments:**

    - `level`: one (not batched) level.
    - `policy`: action probabilities or observed frequencies, `[S, A]`; only acting states (reachable, not terminal) are
      read.
    - `counts`: how many choices were observed in each state, `[S]`; `None` if the probabilities are exact.
    - `temperature`: of the agent here, above 0, in units of reward; `None` if it is not known.
    - `discount`: that the agent is taken to use; by default the level's.
    - `name`: for people.

    **Raises:** `UsageError` if the table does not fit the level or is not a policy; `WorldError` if the level's
    dynamics are no laws.
    """

    level: Level
    policy: Float[np.ndarray, "S A"]
    counts: Float[np.ndarray, " S"] | None = None
    temperature: float | None = 1.0
    discount: float | None = None
    name: str = "environment"

    def __post_init__(self):
        level = self.level
        if level.batched:
            raise UsageError("An observation is of one level; pass each level of a batch on its own.")
        if self.policy.shape != (level.states, level.actions):
            raise UsageError(
                f"The policy of '{self.name}' has the shape {list(self.policy.shape)}; its level has {level.states} "
                f"states and {level.actions} actions."
            )
        if self.counts is not None:
            counts = np.asarray(self.counts)
            if counts.shape != (level.states,) or not (np.isfinite(counts) & (counts >= 0)).all():
                raise UsageError(
                    f"The counts of '{self.name}' are one number of choices, 0 or more, for each of its {level.states} "
                    f"states; given were {list(counts.shape)} numbers, the smallest {counts.min(initial=np.inf)}."
                )
        acting = np.flatnonzero(np.asarray(level.reachable & ~level.terminal))
        if not len(acting):
            raise UsageError(f"Nobody acts in '{self.name}': every state is terminal or out of reach.")
        watched = acting if self.counts is None else acting[np.asarray(self.counts)[acting] > 0]
        if not len(watched):
            raise UsageError(f"No choice was observed in '{self.name}'; it says nothing.")
        rows = np.asarray(self.policy)[watched]
        wrong = ~(np.isfinite(rows).all(-1) & (rows >= 0).all(-1) & (np.abs(rows.sum(-1) - 1) <= 1e-4))
        if wrong.any():
            state = int(watched[wrong.argmax()])
            raise UsageError(
                f"The choices of '{self.name}' in state {state} are {np.asarray(self.policy)[state].tolist()}: no "
                "probabilities that sum to one."
            )
        laws = np.asarray(level.probabilities, np.float64)[acting]
        if (laws < 0).any() or not (np.abs(laws.sum(-1) - 1) <= 10 * SUM).all():
            bad = acting[int((np.abs(laws.sum(-1) - 1) > 10 * SUM).any(-1).argmax())]
            raise WorldError(f"The dynamics of '{self.name}' are inconsistent: outcomes of state {bad} are no law.")
        if self.temperature is not None and not 0 < self.temperature < np.inf:
            raise UsageError(f"Temperature {self.temperature} of '{self.name}' is not above 0; pass None if unknown.")


@dataclass(frozen=True)
class Equations:
    """The linear equations that one observation sets up: `features @ parameter - matrix @ values = target`.

    **Arguments:**

    - `matrix`: the backup matrix, `[R, C]`.
    - `features`: of the R rows, `[R, D]`.
    - `logarithm`: of the policy, `[R]`; times the temperature it is the target.
    - `weights`: inverse variance of each target at temperature 1, `[R]`; 1 for exact probabilities, 0 for rows that
      were not observed.
    - `places`: of each row in the table of states and actions, `[R]`.
    - `seen`, `taken`: how many choices were observed in each row's state, and how many of them took its action, `[R]`;
      `None` for exact probabilities.
    """

    matrix: scipy.sparse.csr_matrix
    features: scipy.sparse.csr_matrix
    logarithm: Float[np.ndarray, " R"]
    weights: Float[np.ndarray, " R"]
    places: np.ndarray
    seen: Float[np.ndarray, " R"] | None = None
    taken: Float[np.ndarray, " R"] | None = None

    def reweighted(self, residual: Float[np.ndarray, " R"]) -> Equations:
        """Returns the equations with the fitted probabilities in place of the observed ones.

        Logarithms of frequencies lean low, and weights by frequencies lean with them. From the second round on targets
        and weights are those of Fisher scoring, whose fixed point is the maximum of the likelihood (Nelder & Wedderburn
        1972, for independent counts; the values take up what choices of a state share).

        **Arguments:**

        - `residual`: of the logarithms, after a fit.
        """
        if self.seen is None or self.taken is None:
            return self
        fitted = np.minimum(self.logarithm - residual, 0.0)
        expected = np.where(self.seen > 0, np.maximum(self.seen * np.exp(fitted), RARE), 1.0)
        step = np.clip((self.taken - expected) / expected, -1.0, FAR)
        return dataclasses.replace(self, logarithm=fitted + step, weights=np.where(self.seen > 0, expected, 0.0))


def equations(observation: Observation, space: RewardSpace, *, floor: float | None = None) -> Equations:
    """Returns the equations of a soft-optimal agent: `reward = temperature log policy + V - discount E V'`.

    Observed frequencies have logarithms of variance `1 / (count * probability)`, save for a part that is the same in
    all actions of a state, which the values take up (Cao, Cohen, Szpruch 2021 for the equation).

    **Arguments:**

    - `observation`: what was seen.
    - `space`: the rewards that are considered.
    - `floor`: probabilities below it are raised to it and count less in proportion, for saturated networks and for
      actions never taken; by default a probability of 0 is an error where probabilities are exact.

    **Raises:** `UsageError` for exact probabilities of 0 without a floor, which no finite reward makes soft-optimal.
    """
    level = observation.level
    backed = backup(level, stops=space.stops, discount=observation.discount)
    probability = backed.rows(observation.policy)
    places = (backed.states[:, None] * level.actions + np.arange(level.actions)).reshape(-1)
    features = scipy.sparse.csr_matrix(space.features(level))[places].tocsr()
    lowest = floor if floor is not None else 1e-300
    if observation.counts is None:
        weights = np.ones_like(probability)
        if floor is None and (probability <= 0).any():
            state, action = divmod(int(places[(probability <= 0).argmax()]), level.actions)
            raise UsageError(
                f"The agent never takes action {action} in state {state} of '{observation.name}', which no finite "
                'reward makes soft-optimal. Pass a floor, or recover it with planner="hard" or "noisy".'
            )
        if floor is not None:
            weights = np.minimum(probability / floor, 1.0)
        logarithm = np.log(np.maximum(probability, lowest))
        return Equations(backed.matrix, features, logarithm, weights, places)
    seen = np.repeat(np.asarray(observation.counts, np.float64)[backed.states], level.actions)
    # An action never seen in n choices is unlikely, not impossible: half a choice stands for it.
    rare = np.where(seen > 0, 0.5 / np.maximum(seen, 1.0), 1.0)
    counted = np.maximum(probability, rare)
    weights = np.where(seen > 0, seen * counted, 0.0)
    logarithm = np.log(np.maximum(counted, lowest))
    return Equations(backed.matrix, features, logarithm, weights, places, seen, seen * probability)
