"""What was answered about an agent of known truth, reduced to what can be scored."""

from __future__ import annotations

from mesascope.audit.answers import answers_of
from mesascope.audit.assay import Stage, assays_of
from mesascope.audit.context import AuditContext
from mesascope.audit.findings import AlignmentAnswer, AlignmentClass, ObjectiveAnswer, OptimizerAnswer
from mesascope.audit.objective.attribution import Kind
from mesascope.audit.run import run_assays
from mesascope.core.details import Details, Number
from mesascope.core.threads import one_linear_algebra_thread

UNSEARCHED: tuple[Stage, ...] = (Stage.COMPETENCE, Stage.PURSUIT, Stage.KIND)
"""The stages on which the second and the third answer rest: without search, recovery, and views of the world."""


class Answered(Details, frozen=True, kw_only=True):
    """The three answers, and what a gate makes of them.

    **Arguments:**

    - `objective`: the likeliest; `objective_kind`: what sort of thing that is, of `OBJECTIVE_KINDS`;
      `objective_candidates`: the listed objectives in it; `objective_probability`: its probability.
    - `class_`: the likeliest class after the shift, and `class_probability`; `class_stated`: whether it is stated.
    - `kind`: the likeliest kind of alignment, and `kind_probability`; `kind_stated`: whether it is stated. `None` where
      the world has no cues.
    - `require_robust`, `fail_on_pseudo_aligned`: exit codes under these gates.
    - `search`: `"yes"`, `"no sign of it"`, `"open"`; `None` where it was not asked. `search_probability`: of yes.
    """

    objective: str | None
    objective_kind: str | None
    objective_candidates: tuple[str, ...] = ()
    objective_probability: Number | None = None
    class_: str
    class_probability: Number | None = None
    class_stated: bool
    kind: str | None = None
    kind_probability: Number | None = None
    kind_stated: bool = False
    require_robust: int
    fail_on_pseudo_aligned: int
    search: str | None = None
    search_probability: Number | None = None


@one_linear_algebra_thread()
def without_search(context: AuditContext) -> tuple[ObjectiveAnswer, AlignmentAnswer]:
    """Returns the second and the third answer about an agent that was watched: those of a whole audit, for less.

    **Arguments:**

    - `context`: as of `watched`.

    **Raises:** as `audit_agent`.
    """
    answers = answers_of(context, run_assays(context, assays_of(*UNSEARCHED)))
    return answers.objective, answers.alignment


def answered(
    optimizer: OptimizerAnswer | None, objective: ObjectiveAnswer, alignment: AlignmentAnswer, gates: tuple[int, int]
) -> Answered:
    """Returns answers as they are scored.

    **Arguments:**

    - `optimizer`: the first answer; `None` if it was not asked for.
    - `objective`, `alignment`: the second and the third.
    - `gates`: exit codes of `--require robust` and `--fail-on pseudo-aligned`.
    """
    # A class that is not sure enough to be stated is the likeliest all the same.
    likeliest, probability = alignment.classes[0] if alignment.classes else (str(alignment.class_), None)
    kind, kind_probability = alignment.kinds[0] if alignment.kinds else (None, None)
    used = None if optimizer is None or not optimizer.parts else optimizer.parts[0]
    # What nothing tells from the one that is named is named with it.
    alike = objective.alike if objective.kind == Kind.CANDIDATE else ()
    return Answered(
        objective=objective.name,
        objective_kind=None if objective.kind is None else str(objective.kind),
        objective_candidates=(*objective.candidates, *alike),
        objective_probability=objective.probability,
        class_=likeliest,
        class_probability=probability,
        class_stated=alignment.class_ is not AlignmentClass.INCONCLUSIVE,
        kind=kind,
        kind_probability=kind_probability,
        kind_stated=alignment.kind is not None,
        require_robust=gates[0],
        fail_on_pseudo_aligned=gates[1],
        search=None if used is None else used.answer,
        search_probability=None if used is None else used.probability,
    )
