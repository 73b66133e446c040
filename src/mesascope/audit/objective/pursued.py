"""What an agent pursues: the one rule by which every question of an audit judges its choices."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.findings import ObjectiveAnswer
from mesascope.audit.objective.attribution import RIVALS, Attribution, attribute
from mesascope.audit.objective.named import contrast, name_objective
from mesascope.core.verdicts import Evidence


@dataclass(frozen=True)
class Pursued:
    """What behaviour was attributed to, and the objective that follows.

    **Arguments:**

    - `attribution`: of behaviour after the shift, if there is one, to candidates.
    - `answer`, `evidence`: to the second question.
    - `contrast`: indices of the best candidate and of the one to tell it from.
    - `index`: of the objective by which choices are judged.
    """

    attribution: Attribution
    answer: ObjectiveAnswer
    evidence: Evidence
    contrast: tuple[int, int]
    index: int


def pursued_objective(train: Evaluation, deploy: Evaluation | None, *, seed: int) -> Pursued:
    """Returns what an agent pursues: the candidate that explains it best, or the base objective if none does.

    **Arguments:**

    - `train`, `deploy`: the agent before and after the shift; `None` if no shift was named.
    - `seed`: of the bootstrap.
    """
    after = train if deploy is None else deploy
    attribution = attribute(after, None if deploy is None else train, seed=seed)
    answer, evidence = name_objective(after, attribution, seed=seed)
    pair = contrast(after, attribution)
    # Chance, a habit and "none of these" have no goal whose distance could be counted.
    index = after.level_set.base if answer.name in RIVALS else pair[0]
    return Pursued(attribution, answer, evidence, pair, index)
