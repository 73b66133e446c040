"""Which learners of bandits there are, and which of their parameters an attribution looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType

from mesascope.planning.learners.bandit_learner import BanditLearner
from mesascope.planning.learners.bandit_rules import (
    EpsilonGreedy,
    Greedy,
    Random,
    Thompson,
    UpperConfidence,
    WinStayLoseShift,
)
from mesascope.planning.learners.bayes_bandit import BayesAdaptive, is_solvable
from mesascope.planning.learners.delta_rule import DeltaRule
from mesascope.planning.learners.gittins import Gittins

BANDIT_LEARNERS: Mapping[str, type[BanditLearner]] = MappingProxyType(
    {
        kind.family: kind
        for kind in (
            Greedy,
            EpsilonGreedy,
            Thompson,
            UpperConfidence,
            Gittins,
            BayesAdaptive,
            WinStayLoseShift,
            DeltaRule,
            Random,
        )
    }
)
"""By family."""

_PRIOR = {"wins": (0.5, 1.0, 2.0, 4.0), "losses": (0.5, 1.0, 2.0, 4.0)}
_CHANCES = tuple(one / 20 for one in range(21))

GRIDS: Mapping[str, Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "greedy": _PRIOR,
        "epsilon-greedy": {"epsilon": tuple(one / 40 for one in range(1, 25))},
        "thompson": _PRIOR,
        "upper-confidence": {"c": tuple(0.05 * 1.2**one for one in range(21))},
        "gittins": _PRIOR,
        "bayes-adaptive": _PRIOR,
        "win-stay-lose-shift": {"stay": _CHANCES, "shift": _CHANCES},
        "delta-rule": {"rate": _CHANCES[1:], "beta": tuple(0.5 * 1.4**one for one in range(14))},
        "random": {},
    }
)
"""Values of each parameter of each family, in ascending order; all combinations are looked at."""


def candidates(family: str, *, arms: int, horizon: int) -> Iterator[BanditLearner]:
    """Returns the learners of a family, one for each combination of its parameters.

    **Arguments:**

    - `family`: one of `BANDIT_LEARNERS`.
    - `arms`, `horizon`: of the bandit; where it is too large to be solved there is no Bayes-adaptive learner.
    """
    if family == BayesAdaptive.family and not is_solvable(arms, horizon):
        return
    grid = GRIDS[family]
    for values in product(*grid.values()):
        yield BANDIT_LEARNERS[family](**dict(zip(grid, values, strict=True)))
