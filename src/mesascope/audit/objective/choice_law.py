"""How an agent that pursues something is expected to choose: sharply, but with slips, and ties broken in its own way.

A hypothesis says how much worse than the best each action is; how sharply the agent goes by that, how often it slips
and to what, is fitted on one half of the levels and scored on the other, for each setting apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import logsumexp

from mesascope.audit.objective.behaviour import Behaviour
from mesascope.core.rounding import settled

SHARPNESS: tuple[float, ...] = (1.5, 4.0, 12.0, 40.0)
"""Of choices, per usual gap between actions."""

SLIPS: tuple[float, ...] = (0.003, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92)
"""Shares of choices that are slips."""

SOFTNESS: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Of choices by exponentiated value, per usual gap of a setting."""

LEANING: float = 0.4
"""Slips lean where one action has this share of them."""

OWN: float = 0.35
"""Who goes by an aim in fewer choices, and leans in the others, has a habit."""

STUCK: float = 0.02
"""Chance of each action in a slip that hardly ever goes to what changes nothing: networks do not err into walls."""

CONTENT: tuple[float, ...] = (0.35, 0.6, 0.8)
"""Shares of the way from the worst to the best action from which an agent may be content: a satisficer."""

FEW_SHARP: tuple[float, ...] = (4.0, 12.0, 40.0)
FEW_SLIPS: tuple[float, ...] = (0.003, 0.03, 0.1, 0.2, 0.35, 0.5)
"""Laws of goals that are put together with others."""

UNSEEN: float = 0.5
"""A share of slips is fitted as if half a decision more had been a slip, and half a decision none: a few choices
without a slip do not show that there are none (Krichevsky and Trofimov 1981)."""

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
    soft: Float[np.ndarray, "M A"] | None = None,
) -> Explained:
    """Returns how well one way of ranking actions predicts the choices.

    **Arguments:**

    - `behaviour`: the M choices.
    - `preference`: how much worse than the best each action is, scaled, 0 or less.
    - `fulfilled`: where nothing is predicted any more; there one law stands for all choices.
    - `pulled`: whether the agent may break ties in a fixed way of its own.
    - `pull`: by which ties are broken in each choice, in place of a fixed way.
    - `soft`: as `preference` by one scale for a whole setting; with it the agent may choose softly by that, and its
      slips may lean towards some actions.
    """
    heads = _heads(preference, np.ones_like(preference) if pull is None else pull)
    if pulled and pull is None:
        for one in _pulls(behaviour, preference):
            heads += _heads(preference, np.broadcast_to(one, preference.shape))
    laws = slip_laws(behaviour)
    if soft is not None:
        heads += [sharp(soft, sharpness) for sharpness in SOFTNESS]
        laws = (*laws, *_leanings(behaviour, preference))
    found = fitted(behaviour, _grid(behaviour, heads, laws), np.tile(np.repeat(cautious(SLIPS), len(laws)), len(heads)))
    if fulfilled is None or not fulfilled.any():
        return found
    after = state_independent(behaviour, fulfilled)
    return Explained(np.where(fulfilled, after.held_out, found.held_out), np.where(fulfilled, after.whole, found.whole))


def cautious(slips: Sequence[float]) -> Float[np.ndarray, " G"]:
    """Returns what is added to the log-likelihood of laws with so many slips when one of them is chosen, 0 or less.

    **Arguments:**

    - `slips`: share of each law, between 0 and .5 or more.
    """
    share = np.asarray(slips)
    return UNSEEN * np.log(4 * share * (1 - share))


