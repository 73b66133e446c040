"""How an agent that pursues something is expected to choose: sharply, but with slips, and ties broken in its own way.

A hypothesis says how much worse than the best each action is; how sharply the agent goes by that, how often it slips
and to what, is fitted on one half of the levels and scored on the other, for each setting apart.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.objective.behaviour import Behaviour
from mesascope.core.rounding import settled

SHARPNESS: tuple[float, ...] = (1.5, 4.0, 12.0, 40.0)
"""Of choices, per usual gap between actions."""

SLIPS: tuple[float, ...] = (0.003, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92)
"""Shares of choices that are slips."""

STUCK: float = 0.02
"""Chance of each action in a slip that hardly ever goes to what changes nothing: networks do not err into walls."""

CONTENT: tuple[float, ...] = (0.35, 0.6, 0.8)
"""Shares of the way from the worst to the best action from which an agent may be content: a satisficer."""

FEW_SHARP: tuple[float, ...] = (4.0, 12.0, 40.0)
FEW_SLIPS: tuple[float, ...] = (0.003, 0.03, 0.1, 0.2, 0.35, 0.5)
"""Laws of goals that are put together with others."""

FITTING_ROUNDS: int = 8
SMALLEST_PULL: float = 0.02
"""Ties are never broken so sharply that the breaking of ties could stand for an objective."""

DOUBT: float = 0.05
"""Decisions that are evenly spread, and stand for what was not seen."""

FLOOR: float = 0.003
"""A fitted law leaves this share to every choice."""


@dataclass(frozen=True)
class Explained:
    """How well a hypothesis predicts each choice: expected log-likelihood of the agent's own probabilities, in nats.

    **Arguments:**

    - `held_out`: where it was fitted on the other fold, `[M]`.
    - `whole`: where it was fitted on all choices, `[M]`.
    """

    held_out: Float[np.ndarray, " M"]
    whole: Float[np.ndarray, " M"]


def slip_laws(behaviour: Behaviour) -> tuple[Float[np.ndarray, "M A"], Float[np.ndarray, "M A"]]:
    """Returns the laws of a slip: uniform, and one that hardly ever goes to what changes nothing."""
    policy, moving = behaviour.policy, behaviour.moving
    uniform = np.full_like(policy, 1 / behaviour.actions)
    some = moving.any(-1, keepdims=True)
    effective = np.where(moving, (1 - STUCK * behaviour.actions) / np.maximum(moving.sum(-1, keepdims=True), 1), 0.0)
    return uniform, np.where(some, effective + STUCK, uniform)


def explained_by(
    behaviour: Behaviour,
    preference: Float[np.ndarray, "M A"],
    fulfilled: Bool[np.ndarray, " M"] | None = None,
    *,
    pulled: bool = True,
    pull: Float[np.ndarray, "M A"] | None = None,
) -> Explained:
    """Returns how well one way of ranking actions predicts the choices.

    **Arguments:**

    - `behaviour`: the M choices.
    - `preference`: how much worse than the best each action is, scaled, 0 or less.
    - `fulfilled`: where nothing is predicted any more; there one law stands for all choices.
    - `pulled`: whether the agent may break ties in a fixed way of its own.
    - `pull`: by which ties are broken in each choice, in place of a fixed way.
    """
    points = [_grid(behaviour, preference, np.ones_like(preference) if pull is None else pull)]
    if pulled and pull is None:
        points += [
            _grid(behaviour, preference, np.broadcast_to(one, preference.shape))
            for one in _pulls(behaviour, preference)
        ]
    found = fitted(behaviour, np.concatenate(points))
    if fulfilled is None or not fulfilled.any():
        return found
    after = state_independent(behaviour, fulfilled)
    return Explained(np.where(fulfilled, after.held_out, found.held_out), np.where(fulfilled, after.whole, found.whole))


def fitted(behaviour: Behaviour, points: Float[np.ndarray, "G M"]) -> Explained:
    """Returns the predictions of the best of some laws: chosen on one fold for the other, for each setting apart.

    **Arguments:**

    - `behaviour`: the M choices.
    - `points`: log-likelihood of each choice under G laws.
    """
    held_out, whole = np.empty(points.shape[1]), np.empty(points.shape[1])
    for place in range(len(behaviour.evaluations)):
        here = behaviour.setting == place
        folds = np.stack([points @ (behaviour.counted * (here & (behaviour.fold == fold))) for fold in (0, 1)])
        whole[here] = points[settled(folds.sum(0)).argmax(), here]
        for fold in (0, 1):
            rows = here & (behaviour.fold == fold)
            held_out[rows] = points[settled(folds[1 - fold]).argmax(), rows]
    return Explained(held_out, whole)


def state_independent(
    behaviour: Behaviour, rows: Bool[np.ndarray, " M"] | None = None, *, everywhere: bool = False
) -> Explained:
    """Returns how well one law for all choices, whatever the agent sees, predicts them.

    **Arguments:**

    - `behaviour`: the M choices.
    - `rows`: only of these choices; others get the same law.
    - `everywhere`: whether it is the same in all settings: a habit.
    """
    held_out, whole = mean_laws(behaviour, rows, everywhere=everywhere)
    return Explained((behaviour.policy * np.log(held_out)).sum(-1), (behaviour.policy * np.log(whole)).sum(-1))


def mean_laws(
    behaviour: Behaviour, rows: Bool[np.ndarray, " M"] | None = None, *, everywhere: bool = False
) -> tuple[Float[np.ndarray, "M A"], Float[np.ndarray, "M A"]]:
    """Returns for each choice the mean law of its setting, or of all settings, which a little keeps from certainty.

    **Arguments:** as of `state_independent`.

    **Returns:** the mean over the other fold, and over all.
    """
    counted = behaviour.counted if rows is None else behaviour.counted * rows
    held_out, whole = np.empty_like(behaviour.policy), np.empty_like(behaviour.policy)
    for place in range(1 if everywhere else len(behaviour.evaluations)):
        here = np.ones(len(counted), bool) if everywhere else behaviour.setting == place
        whole[here] = _mean_law(behaviour, counted * here)
        for fold in (0, 1):
            held_out[here & (behaviour.fold == fold)] = _mean_law(
                behaviour, counted * (here & (behaviour.fold != fold))
            )
    return held_out, whole


def _mean_law(behaviour: Behaviour, counted: Float[np.ndarray, " M"]) -> Float[np.ndarray, " A"]:
    law = counted @ behaviour.policy + DOUBT / behaviour.actions
    return (1 - FLOOR) * law / law.sum() + FLOOR / behaviour.actions


def sharp(preference: Float[np.ndarray, "M A"], sharpness: float, pull: np.ndarray | float = 1.0) -> np.ndarray:
    """Returns the choices `[M, A]` that go by a preference, without slips."""
    weight = np.exp(sharpness * preference) * pull
    return weight / weight.sum(-1, keepdims=True)


def _grid(
    behaviour: Behaviour, preference: Float[np.ndarray, "M A"], pull: Float[np.ndarray, "M A"]
) -> Float[np.ndarray, "G M"]:
    """Returns the log-likelihood of each choice at each sharpness, share of slips and law of slips."""
    # Actions first and single precision make this a quarter of the cost; what it rounds is no evidence.
    policy = np.ascontiguousarray(behaviour.policy.T, np.float32)
    laws = [np.ascontiguousarray(law.T, np.float32) for law in slip_laws(behaviour)]
    tied = np.abs(preference[:, :, None] - preference[:, None, :]) < 1e-6
    share = pull * tied.sum(-1) / (tied * pull[:, None, :]).sum(-1)
    heads = [sharp(preference, sharpness, share) for sharpness in SHARPNESS]
    worst = preference.min(-1, keepdims=True)
    for content in CONTENT:
        enough = (preference >= worst + content * -worst - 1e-9) * share
        heads.append(enough / enough.sum(-1, keepdims=True))
    rows, mixed = [], np.empty_like(policy)
    for head in heads:
        chosen = np.ascontiguousarray(head.T, np.float32)
        for slips, law in itertools.product(SLIPS, laws):
            np.multiply(chosen, np.float32(1 - slips), out=mixed)
            mixed += np.float32(slips) * law
            np.log(mixed, out=mixed)
            mixed *= policy
            rows.append(mixed.sum(0))
    return np.stack(rows).astype(np.float64)


def _pulls(behaviour: Behaviour, preference: Float[np.ndarray, "M A"]) -> list[Float[np.ndarray, " A"]]:
    """Returns the pulls of the actions that explain best how each fold breaks ties.

    Luce's choice model, fitted by minorisation-maximisation (Hunter 2004, eq. 3).
    """
    tied = np.abs(preference[:, :, None] - preference[:, None, :]) < 1e-6
    open_ = tied.sum(-1) > 1
    within = (tied * behaviour.policy[:, None, :]).sum(-1)
    pulls = []
    for fold in (0, 1):
        counted = (behaviour.counted * (behaviour.fold == fold))[:, None] * open_
        taken = (counted * behaviour.policy).sum(0)
        pull = np.ones(behaviour.actions)
        for _ in range(FITTING_ROUNDS):
            offered = (counted * within / (tied @ pull)).sum(0)
            pull = np.where(offered > 0, taken / np.where(offered > 0, offered, 1.0), 1.0)
            pull = np.clip(pull / max(float(pull.max()), 1e-12), SMALLEST_PULL, 1.0)
        if np.ptp(pull) > 0.05:
            pulls.append(pull)
    return pulls


def law_points(behaviour: Behaviour, candidate: int) -> Float[np.ndarray, "G M"]:
    """Returns the log-likelihood of each choice for a candidate under a few laws, ties broken evenly.

    For hypotheses that put two goals together, each of which goes by a law of its own. Where a goal is attained, one
    law stands for all choices.

    **Arguments:**

    - `behaviour`: the M choices.
    - `candidate`: index of the objective.
    """
    uniform, _ = slip_laws(behaviour)
    preference, fulfilled = behaviour.advantages[candidate], behaviour.fulfilled[candidate]
    after = state_independent(behaviour, fulfilled).held_out if fulfilled.any() else np.zeros(len(fulfilled))
    rows = []
    for sharpness, slips in itertools.product(FEW_SHARP, FEW_SLIPS):
        chosen = (1 - slips) * sharp(preference, sharpness) + slips * uniform
        rows.append(np.where(fulfilled, after, (behaviour.policy * np.log(chosen)).sum(-1)))
    return np.stack(rows)
