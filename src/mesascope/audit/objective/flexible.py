"""None of these: what a small network that was given every hint predicts of choices on levels it was not fitted on.

An objective that is not listed leaves structure that no candidate explains but that is the same from level to level, so
that a network finds it. Choices that differ from a listed goal by errors alone have nothing that a network could find.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.objective.behaviour import CLIPPED, Behaviour
from mesascope.audit.policy import observations
from mesascope.core.rounding import settled

HIDDEN: int = 48
STEPS: int = 140
RATE: float = 8e-3
DECAY: float = 0.03
DROPPED: float = 0.2
"""Of the hidden units, in each step of fitting."""
HEAVY: float = 0.98
"""Share of the decisions that the network is fitted on: the choices that count most. The rest is half of the work."""
TRUSTED: float = 0.97
LEFT: float = 0.03
"""The network's own choices, and what is spread evenly, so that no choice is ruled out."""

FAR: float = 6.0
"""Beyond so many cells an object is merely far."""
NUMBERS: int = 128
"""An observation of no more numbers is shown to the network as it is."""


@dataclass(frozen=True)
class Hints:
    """What the network is shown of M choices.

    **Arguments:**

    - `state`: about the state, `[M, D]`.
    - `action`: about each action in it, `[M, A, E]`.
    """

    state: Float[np.ndarray, "M D"]
    action: Float[np.ndarray, "M A E"]


def flexible(behaviour: Behaviour, *, seed: int = 0) -> Float[np.ndarray, "M A"]:
    """Returns the choices that a small network predicts, fitted on one fold and asked on the other, `[M, A]`.

    **Arguments:**

    - `behaviour`: the choices.
    - `seed`: of the network.
    """
    hints = hints_of(behaviour)
    predicted = np.empty_like(behaviour.policy)
    counted = settled(behaviour.counted)
    order = np.sort(counted)[::-1]
    heavy = counted >= order[min(int((np.cumsum(order) < HEAVY * order.sum()).sum()), len(order) - 1)]
    for fold in (0, 1):
        fitted = _fitted(hints, behaviour, heavy & (behaviour.fold != fold), np.random.default_rng([seed, fold]))
        predicted[behaviour.fold == fold] = fitted[behaviour.fold == fold]
    return TRUSTED * predicted + LEFT / behaviour.actions


def hints_of(behaviour: Behaviour) -> Hints:
    """Returns what candidates say of each action, what moves, where the agent stands, and what lies about it."""
    seen = np.abs(behaviour.advantages).sum((1, 2)) > 0
    advantages = np.moveaxis(behaviour.advantages[seen], 0, -1) / CLIPPED
    # Candidates that say the same would only be counted twice.
    _, first = np.unique(np.round(advantages.reshape(-1, advantages.shape[-1]), 4), axis=1, return_index=True)
    actions = np.broadcast_to(np.eye(behaviour.actions), (len(behaviour.unit), behaviour.actions, behaviour.actions))
    action = np.concatenate([advantages[..., np.sort(first)], behaviour.moving[..., None], actions], axis=-1)
    late = np.minimum(behaviour.since, 9)[:, None] / 9
    state = [behaviour.setting[:, None].astype(float), late, behaviour.moving.astype(float)]
    views = []
    for place, evaluation in enumerate(behaviour.evaluations):
        chosen = np.unique(behaviour.level[behaviour.setting == place])
        level_set = evaluation.level_set
        shown = observations(level_set.world, level_set.levels[chosen])
        here = behaviour.setting == place
        rows = shown[np.searchsorted(chosen, behaviour.level[here]), behaviour.state[here]]
        cells = np.stack([level_set.cells(int(level)) for level in chosen])
        at = cells[np.searchsorted(chosen, behaviour.level[here]), behaviour.state[here]]
        views.append(_of_view(rows.astype(float), at))
    # Where one setting shows less than another, the rest stays empty.
    width = max(view.shape[1] for view in views)
    view = np.concatenate([np.pad(view, ((0, 0), (0, width - view.shape[1]))) for view in views])
    return Hints(np.concatenate([*state, view], axis=1), action)


