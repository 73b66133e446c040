"""Which environment to watch the agent in next."""

from __future__ import annotations

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

SPREAD: float = 3.0
"""Open directions are tried out with this many times the spread of the recovered parameters."""

LEAST: float = 1e-3
"""The spread of parameters that are all alike."""

TRIED: int = 8
"""Consistent rewards that are planned for to see what an environment leaves of the cost of ambiguity."""


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
    doubt: Float[np.ndarray, "m D"] | None = None,
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
    - `criterion`: `"rank"` counts the directions closed; `"information"` is the gain in information about the
      parameter that is expected of choices there, in nats (Lindley 1956); `"regret"` is how much less ambiguity would
      cost in `target`.
    - `doubt`: for `"information"`, rows whose squares add up to the covariance of the parameter; by default `basis`.
    - `parameter`, `target`: for `"regret"`, a consistent reward and the level that matters.
    - `seed`: for `"regret"`, of the rewards that are tried.

    **Raises:** `UnknownNameError` for another criterion.
    """
    if criterion not in CRITERIA:
        raise UnknownNameError("criterion", criterion, CRITERIA)
    rows = basis if criterion != "information" or doubt is None else np.concatenate([basis, doubt])
    found = []
    for index, item in enumerate(menu):
        told = removed(item.level, space, rows)
        left, shown = told[:, : len(basis)], told[:, len(basis) :] if len(rows) > len(basis) else told
        settles = rank_of(left)
        score = float(settles)
        if criterion == "information":
            size = np.linalg.svd(shown, compute_uv=False) if shown.size else np.zeros(0)
            score = 0.5 * float(np.log1p(size**2 / max(1, len(shown))).sum())
        elif criterion == "regret":
            if parameter is None or target is None:
                raise ValueError("the criterion regret needs a parameter and a target")
            score = -_regret_after(left, basis, parameter, target, space, seed) if left.size else 0.0
        found.append(Choice(index, item, score, settles))
    return tuple(sorted(found, key=lambda choice: -round(choice.score, 9)))


def at_least_more(ranked: Sequence[Choice], *, harmful: int) -> int:
    """Returns how many more environments of a menu it takes at least to close the harmful directions.

    **Arguments:**

    - `ranked`: the menu.
    - `harmful`: how many directions must be closed.

    **Returns:** the bound: no environment ever closes more than the best does now. -1 if none closes any.
    """
    most = max((choice.settles for choice in ranked), default=0)
    return 0 if harmful <= 0 else -1 if most == 0 else -(-harmful // most)


def consistent(
    parameter: Float[np.ndarray, " D"],
    directions: Float[np.ndarray, "m D"],
    *,
    n: int,
    seed: int = 0,
    around: Float[np.ndarray, "n D"] | None = None,
) -> Float[np.ndarray, "n D"]:
    """Returns rewards that explain the behaviour as well as a given one does, that one first.

    Each entry moves by about `SPREAD` times the spread of the parameter, whatever the number of parameters.

    **Arguments:**

    - `parameter`: a consistent reward.
    - `directions`: that are open, orthonormal rows.
    - `n`: how many, 1 or more.
    - `seed`: of the steps along the directions.
    - `around`: from where the steps begin; by default all from the parameter.
    """
    steps = steps_along(directions, parameter, n, np.random.default_rng(seed))
    steps[0] = 0.0
    return (parameter if around is None else around) + steps


def steps_along(
    directions: Float[np.ndarray, "m D"], parameter: Float[np.ndarray, " D"], n: int, random: np.random.Generator
) -> Float[np.ndarray, "n D"]:
    """Returns n random steps along open directions, of a size that suits a parameter.

    **Arguments:** as of `consistent`; `random` draws them.
    """
    scale = SPREAD * max(float(np.std(parameter)), LEAST) * np.sqrt(parameter.size / max(1, len(directions)))
    return random.normal(size=(n, len(directions))) * scale @ directions


def _regret_after(left, basis, parameter, target, space, seed) -> float:
    _, size, rows = np.linalg.svd(left, full_matrices=True)
    rest = rows[int((size > 1e-6).sum()) :] @ basis
    rewards = space.reward(target, consistent(parameter, rest, n=TRIED, seed=seed))
    return disambiguating_regret(target, rewards, stops=tuple(space.stops)).minimax
