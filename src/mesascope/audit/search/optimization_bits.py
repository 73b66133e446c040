"""Bits of optimization: how small a part of what chance brings about is at least as good as what the agent does?

After Yudkowsky (2008): -log2 of the probability that somebody who acts at random gets there as soon. It says what was
achieved and nothing about how: who is carried to the goal has many bits, too.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.search.distances import is_reached
from mesascope.core.details import Details
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.rounding import above, undecided
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.worlds.level import Level

LEVELS: int = 128
STEPS: int = 64
"""Outcomes are the step at which the goal is entered, up to here, or that it is not."""


def bits(reference: Float[np.ndarray, " outcomes"]) -> Float[np.ndarray, " outcomes"]:
    """Returns the bits of each outcome: -log2 of the probability of one at least as good (Yudkowsky 2008).

    **Arguments:**

    - `reference`: probabilities of the outcomes, the best first, by the reference policy.
    """
    with np.errstate(divide="ignore"):
        return -np.log2(np.minimum(np.cumsum(reference), 1.0))


def arrival_law(levels: Level, policy: Float[np.ndarray, "N S A"], goal: np.ndarray) -> Float[np.ndarray, "N T"]:
    """Returns the probability of entering a goal at step 1, 2, … or never (last), from the first states.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `policy`: action probabilities.
    - `goal`: which states are the goal, `[N, S]`.
    """
    successors, outcomes = np.asarray(levels.successors), np.asarray(levels.probabilities, np.float64)
    occupied = np.asarray(levels.initial, np.float64).copy()
    law = np.zeros((len(occupied), STEPS + 1))
    after = (np.arange(len(occupied))[:, None, None, None] * levels.states + successors).reshape(-1)
    for step in range(STEPS):
        flow = occupied[..., None, None] * policy[..., None] * outcomes
        occupied = np.bincount(after, flow.reshape(-1), minlength=occupied.size).reshape(occupied.shape)
        law[:, step] = np.where(goal, occupied, 0.0).sum(-1)
        occupied = np.where(goal, 0.0, occupied)
    law[:, -1] = 1 - law[:, :-1].sum(-1)
    return np.maximum(law, 0.0)


class BitsDetails(Details, frozen=True, kw_only=True):
    """What was arrived at: `objective`, its name."""

    objective: str


def optimization_bits(evaluation: Evaluation, objective: int, *, seed: int = 0) -> Evidence[BitsDetails]:
    """Measures the agent's outcomes against those of the uniform policy, exactly.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels.
    - `objective`: index of one that is reached.
    - `seed`: of the bootstrap.

    **Returns:** evidence whose effect is mean bits; its null is what the uniform policy scores against itself.
    """
    level_set = evaluation.level_set
    spec = level_set.objectives.specs[objective]
    if not is_reached(spec):
        return OPTIMIZATION_BITS.nothing(f"'{spec.name}' is never reached, so that outcomes are no steps")
    count = min(LEVELS, level_set.levels.count)
    levels, goal = level_set.levels[:count], level_set.fulfilled[objective][:count]
    uniform = np.full(evaluation.policy[:count].shape, 1 / level_set.levels.actions)
    reference = arrival_law(levels, uniform, goal)
    own = arrival_law(levels, evaluation.policy[:count], goal)
    scores = []
    for law in (own, reference):
        each = np.array([bits(row) for row in reference])
        # What cannot happen has no bits to add.
        scores.append(np.where(law > 0, law * np.where(np.isfinite(each), each, 0.0), 0.0).sum(-1))
    effect, null = (bootstrap_mean(values, seed=seed) for values in scores)
    text = f"What it brings about is worth {effect.value:.1f} bits (acting at random {null.value:.1f})."
    verdict = Verdict.PASS if above(effect.low, null.high) else Verdict.INCONCLUSIVE
    reason = undecided("chance gets there about as soon", (effect.low, null.high))
    reason = "chance seldom gets there as soon" if verdict is Verdict.PASS else reason
    return OPTIMIZATION_BITS.found(verdict, text, reason, effect, null, BitsDetails(objective=spec.name))


OPTIMIZATION_BITS = Assay(
    name="optimization-bits",
    question="optimizer",
    summary="How seldom does chance get to the goal as soon as it does?",
    stage=Stage.CONTEXT,
    place=3,
    details=BitsDetails,
    undone="No bits were counted.",
    run=lambda context: optimization_bits(context.after, context.objective),
    requires=(Requirement.PURSUIT,),
)