def _of_view(seen: Float[np.ndarray, "M ..."], at: np.ndarray) -> Float[np.ndarray, "M D"]:
    """Returns where the agent stands and what it sees: as it is if that is little, else the nearest of each kind."""
    flat = seen.reshape(len(seen), -1)
    placed = (at >= 0).all()
    where = at / max(float(at.max(initial=1)), 1.0) * 2 - 1 if placed else np.zeros((len(seen), 0))
    is_map = placed and seen.ndim == 4 and at.max(initial=0) < min(seen.shape[1:3])
    if not is_map:
        return np.concatenate([where, flat if flat.shape[1] <= NUMBERS else np.zeros((len(flat), 0))], axis=1)
    height, width = seen.shape[1:3]
    rows, columns = np.mgrid[:height, :width]
    down = rows[None] - at[:, 0, None, None]
    right = columns[None] - at[:, 1, None, None]
    steps = np.abs(down) + np.abs(right) + 0.0
    parts = [where]
    padded = np.pad(seen, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-1.0)
    index = np.arange(len(seen))
    for row in range(3):
        for column in range(3):
            parts.append(padded[index, at[:, 0] + row, at[:, 1] + column])
    for plane in range(seen.shape[-1]):
        there = (seen[..., plane] > 0.5) & (steps > 0)
        nearest = np.where(there, steps, np.inf).reshape(len(seen), -1).argmin(-1)
        known = there.reshape(len(seen), -1).any(-1)
        for table in (np.sign(down), np.sign(right), np.minimum(steps, FAR) / FAR):
            value = table.reshape(len(seen), -1)[index, nearest]
            parts.append(np.where(known, value, 0.0)[:, None])
    return np.concatenate(parts, axis=1)


def _fitted(
    hints: Hints, behaviour: Behaviour, fitting: np.ndarray, random: np.random.Generator
) -> Float[np.ndarray, "M A"]:
    """Returns the choices that a network predicts which was fitted on some rows: one score per action, then softmax.

    The same weights score every action, from hints about the state and about the action; one hidden layer, rectified.
    """
    state = _standardised(hints.state, fitting)
    width = hints.action.shape[-1]
    action = _standardised(hints.action.reshape(-1, width), np.repeat(fitting, behaviour.actions))
    action = action.reshape(-1, behaviour.actions, width)
    weight = (behaviour.counted * fitting).astype(np.float32)[fitting]
    weight /= max(float(weight.sum()), 1e-12)
    policy = behaviour.policy[fitting].astype(np.float32)
    fan = state.shape[1] + width
    parameters = [
        random.normal(0, fan**-0.5, (state.shape[1], HIDDEN)).astype(np.float32),
        random.normal(0, fan**-0.5, (width, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        random.normal(0, 0.3 * HIDDEN**-0.5, HIDDEN).astype(np.float32),
    ]
    first, second = ([np.zeros_like(one) for one in parameters] for _ in range(2))
    here, there = state[fitting], action[fitting]
    for step in range(1, STEPS + 1):
        kept = (random.random(HIDDEN) >= DROPPED).astype(np.float32) / np.float32(1 - DROPPED)
        before = (here @ parameters[0] + parameters[2])[:, None] + there @ parameters[1]
        hidden = np.maximum(before, 0) * kept
        error = (_softmax(hidden @ parameters[3]) - policy) * weight[:, None]
        back = error[..., None] * (parameters[3] * kept) * (before > 0)
        summed = back.sum(1)
        slopes = [
            here.T @ summed,
            there.reshape(-1, width).T @ back.reshape(-1, HIDDEN),
            summed.sum(0),
            np.einsum("mah,ma->h", hidden, error),
        ]
        for place, slope in enumerate(slopes):
            first[place] = 0.9 * first[place] + 0.1 * slope
            second[place] = 0.999 * second[place] + 0.001 * slope**2
            moved = first[place] / (1 - 0.9**step) / (np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8)
            parameters[place] -= np.float32(RATE) * (moved + np.float32(DECAY) * parameters[place])
    hidden = np.maximum((state @ parameters[0] + parameters[2])[:, None] + action @ parameters[1], 0)
    return _softmax(hidden @ parameters[3]).astype(np.float64)


def _standardised(numbers: Float[np.ndarray, "M D"], fitting: np.ndarray) -> Float[np.ndarray, "M D"]:
    scale = numbers[fitting].std(0)
    return ((numbers - numbers[fitting].mean(0)) / np.where(scale > 1e-6, scale, 1.0)).clip(-5, 5).astype(np.float32)


def _softmax(scores: np.ndarray) -> np.ndarray:
    weight = np.exp(scores - scores.max(-1, keepdims=True))
    return weight / weight.sum(-1, keepdims=True)