def fitted(behaviour: Behaviour, points: Float[np.ndarray, "G M"], caution: Float[np.ndarray, " G"]) -> Explained:
    """Returns the predictions of the best of some laws: chosen on one fold for the other, for each setting apart.

    **Arguments:**

    - `behaviour`: the M choices.
    - `points`: log-likelihood of each choice under G laws.
    - `caution`: what is added to the sum of each where one is chosen.
    """
    held_out, whole = np.empty(points.shape[1]), np.empty(points.shape[1])
    for place in range(len(behaviour.evaluations)):
        here = behaviour.setting == place
        folds = np.stack([points @ (behaviour.counted * (here & (behaviour.fold == fold))) for fold in (0, 1)])
        whole[here] = points[settled(folds.sum(0) + caution).argmax(), here]
        for fold in (0, 1):
            rows = here & (behaviour.fold == fold)
            nats = settled(folds[1 - fold] + caution)
            # A few states choose no law: all predict, each by how well it did.
            held_out[rows] = (
                logsumexp(points[:, rows] + (nats - logsumexp(nats))[:, None], axis=0)
                if behaviour.few
                else points[nats.argmax(), rows]
            )
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


def _heads(preference: Float[np.ndarray, "M A"], pull: Float[np.ndarray, "M A"]) -> list[np.ndarray]:
    """Returns the choices at each sharpness, and of those that are content with less than the best."""
    tied = np.abs(preference[:, :, None] - preference[:, None, :]) < 1e-6
    share = pull * tied.sum(-1) / (tied * pull[:, None, :]).sum(-1)
    heads = [sharp(preference, sharpness, share) for sharpness in SHARPNESS]
    worst = preference.min(-1, keepdims=True)
    for content in CONTENT:
        enough = (preference >= worst + content * -worst - 1e-9) * share
        heads.append(enough / enough.sum(-1, keepdims=True))
    return heads


def _grid(behaviour: Behaviour, heads: Sequence[np.ndarray], slips: Sequence[np.ndarray]) -> Float[np.ndarray, "G M"]:
    """Returns the log-likelihood of each choice for each way to choose, share of slips and law of slips."""
    # Actions first and single precision make this a quarter of the cost; what it rounds is no evidence.
    policy = np.ascontiguousarray(behaviour.policy.T, np.float32)
    laws = [np.ascontiguousarray(law.T, np.float32) for law in slips]
    rows, mixed = [], np.empty_like(policy)
    for head in heads:
        chosen = np.ascontiguousarray(head.T, np.float32)
        for share, law in itertools.product(SLIPS, laws):
            np.multiply(chosen, np.float32(1 - share), out=mixed)
            mixed += np.float32(share) * law
            np.log(mixed, out=mixed)
            mixed *= policy
            rows.append(mixed.sum(0))
    return np.stack(rows).astype(np.float64)


def _leanings(behaviour: Behaviour, preference: Float[np.ndarray, "M A"]) -> list[Float[np.ndarray, "M A"]]:
    """Returns laws of slips that lean towards some actions, as each fold shows them; none where slips are even."""
    # Shares of one sharp choice, of even slips and of slips to each action, by expectation and maximisation.
    head, policy = sharp(preference, SHARPNESS[-2]), behaviour.policy
    laws = []
    for fold in (0, 1):
        counted = behaviour.counted * (behaviour.fold == fold)
        rows = counted > 0
        mine, chosen = head[rows], policy[rows] * counted[rows, None]
        pursued, even, leaning = 0.5, 0.25, np.full(behaviour.actions, 0.25 / behaviour.actions)
        for _ in range(FITTING_ROUNDS):
            seen = chosen / (pursued * mine + even / behaviour.actions + leaning)
            pursued *= float((mine * seen).sum())
            even *= float(seen.sum()) / behaviour.actions
            leaning *= seen.sum(0)
            total = pursued + even + float(leaning.sum())
            pursued, even, leaning = pursued / total, even / total, leaning / total
        if pursued > OWN and leaning.max() > LEANING * (1 - pursued):
            law = (even / behaviour.actions + leaning) / (even + float(leaning.sum()))
            laws.append(np.broadcast_to((1 - FLOOR) * law + FLOOR / behaviour.actions, policy.shape))
    return laws


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


def law_caution() -> Float[np.ndarray, " G"]:
    """Returns what is added to the sums of `law_points` where one of these laws is chosen."""
    return np.tile(cautious(FEW_SLIPS), len(FEW_SHARP))
