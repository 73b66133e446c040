"""Maximum entropy goal-directedness: how much better a goal predicts the choices than chance does.

MacDermott, Fox, Belardinelli, Everitt (2024): of all soft-optimal policies for a utility, of any inverse temperature on
the whole real line, the one that predicts an agent's choices best, in nats beyond the uniform policy. In a level the
expectation telescopes to `b U - W(b)`, where U is the agent's return and W(b) the soft value of the utility times b, so
that only a concave function of one number is maximised.

A context, and no sign of search: the agent enters by its return alone, so that a table and a planner of equal return
are equally goal-directed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.evaluation import Evaluation
from mesascope.core.details import Details, Number
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.linear_solve import solve
from mesascope.core.random import seed_of
from mesascope.core.rounding import above, undecided
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, returns, visits, without_layout
from mesascope.planning.soft_value_iteration import boltzmann
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import expected_attributes

WIDEST: float = 200.0
"""Largest inverse temperature that is tried, in units of the utility's largest reward of a step."""

STEPS: int = 60
SETTLED: float = 1e-4
"""Width, in units of the utility's largest reward, at which the search ends: the maximum is flat, off by its square."""

EXACT: float = 1e-10

LEVELS: int = 24
STATES: int = 2_500
"""As many levels are measured, as long as they have so many states together."""


@dataclass(frozen=True)
class GoalDirectedness:
    """Goal-directedness towards each objective in each level.

    **Arguments:**

    - `nats`: beyond the uniform policy, discounted, 0 or more, `[O, N]`.
    - `share`: of what a deterministic policy could reach, in [0, 1], `[O, N]`; 0 where nothing is decided.
    - `inverse_temperature`: at which the choices are predicted best, `[O, N]`. At 0 stands the policy of most entropy,
      which is uniform only where nothing ends: elsewhere it lives long.
    """

    nats: Float[np.ndarray, "O N"]
    share: Float[np.ndarray, "O N"]
    inverse_temperature: Float[np.ndarray, "O N"]


def goal_directedness(levels: Level, policy: Float[np.ndarray, "N S A"], objectives: Objectives) -> GoalDirectedness:
    """Returns the maximum entropy goal-directedness of a policy table (MacDermott et al. 2024, definition 3.2).

    **Arguments:**

    - `levels`: a batch of N levels.
    - `policy`: action probabilities, `[N, S, A]`.
    - `objectives`: O utilities, each with its own end of episodes.
    """
    found = [
        _one(levels, policy, Objectives((spec,), objectives.weights[index][None], objectives.stops[index][None]))
        for index, spec in enumerate(objectives.specs)
    ]
    return GoalDirectedness(*(np.stack(part) for part in zip(*found, strict=True)))


def _one(levels: Level, policy, objective: Objectives) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    levels = without_layout(levels)
    active = np.asarray(levels.reachable & ~levels.terminal)
    gained = returns(levels, policy_values(levels, policy, objective))[0]
    decisions = (visits(levels, policy, objective) * active).sum(-1)
    soft = _SoftPlans(levels, objective, active)
    # The derivative at inverse temperature b is the agent's return less that of the soft-optimal policy, which rises.
    size = max(float(np.abs(soft.reward).max(initial=0.0)), 1e-300)
    low = np.full(levels.count, -WIDEST / size)
    high = -low
    ends = [soft.at(low)[1], soft.at(high)[1]]
    for _ in range(STEPS):
        middle = (low + high) / 2
        _, reached = soft.at(middle)
        above = reached > gained
        low, high = np.where(above, low, middle), np.where(above, middle, high)
        if (high - low).max() * size < SETTLED:
            break
    best = np.where(gained <= ends[0], -WIDEST / size, np.where(gained >= ends[1], WIDEST / size, (low + high) / 2))
    value, _ = soft.at(best)
    nats = best * gained - value + decisions * np.log(levels.actions)
    most = decisions * np.log(levels.actions)
    nats = np.clip(nats, 0.0, most)
    share = np.divide(nats, most, out=np.zeros_like(nats), where=most > 1e-12)
    return nats, share, best


class _SoftPlans:
    """Soft values at temperature 1 of a utility times a number, by soft policy iteration from the last plan."""

    def __init__(self, levels: Level, objective: Objectives, active):
        self.levels, self.active = levels, active
        self.initial = np.asarray(levels.initial, np.float64)
        self.successors = np.asarray(levels.successors)
        self.reward = np.where(active[..., None], expected_attributes(levels) @ objective.weights[0], 0.0)
        onward = np.asarray(levels.discount)[:, None, None, None] * np.asarray(levels.probabilities)
        stops = np.flatnonzero(objective.stops[0])
        if len(stops):
            onward = np.where(np.asarray(levels.attributes)[..., stops].sum(-1) > 0, 0.0, onward)
        self.onward = np.where(active[..., None, None], onward, 0.0)
        self.policy = np.full(self.reward.shape, 1 / levels.actions)

    def at(self, factor: Float[np.ndarray, " N"]) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
        """Returns the soft value of the first state, and the return of the soft-optimal policy."""
        reward = factor[:, None, None] * self.reward
        rows = np.arange(len(reward))[:, None, None, None]
        policy, values = self.policy, None
        found = np.zeros((*self.active.shape, 2))
        for _ in range(200):
            logarithm = np.log(policy, where=policy > 0, out=np.zeros_like(policy))
            gain = np.where(self.active, (policy * (reward - logarithm)).sum(-1), 0.0)
            paid = np.where(self.active, (policy * self.reward).sum(-1), 0.0)
            taken = np.where(self.active[..., None], policy, 0.0)[..., None] * self.onward
            found = solve(self.successors, taken, np.stack([gain, paid], -1))
            after = found[..., 0]
            policy = boltzmann(reward + (self.onward * after[rows, self.successors]).sum(-1), 1.0)
            if values is not None and np.abs(after - values).max() <= EXACT * max(1.0, np.abs(after).max()):
                break
            values = after
        self.policy = policy
        first = np.einsum("ns,nsv->nv", self.initial, found)
        return first[:, 0], first[:, 1]


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
        f"Its choices are {effect.percent} as directed {'at' if gain.mean() >= 0 else 'away from'} '{name}' as choices "
        "can be"
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
