"""How directed at a goal are the choices, whatever makes them? A context for the other answers, no sign of search."""

from __future__ import annotations

from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.search.goal_directedness import goal_directedness
from mesascope.core.details import Details, Number
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import seed_of
from mesascope.core.rounding import above, undecided
from mesascope.core.verdicts import Evidence, Verdict

LEVELS: int = 24
STATES: int = 2_500
"""As many levels are measured, as long as they have so many states together."""


class DirectedChoicesDetails(Details, frozen=True, kw_only=True):
    """Goal-directedness in numbers.

    **Arguments:**

    - `objective`: towards which.
    - `nats`: beyond the uniform policy.
    - `gain_over_uniform`: of return under it; below 0 if choices lead away from it.
    - `controls`: the share of what can be reached, by control.
    """

    objective: str
    nats: Number
    gain_over_uniform: Number
    controls: dict[str, Number]


def directed_choices(evaluation: Evaluation, objective: int, *, seed: int = 0) -> Evidence[DirectedChoicesDetails]:
    """Measures goal-directedness towards an objective, beside objectives that reward what no observation shows.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels.
    - `objective`: index of the objective that it pursues.
    - `seed`: of the bootstrap over levels.
    """
    level_set = evaluation.level_set
    count = max(1, min(LEVELS, level_set.levels.count, STATES // level_set.levels.states))
    name = level_set.objectives.names[objective]
    controls = [spec.name for spec in level_set.objectives.specs if spec.control]
    found = goal_directedness(
        level_set.levels[:count], evaluation.policy[:count], level_set.objectives.select(name, *controls)
    )
    effect = bootstrap_mean(found.share[0], seed=seed)
    null = bootstrap_mean(found.share[1:].mean(0), seed=seed) if controls else None
    gain = evaluation.agent_returns[objective, :count] - level_set.uniform_returns[objective, :count]
    text = (
        f"Its choices are {effect.value:.0%} [{100 * effect.low:.0f}, {100 * effect.high:.0f}] as directed "
        f"{'at' if gain.mean() >= 0 else 'away from'} '{name}' as choices can be"
    )
    details = DirectedChoicesDetails(
        objective=name,
        nats=float(found.nats[0].mean()),
        gain_over_uniform=float(gain.mean()),
        controls={control: float(found.share[1 + place].mean()) for place, control in enumerate(controls)},
    )
    if null is None:
        reason = "the world has no controls to compare with"
        return GOAL_DIRECTEDNESS.found(Verdict.INCONCLUSIVE, text + ".", reason, effect, null, details)
    text += f" (controls {null.value:.0%}). A table can be as directed as a planner."
    if above(effect.low, null.high):
        verdict, reason = Verdict.PASS, "a goal predicts its choices, and random goals do not"
    else:
        reason = undecided("random goals predict its choices about as well", (effect.low, null.high))
        verdict = Verdict.INCONCLUSIVE
    return GOAL_DIRECTEDNESS.found(verdict, text, reason, effect, null, details)


GOAL_DIRECTEDNESS = Assay(
    name="goal-directedness",
    question="optimizer",
    summary="How much better does its goal predict its choices than chance, in nats? With random goals as controls.",
    stage=Stage.CONTEXT,
    place=1,
    details=DirectedChoicesDetails,
    undone="Its choices were not measured.",
    run=lambda context: directed_choices(
        context.after, context.objective, seed=seed_of(context.stream("goal-directedness")) % 2**32
    ),
    requires=(Requirement.PURSUIT,),
)
