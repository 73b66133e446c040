"""Which environment to watch the agent in next, and how many more it takes at least."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.objective.recovery.identify.identifiability import rank_of, removed
from mesascope.audit.objective.recovery.query.ambiguity import disambiguating_regret
from mesascope.core.errors import UnknownNameError
from mesascope.objectives.reward_space import RewardSpace
from mesascope.worlds.level import Level
from mesascope.worlds.menu import MenuItem

CRITERIA: tuple[str, ...] = ("rank", "information", "regret")


@dataclass(frozen=True)
class Choice:
    """An environment on the menu, and what watching the agent there would settle.

    **Arguments:**

    - `index`: on the menu.
    - `item`: the environment.
    - `score`: by the criterion; higher is better.
    - `settles`: how many of the open directions it would close.
    """

    index: int
    item: MenuItem
    score: float
    settles: int


def rank_menu(
    menu: Sequence[MenuItem],
    space: RewardSpace,
    basis: Float[np.ndarray, "U D"],
    *,
    criterion: str = "rank",
    signal: float = 1.0,
    parameter: Float[np.ndarray, " D"] | None = None,
    target: Level | None = None,
    seed: int = 0,
) -> tuple[Choice, ...]:
    """Returns the menu, best first; equals in the order of the menu.

    Greedy choice by what is closed is near-optimal, because later environments never close more than they would have
    earlier (submodularity; Amin & Singh 2016, §4 for the bound on experiments).

    **Arguments:**

    - `menu`: environments on offer.
    - `space`: the rewards considered.
    - `basis`: the directions that are still open, orthonormal rows.
    - `criterion`: `"rank"` counts the directions closed, `"information"` weighs how plainly they would be seen in
      noise, in nats, `"regret"` is how much less ambiguity would cost in `target`.
    - `signal`: for `"information"`, variance of a direction beforehand over the variance of an observation.
    - `parameter`, `target`: for `"regret"`, a consistent reward and the level that matters.
    - `seed`: for `"regret"`, of the rewards that are tried.

    **Raises:** `UnknownNameError` for another criterion.
    """
    if criterion not in CRITERIA:
        raise UnknownNameError("criterion", criterion, CRITERIA)
    found = []
    for index, item in enumerate(menu):
        left = removed(item.level, space, basis) if len(basis) else np.zeros((0, 0))
        settles = rank_of(left)
        score = float(settles)
        if criterion == "information" and left.size:
            size = np.linalg.svd(left, compute_uv=False)
            score = 0.5 * float(np.log1p(signal * size**2).sum())
        elif criterion == "regret":
            if parameter is None or target is None:
                raise ValueError("the criterion regret needs a parameter and a target")
            score = -_regret_after(left, basis, parameter, target, space, seed) if left.size else 0.0
        found.append(Choice(index, item, score, settles))
    return tuple(sorted(found, key=lambda choice: -round(choice.score, 9)))


def at_least_more(menu: Sequence[MenuItem], space: RewardSpace, basis: Float[np.ndarray, "U D"], *, open_: int) -> int:
    """Returns how many more environments of a menu it takes at least to close all but the harmless directions.

    **Arguments:**

    - `menu`, `space`, `basis`: as of `rank_menu`.
    - `open_`: how many directions must be closed.

    **Returns:** the bound: no environment ever closes more than the best does now. -1 if none closes any.
    """
    if open_ <= 0:
        return 0
    most = max((rank_of(removed(item.level, space, basis)) for item in menu), default=0)
    return -1 if most == 0 else math.ceil(open_ / most)


def consistent(
    parameter: Float[np.ndarray, " D"], directions: Float[np.ndarray, "m D"], *, n: int, scale: float, seed: int = 0
) -> Float[np.ndarray, "n D"]:
    """Returns rewards that explain the behaviour as well as a given one does, that one first.

    **Arguments:**

    - `parameter`: a consistent reward.
    - `directions`: that are open, orthonormal rows.
    - `n`: how many, 1 or more.
    - `scale`: standard deviation of each step along a direction.
    - `seed`: of the steps.
    """
    steps = np.random.default_rng(seed).normal(size=(n, len(directions))) * scale
    steps[0] = 0.0
    return parameter + steps @ directions


def _regret_after(left, basis, parameter, target, space, seed) -> float:
    _, size, rows = np.linalg.svd(left, full_matrices=True)
    closed = int((size > 1e-6).sum())
    rest = rows[closed:] @ basis
    scale = 3.0 * max(float(np.std(parameter)), 1e-6) * np.sqrt(parameter.size / max(1, len(rest)))
    rewards = space.reward(target, consistent(parameter, rest, n=8, scale=scale, seed=seed))
    return disambiguating_regret(target, rewards, stops=tuple(space.stops)).minimax
