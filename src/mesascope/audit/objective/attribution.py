"""Which candidate objective explains the behaviour? A posterior over the candidates and three rivals.

The agent's own probabilities are scored against each candidate's predictions (`ChoiceModel`) at the states on its way,
each state at most once a level. Three rivals keep the candidates honest: `random` chooses uniformly; `a habit` leans
towards some actions whatever the state; `none of these` knows the agent's policy itself but pays for it, so that a
candidate which leaves more than that price unexplained loses to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.objective.choice_model import GRID, ChoiceModel
from mesascope.audit.setting import Setting

RANDOM: str = "random"
HABIT: str = "a habit"
NONE: str = "none of these"
RIVALS: tuple[str, ...] = (RANDOM, HABIT, NONE)

PRICE_PER_DECISION: float = 0.05
PRICE_OF_STRUCTURE: float = 0.45
"""What `none of these` pays: nats a decision, and the share of the behaviour's structure (its divergence from uniform)
that a candidate may leave unexplained. Calibrated in `benchmarks/auditor_accuracy.py` on agents it does not judge."""

RESAMPLES: int = 400

NEGLIGIBLE: float = 1e-4
"""States that count for less than this are left out of the sums."""


@dataclass(frozen=True)
class Attribution:
    """How well each candidate and rival explains the behaviour.

    **Arguments:**

    - `names`: the O candidates, then the rivals.
    - `posterior`: probability of each, averaged over resampled levels, `[R]`.
    - `by_resample`: the posterior in each resample, `[B, R]`.
    - `draws`: how often each level was drawn in each resample, `[B, N]`.
    - `structure`: divergence of the agent's choices from uniform ones, by level, nats, `[N]`.
    - `explained`: how much of it each candidate explains, by level, nats, `[O, N]`.
    """

    names: tuple[str, ...]
    posterior: Float[np.ndarray, " R"]
    by_resample: Float[np.ndarray, "B R"]
    draws: Float[np.ndarray, "B N"]
    structure: Float[np.ndarray, " N"]
    explained: Float[np.ndarray, "O N"]

    @property
    def best(self) -> str:
        """The most probable of all."""
        return self.names[int(self.posterior.argmax())]

    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Returns names and probabilities, most probable first."""
        order = np.argsort(-self.posterior, kind="stable")
        return tuple((self.names[index], float(self.posterior[index])) for index in order)


def attribute(setting: Setting, *, resamples: int = RESAMPLES, seed: int = 0) -> Attribution:
    """Weighs all candidates and rivals against the behaviour in one setting.

    **Arguments:**

    - `setting`: the agent in a batch of N levels.
    - `resamples`: bootstrap draws of levels, over which the posterior is averaged.
    - `seed`: of the resampling.
    """
    ground = setting.ground
    levels, actions = ground.levels.count, ground.levels.actions
    counted = setting.weights > NEGLIGIBLE
    level, weights, policy = np.nonzero(counted)[0], setting.weights[counted], setting.policy[counted]

    # Choices are listed level by level, so that sums over a level are sums over a run.
    present, first = np.unique(level, return_index=True)

    def by_level(rows: Float[np.ndarray, "... M"]) -> Float[np.ndarray, "... N"]:
        total = np.zeros((*rows.shape[:-1], levels))
        if len(first):
            total[..., present] = np.add.reduceat(rows * weights, first, axis=-1)
        return total

    draws = np.ones((1, levels))
    if levels > 1:
        draws = np.random.default_rng(seed).multinomial(levels, np.full(levels, 1 / levels), size=resamples) * 1.0
    # Schwarz's price for the fitted pulls, so that breaking ties in one's own way has to earn its keep.
    price = (actions - 1) / 2 * np.log1p(draws @ by_level(np.ones(len(weights))))

    def weigh(action_value: Float[np.ndarray, "M A"]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the log evidence in each resample and the log-likelihood of each level at the best point."""
        model = ChoiceModel(action_value)
        plain = by_level(model.log_likelihood(policy))
        pulled = by_level(model.log_likelihood(policy, model.fitted_pull(policy, weights)))
        points = np.concatenate([draws @ plain.T, draws @ pulled.T - price[:, None]], axis=1)
        evidence = np.logaddexp.reduce(points, axis=1) - np.log(2 * len(GRID))
        both = np.concatenate([plain, pulled])
        return evidence, both[both.sum(-1).argmax()]

    weighed = [
        weigh(np.where(ground.fulfilled[index][counted][:, None], 0.0, ground.optimal_action_values[index][counted]))
        for index in range(len(ground.objectives))
    ]
    habit, _ = weigh(np.zeros_like(policy))
    uniform = by_level(np.full(len(weights), -np.log(actions)))
    itself = by_level((policy * np.log(np.where(policy > 0, policy, 1.0))).sum(-1))
    structure = itself - uniform
    none = itself - PRICE_PER_DECISION * by_level(np.ones(len(weights))) - PRICE_OF_STRUCTURE * structure

    evidence = np.stack([*(row for row, _ in weighed), draws @ uniform, habit, draws @ none], axis=1)
    by_resample = np.exp(evidence - evidence.max(-1, keepdims=True))
    by_resample /= by_resample.sum(-1, keepdims=True)
    explained = np.stack([fit for _, fit in weighed]) - uniform
    names = (*ground.objectives.names, *RIVALS)
    return Attribution(names, by_resample.mean(0), by_resample, draws, structure, explained)
