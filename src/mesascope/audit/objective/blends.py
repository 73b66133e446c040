"""Hypotheses of two goals at once: a coin tossed for each choice, or one goal a level."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from mesascope.audit.objective.behaviour import Behaviour
from mesascope.audit.objective.choice_law import UNSEEN, Explained, law_caution, law_points, mean_laws, sharp, slip_laws
from mesascope.audit.objective.goals import Family, best_of

SHARP: float = 15.0
"""Sharpness of the halves of a mixture; what is less sharp is told by slips."""

HEAVIEST: int = 6
"""Candidates that halves are taken from."""

COIN: float = 0.05
"""Share of choices for the other aim, where two ask for different ones, from which a mixture is one by a coin."""

ROUNDS: int = 30
LEAST_SHARE: float = 0.02
"""What is pursued in a smaller share of choices or levels is no half."""


def heaviest(behaviour: Behaviour, eligible: Sequence[int]) -> tuple[int, ...]:
    """Returns the candidates that together explain the choices best, heaviest first.

    **Arguments:**

    - `behaviour`: the choices.
    - `eligible`: candidates that may be half of an aim.
    """
    if len(eligible) < 2:
        return ()
    share = _shares(behaviour, _heads(behaviour, eligible), behaviour.counted)[: len(eligible)]
    order = np.argsort(-np.round(share, 9), kind="stable")[:HEAVIEST]
    return tuple(eligible[place] for place in order if share[place] > 1e-4)


def mixture(behaviour: Behaviour, candidates: Sequence[int], least: float) -> Family | None:
    """Returns the family of mixtures: each choice is for one of two or three candidates, by a coin.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: the base objective first, then by weight: of mixtures that say the same the first stands.
    - `least`: log-likelihood of the best single candidate; a third is looked for where two do better.
    """
    members = [_mixed(behaviour, pair) for pair in itertools.combinations(candidates, 2)]
    totals = [(behaviour.total(member.whole), pair) for member, _, pair in members if member is not None]
    if totals and max(totals)[0] > least:
        best = max(totals, key=lambda one: round(one[0], 6))[1]
        others = [index for index in candidates if index not in best]
        members += [_mixed(behaviour, (*best, index)) for index in others]
    members = [(member, aims) for member, aims, _ in members if member is not None]
    laws = [(_named(behaviour, aims), aims) for _, aims in members]
    return best_of(behaviour, [member for member, _ in members], laws)


def _mixed(behaviour: Behaviour, group: tuple[int, ...]) -> tuple[Explained | None, tuple[int, ...], tuple[int, ...]]:
    """Returns how well a mixture predicts the choices, and its aims, weightiest first; `None` if one has no share."""
    heads = _heads(behaviour, group)
    whole = _shares(behaviour, heads, behaviour.counted)
    aims = whole[: len(group)]
    if aims.min() < LEAST_SHARE * aims.sum():
        return None, (), group
    fits = [_shares(behaviour, heads, behaviour.counted * (behaviour.fold != fold)) for fold in (0, 1)]
    nats = [_nats(behaviour, heads, share) for share in (*fits, whole)]
    order = np.argsort(-np.round(aims, 6), kind="stable")
    explained = Explained(np.where(behaviour.fold == 0, nats[0], nats[1]), nats[2])
    return explained, tuple(group[place] for place in order), group


def _named(behaviour: Behaviour, aims: Sequence[int]) -> str:
    """Returns the words for a mixture: whoever never does now this and now that in one state tosses no coin."""
    names = [behaviour.level_set.objectives.names[index] for index in aims]
    best = behaviour.advantages[list(aims)] == 0
    apart = behaviour.counted * (best.sum(0) <= 1).all(-1)
    second = np.sort((behaviour.policy * best).sum(-1), axis=0)[-2]
    if apart.sum() > 0 and apart @ second < COIN * apart.sum():
        return f"{' or '.join(names)} by the state"
    return f"mixture of {', '.join(names[:-1])} and {names[-1]}"


def _heads(behaviour: Behaviour, candidates: Sequence[int]) -> Float[np.ndarray, "K M A"]:
    """Returns the sharp choices of some candidates, then the laws of slips; after one is attained, one law for all."""
    uniform, effective = slip_laws(behaviour)
    heads = []
    for index in candidates:
        head, fulfilled = sharp(behaviour.advantages[index], SHARP), behaviour.fulfilled[index]
        if fulfilled.any():
            head = np.where(fulfilled[:, None], mean_laws(behaviour, fulfilled)[0], head)
        heads.append(head)
    return np.stack([*heads, uniform, effective])


def _shares(
    behaviour: Behaviour, heads: Float[np.ndarray, "K M A"], counted: Float[np.ndarray, " M"]
) -> Float[np.ndarray, " K"]:
    """Returns the shares of the heads that explain some choices best, by expectation and maximisation.

    The shares of the aims among themselves, which are what is claimed, are the same in all settings; slips are not
    told apart by setting either, which costs a mixture little.
    """
    share = np.full(len(heads), 1 / len(heads))
    seen = behaviour.policy * counted[:, None]
    rows = counted > 0
    heads, seen = heads[:, rows], seen[rows]
    for _ in range(ROUNDS):
        mixed = np.einsum("k,kma->ma", share, heads)
        share = share * np.einsum("kma,ma->k", heads, seen / np.maximum(mixed, 1e-300))
        share[-2:] += UNSEEN / 2
        share = np.maximum(share / max(float(share.sum()), 1e-300), 1e-6)
        share /= share.sum()
    return share


def _nats(behaviour: Behaviour, heads: Float[np.ndarray, "K M A"], share: Float[np.ndarray, " K"]) -> np.ndarray:
    mixed = np.einsum("k,kma->ma", share, heads)
    return (behaviour.policy * np.log(np.maximum(mixed, 1e-12))).sum(-1)


def by_level(behaviour: Behaviour, candidates: Sequence[int]) -> Family | None:
    """Returns the family of agents that are after one of two candidates, or of one and chance, in a level as a whole.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: heaviest first.
    """
    chance = -1
    points = {index: law_points(behaviour, index) for index in candidates}
    points[chance] = np.full((1, len(behaviour.unit)), -np.log(behaviour.actions))
    names = {index: behaviour.level_set.objectives.names[index] for index in candidates} | {chance: "chance"}
    caution = {index: law_caution() for index in candidates} | {chance: np.zeros(1)}
    sums = {index: behaviour.by_unit(point) for index, point in points.items()}
    fold = np.zeros(behaviour.units, int)
    fold[behaviour.unit] = behaviour.fold
    members, laws = [], []
    for pair in itertools.combinations(points, 2):
        nats, shares = [], []
        for fitting in (fold == 1, fold == 0, np.ones(len(fold), bool)):
            share, best = _owned([sums[index] for index in pair], [caution[index] for index in pair], fitting)
            shares.append(share)
            nats.append(_of_owners(behaviour, [sums[index][g] for index, g in zip(pair, best, strict=True)], share))
        if min(shares[2], 1 - shares[2]) < LEAST_SHARE:
            continue
        members.append(Explained(np.where(behaviour.fold == 0, nats[0], nats[1]), nats[2]))
        order = pair if shares[2] >= 0.5 else pair[::-1]
        laws.append(
            (f"{names[order[0]]} or {names[order[1]]} by level", tuple(index for index in order if index != chance))
        )
    return best_of(behaviour, members, laws)


def _owned(
    sums: Sequence[Float[np.ndarray, "_ U"]], cautions: Sequence[Float[np.ndarray, " _"]], fitting: np.ndarray
) -> tuple[float, Int[np.ndarray, " 2"]]:
    """Returns the share of levels that are the first goal's, and the law of each goal in its own levels."""
    share, mine = 0.5, None
    best = np.array([(one[:, fitting].sum(-1) + own).argmax() for one, own in zip(sums, cautions, strict=True)])
    for _ in range(6):
        first, second = (one[place][fitting] for one, place in zip(sums, best, strict=True))
        if mine is None:
            # Fitted on all levels a law allows for those of the other; the larger of the two is all that matters.
            best_each = [np.sort(one[:, fitting], axis=0)[-1] for one in sums]
            first, second = best_each
        mine = 1 / (1 + np.exp(np.clip(second - first + np.log((1 - share) / share), -500, 500)))
        share = float(np.clip(mine.mean(), 1e-3, 1 - 1e-3))
        owned = zip(sums, cautions, (mine, 1 - mine), strict=True)
        best = np.array([(one[:, fitting] @ weight + own).argmax() for one, own, weight in owned])
    return share, best


def _of_owners(behaviour: Behaviour, sums: Sequence[Float[np.ndarray, " U"]], share: float) -> np.ndarray:
    """Returns the log-likelihood of each level, spread over its choices by weight."""
    level = np.logaddexp(np.log(share) + sums[0], np.log1p(-share) + sums[1])
    total = behaviour.by_unit(np.ones(len(behaviour.unit)))
    return (level / np.maximum(total, 1e-300))[behaviour.unit]
