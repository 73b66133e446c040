"""What an agent pursues: the one rule by which every question of an audit judges its choices."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.attribution import RIVALS, Attribution, attribute
from mesascope.audit.search.distances import is_reached
from mesascope.core.rounding import settled


@dataclass(frozen=True)
class Pursuit:
    """What behaviour was attributed to, and the objective that follows.

    **Arguments:**

    - `attribution`: of behaviour after the shift, if there is one, to candidates.
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
    - `seed`: of the bootstrap.
    """
    after = train if deploy is None else deploy
    attribution = attribute(after, None if deploy is None else train, seed=seed)
    pair = contrast(after, attribution)
    # Chance, a habit and "none of these" have no goal whose distance could be counted.
    named, _ = attribution.ranked()[0]
    return Pursuit(attribution, pair, after.level_set.base if named in RIVALS else pair[0])


def contrast(evaluation: Evaluation, attribution: Attribution) -> tuple[int, int]:
    """Returns the best candidate and the one to tell it from.

    That is the base objective; where it is the best itself, the candidate that explains most of what is left, goals
    that are reached before others.
    """
    level_set = evaluation.level_set
    specs = level_set.objectives.specs
    best = int(settled(attribution.posterior[: len(specs)]).argmax())
    if best != level_set.base or len(specs) == 1:
        return best, level_set.base
    explained = settled(attribution.explained.sum(-1))
    others = [index for index in range(len(specs)) if index != best]
    return best, max(others, key=lambda index: (is_reached(specs[index]), not specs[index].control, explained[index]))
