"""What an agent is taken to pursue from here on: the objective by which its choices are judged, and its contrast."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.accounts import Attribution, Kind
from mesascope.audit.objective.attribution import attribute
from mesascope.audit.search.distances import is_reached
from mesascope.core.rounding import settled


@dataclass(frozen=True)
class Pursuit:
    """What behaviour was attributed to, and the objective that follows.

    **Arguments:**

    - `attribution`: of behaviour before and after the shift to candidates.
    - `contrast`: indices of the best candidate and of the one to tell it from.
    - `index`: of the objective by which choices are judged.
    """

    attribution: Attribution
    contrast: tuple[int, int]
    index: int


def pursued_objective(train: Evaluation, deploy: Evaluation | None, *, seed: int) -> Pursuit:
    """Returns what an agent pursues: the candidate that explains it best, or the base objective if none does.

    **Arguments:**

    - `train`, `deploy`: the agent before and after the shift; `None` if no shift was named.
    - `seed`: of folds and of the network.
    """
    after = train if deploy is None else deploy
    attribution = attribute(after, None if deploy is None else train, seed=seed)
    pair = contrast(after, attribution)
    own = attribution.best.own
    # Chance, habits, mixtures and "none of these" have no one goal whose distance could be counted.
    return Pursuit(attribution, pair, after.level_set.base if own is None else own)


def contrast(evaluation: Evaluation, attribution: Attribution) -> tuple[int, int]:
    """Returns the best candidate and the one to tell it from.

    That is the base objective; where it is the best itself, the candidate that explains most of what is left, goals
    that are reached before others.
    """
    level_set = evaluation.level_set
    specs = level_set.objectives.specs
    explained = settled(attribution.explained.sum(-1))
    named = [one.own for one in attribution.hypotheses if one.kind is Kind.CANDIDATE]
    best = next((index for index in named if index is not None), int(explained.argmax()))
    if best != level_set.base or len(specs) == 1:
        return best, level_set.base
    others = [index for index in range(len(specs)) if index != best]
    return best, max(others, key=lambda index: (is_reached(specs[index]), not specs[index].control, explained[index]))
