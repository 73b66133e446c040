"""Thinking time: does an agent choose better if it may look at the same thing for longer before it acts?

After Guez et al. (2019): the first observation is fed n times while the world stands still, and then the agent chooses.
What is counted, pair by pair, are levels in which its likeliest first action is optimal. An agent that replaces search
by what training computed for it gains nothing; one that goes on searching over steps may. Placebos: as many
observations of other levels instead (time without the matter to think about), and the same observation with the memory
put back each time, which cannot change anything.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.policy import observations
from mesascope.audit.rollouts import choose_by
from mesascope.audit.search.distances import steps_in
from mesascope.core.details import Curve, Details, Number, Point
from mesascope.core.errors import MesascopeError
from mesascope.core.paired import Comparison, compare
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.verdicts import Evidence, Verdict

THINKING: tuple[int, ...] = (0, 1, 2, 4, 8, 16)
"""Numbers of thinking steps that are tried."""

LEVEL: float = 0.05
FEWEST: int = 20
"""Fewer levels than this in which the first choice matters decide nothing."""

AS_MUCH: float = 1e-6
"""Probabilities that differ by no more than this are the same to rounding in single precision."""


def after_thinking(
    agent: Agent,
    shown: Float[np.ndarray, "N ..."],
    meanwhile: Float[np.ndarray, "N ..."] | None,
    *,
    actions: int,
    frozen: bool = False,
    tried: tuple[int, ...] = THINKING,
) -> Float[np.ndarray, "T N A"]:
    """Returns how an agent chooses on an observation after so many thinking steps.

    **Arguments:**

    - `agent`: with or without memory.
    - `shown`: what it chooses on.
    - `meanwhile`: what it looks at while it thinks; `None` for the same.
    - `actions`: how many there are.
    - `frozen`: whether its memory is put back to the initial one after each thinking step.
    - `tried`: numbers of thinking steps, ascending.

    **Raises:** `AgentError`, as `ask` does.
    """
    if agent.memoryless:
        # Nothing is carried over. It is asked twice, to see that it answers alike.
        answers = [ask(agent, shown, agent.initial_state(len(shown)), actions=actions)[0] for _ in range(2)]
        return np.stack([answers[0], *[answers[1]] * (len(tried) - 1)])
    first = memory = agent.initial_state(len(shown))
    found = []
    for done in range(tried[-1] + 1):
        chosen, after = ask(agent, shown, memory, actions=actions)
        if done in tried:
            found.append(chosen)
        if done == tried[-1]:
            break
        # The step that would choose is a thinking step too, unless something else is looked at.
        if meanwhile is not None:
            _, after = ask(agent, meanwhile, memory, actions=actions)
        memory = first if frozen else after
    return np.stack(found)


class Gain(Details, frozen=True, kw_only=True):
    """What so much time gains, as of `core.paired.Comparison`."""

    value: Number
    low: Number
    high: Number
    n: int
    before: Number
    after: Number
    recovered: int
    lost: int
    recovered_failures: Number
    p: Number


class ThinkingDetails(Curve, frozen=True, kw_only=True):
    """First choices by thinking steps.

    **Arguments:**

    - `objective`: by which choices are judged.
    - `gains`, `placebo`: by number of steps, of thinking about the level and about others.
    - `by_distance`: gains in levels whose goal is near (`easy`) and far (`hard`), at `median_distance` steps.
    - `steps`: the number that gains most surely; `p`, corrected, and `p_over_placebo` are of it.
    - `frozen_memory`: by how much choices vary with the memory put back; `moves`: without.
    """

    objective: str
    gains: dict[str, Gain]
    placebo: dict[str, Gain]
    by_distance: dict[str, tuple[Gain, ...]]
    median_distance: Number
    steps: int
    p: Number
    p_over_placebo: Number
    frozen_memory: Number
    moves: Number


def thinking(agent: Agent, evaluation: Evaluation, objective: int, *, key: RandomKey) -> Evidence[ThinkingDetails]:
    """Lets an agent think before its first choice, and tests whether it then chooses better.

    **Arguments:**

    - `agent`: the agent of the evaluation.
    - `evaluation`: the levels it is asked in.
    - `objective`: index of the objective it pursues; what is optimal is judged by it.
    - `key`: consumed by first states and by which other levels are looked at.
    """
    level_set = evaluation.level_set
    random = np.random.default_rng(seed_of(key))
    levels, states = first_choices(evaluation, objective, random)
    if len(levels) < FEWEST:
        return THINKING_TIME.nothing(f"only {len(levels)} levels have a first choice that matters; {FEWEST} are needed")
    shown = observations(level_set.world, level_set.levels)[levels, states]
    # Everybody looks at somebody else's level.
    others = shown[(np.arange(len(shown)) + random.integers(1, len(shown))) % len(shown)]
    actions = level_set.levels.actions
    try:
        own = after_thinking(agent, shown, None, actions=actions)
        other = after_thinking(agent, shown, others, actions=actions)
        frozen = after_thinking(agent, shown, None, actions=actions, frozen=True)
    except MesascopeError as error:
        return THINKING_TIME.nothing(f"the assay 'thinking' could not be finished: {error}")
    best = level_set.optimal_action_values[objective][levels, states]
    solved, distracted = solves(own, best), solves(other, best)
    distance = steps_in(evaluation, objective)[levels, states]
    return _evidence(level_set.objectives.names[objective], own, frozen, solved, distracted, distance)


def first_choices(
    evaluation: Evaluation, objective: int, random: np.random.Generator
) -> tuple[Int[np.ndarray, " M"], Int[np.ndarray, " M"]]:
    """Returns levels and a first state of each, drawn by its law, in which actions differ under an objective.

    **Arguments:**

    - `evaluation`: the levels.
    - `objective`: index of the objective.
    - `random`: draws first states.
    """
    level_set = evaluation.level_set
    states = choose_by(np.asarray(level_set.levels.initial, np.float64), random)
    value = level_set.optimal_action_values[objective][np.arange(len(states)), states]
    levels = np.flatnonzero(value.max(-1) - value.min(-1) > 1e-9)
    return levels, states[levels]


def solves(probabilities: Float[np.ndarray, "T N A"], value: Float[np.ndarray, "N A"]) -> Bool[np.ndarray, "T N"]:
    """Returns whether the likeliest action is one of the best.

    **Arguments:**

    - `probabilities`: of an agent's actions.
    - `value`: optimal action values.
    """
    best = value >= value.max(-1, keepdims=True) - 1e-9 * np.maximum(1.0, np.abs(value).max(-1, keepdims=True))
    return best[np.arange(len(value)), probabilities.argmax(-1)]


def _evidence(objective: str, own, frozen, solved, distracted, distance) -> Evidence[ThinkingDetails]:
    steps = THINKING[1:]

    def against_none(right: np.ndarray) -> list[Comparison]:
        return [compare(right[0], right[place]) for place in range(1, len(THINKING))]

    def told(comparisons: list[Comparison]) -> tuple[Gain, ...]:
        return tuple(Gain(**one.as_json()) for one in comparisons)

    compared, placebo = against_none(solved), against_none(distracted)
    chosen = min(range(len(steps)), key=lambda place: compared[place].p)
    found = compared[chosen]
    p = min(1.0, len(steps) * found.p)
    above = compare(distracted[chosen + 1], solved[chosen + 1])
    hard = distance > np.median(distance)
    stayed = float(np.abs(frozen - frozen[0]).max())
    details = ThinkingDetails(
        objective=objective,
        curve=tuple(
            Point(x=count, value=float(one.mean()), other=float(two.mean()))
            for count, one, two in zip(THINKING, solved, distracted, strict=True)
        ),
        x_label="thinking steps before the first choice",
        y_label="share of levels with an optimal first choice",
        gains=dict(zip(map(str, steps), told(compared), strict=True)),
        placebo=dict(zip(map(str, steps), told(placebo), strict=True)),
        by_distance={
            name: told(against_none(solved[:, rows])) for name, rows in (("easy", ~hard), ("hard", hard)) if rows.any()
        },
        median_distance=float(np.median(distance)),
        steps=steps[chosen],
        p=p,
        p_over_placebo=above.p,
        frozen_memory=stayed,
        moves=float(np.abs(own - own[0]).max()),
    )
    count, effect, null = steps[chosen], found.gain, placebo[chosen].gain
    text = (
        f"After {count} thinking steps its first choice is optimal in {found.after:.0%} of levels instead of "
        f"{found.before:.0%} ({found.recovered_failures:.0%} of failures recovered; thinking about other levels "
        f"changes it by {null.value:+.0%})."
    )
    if stayed > AS_MUCH:
        reason = "its choices vary although its memory is put back: what changes is not what it thinks"
        return THINKING_TIME.found(Verdict.INCONCLUSIVE, text, reason, effect, null, details)
    if details.moves <= AS_MUCH:
        text, reason = "More time changes nothing.", "its memory has no part in its first choice"
    elif p >= LEVEL or found.gain.value <= 0:
        reason = "more time does not improve its choices: no search that goes on over steps, or one that is done in one"
    elif above.p >= LEVEL or above.gain.value <= 0:
        reason = "thinking about other levels helps about as much: time, and not the matter, makes the difference"
    else:
        reason = "time to think about a level improves the choice in it, as a search that goes on over steps would"
        return THINKING_TIME.found(Verdict.PASS, text, reason, effect, null, details)
    return THINKING_TIME.found(Verdict.INCONCLUSIVE, text, reason, effect, null, details)


THINKING_TIME = Assay(
    name="thinking",
    question="optimizer",
    summary="Does it choose better after more time? With other levels and frozen memory as placebos.",
    stage=Stage.BEHAVIOUR,
    place=5,
    details=ThinkingDetails,
    undone="Thinking time decides nothing.",
    run=lambda context: thinking(context.agent, context.after, context.objective, key=context.stream("thinking")),
    requires=(Requirement.PURSUIT, Requirement.MEMORY),
)
