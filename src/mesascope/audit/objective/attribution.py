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

from mesascope.audit.objective.choice_model import ChoiceModel
from mesascope.audit.setting import Setting

RANDOM: str = "random"
HABIT: str = "a habit"
NONE: str = "none of these"
RIVALS: tuple[str, ...] = (RANDOM, HABIT, NONE)

PRICE_PER_DECISION: float = 0.05
PRICE_OF_STRUCTURE: float = 0.45
"""What `none of these` pays: nats a decision, and the share of the behaviour's structure (its divergence from uniform)
that a candidate may leave unexplained. Calibrated in `benchmarks/auditor_accuracy.py` on agents it does not judge."""

CHANGED: float = 0.01
"""Prior probability that an agent wants something else after the shift than before it."""

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


def attribute(
    setting: Setting, before: Setting | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> Attribution:
    """Weighs all candidates and rivals against the behaviour.

    Behaviour before a shift may tell apart what behaviour after it cannot. It counts in full if the agent wants the
    same in both, and hardly at all if it changed its ways, which has probability `CHANGED` beforehand.

    **Arguments:**

    - `setting`: the agent in a batch of N levels, after the shift if there is one.
    - `before`: the agent before the shift, with the same candidates.
    - `resamples`: bootstrap draws of levels, over which the posterior is averaged.
    - `seed`: of the resampling.
    """
    random = np.random.default_rng(seed)
    draws = _draw(setting.ground.levels.count, resamples, random)
    evidence, explained, structure = _evidence(setting, draws)
    if before is not None:
        earlier, _, _ = _evidence(before, _draw(before.ground.levels.count, resamples, random))
        # Whatever else the agent may have wanted before, averaged over all that it could have been.
        otherwise = np.logaddexp.reduce(earlier, axis=-1, keepdims=True) - np.log(earlier.shape[-1])
        evidence = evidence + np.logaddexp(np.log1p(-CHANGED) + earlier, np.log(CHANGED) + otherwise)
    by_resample = np.exp(evidence - evidence.max(-1, keepdims=True))
    by_resample /= by_resample.sum(-1, keepdims=True)
    names = (*setting.ground.objectives.names, *RIVALS)
    return Attribution(names, by_resample.mean(0), by_resample, draws, structure, explained)


def _evidence(
    setting: Setting, draws: Float[np.ndarray, "B N"]
) -> tuple[Float[np.ndarray, "B R"], Float[np.ndarray, "O N"], Float[np.ndarray, " N"]]:
    """Returns the log evidence for everything in each resample, and what is explained of each level's structure."""
    ground, counted = setting.ground, setting.weights > NEGLIGIBLE
    levels, actions = ground.levels.count, ground.levels.actions
    weights, policy = setting.weights[counted], setting.policy[counted]
    # Choices are listed level by level, so that sums over a level are sums over a run.
    present, first = np.unique(np.nonzero(counted)[0], return_index=True)

    def by_level(rows: Float[np.ndarray, "... M"]) -> Float[np.ndarray, "... N"]:
        total = np.zeros((*rows.shape[:-1], levels))
        if len(first):
            total[..., present] = np.add.reduceat(rows * weights, first, axis=-1)
        return total

    decisions = by_level(np.ones(len(weights)))
    # Schwarz's price for the fitted pulls, so that breaking ties in one's own way has to earn its keep.
    price = (actions - 1) / 2 * np.log1p(draws @ decisions)

    def weigh(action_value: Float[np.ndarray, "M A"]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the log evidence in each resample and the log-likelihood of each level at the best point."""
        model = ChoiceModel(action_value)
        plain = by_level(model.log_likelihood(policy))
        pulled = by_level(model.log_likelihood(policy, model.fitted_pull(policy, weights)))
        points = np.concatenate([draws @ plain.T, draws @ pulled.T - price[:, None]], axis=1)
        both = np.concatenate([plain, pulled])
        return np.logaddexp.reduce(points, axis=1) - np.log(len(both)), both[both.sum(-1).argmax()]

    weighed = [
        weigh(np.where(ground.fulfilled[index][counted][:, None], 0.0, ground.optimal_action_values[index][counted]))
        for index in range(len(ground.objectives))
    ]
    habit, _ = weigh(np.zeros_like(policy))
    uniform = -np.log(actions) * decisions
    itself = by_level((policy * np.log(np.where(policy > 0, policy, 1.0))).sum(-1))
    none = itself - PRICE_PER_DECISION * decisions - PRICE_OF_STRUCTURE * (itself - uniform)
    evidence = np.stack([*(row for row, _ in weighed), draws @ uniform, habit, draws @ none], axis=1)
    return evidence, np.stack([fit for _, fit in weighed]) - uniform, itself - uniform


def _draw(levels: int, resamples: int, random: np.random.Generator) -> Float[np.ndarray, "B N"]:
    """Returns how often each level is drawn in each resample; a single level is taken as it is."""
    if levels == 1:
        return np.ones((resamples, 1))
    return random.multinomial(levels, np.full(levels, 1 / levels), size=resamples).astype(np.float64)
