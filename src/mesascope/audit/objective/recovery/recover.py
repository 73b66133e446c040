"""From behaviour to a behavioral objective, whatever form the behaviour comes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.choices import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.coherence import CANNOT_SEE, Coherence, coherence
from mesascope.audit.objective.recovery.cone import cone
from mesascope.audit.objective.recovery.demonstrations import Demonstrations
from mesascope.audit.objective.recovery.inversion import invert
from mesascope.audit.objective.recovery.observation import Observation
from mesascope.audit.objective.recovery.posterior import Posterior, gaussian
from mesascope.audit.policy import observations as observe
from mesascope.audit.policy import policy_table
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.verdicts import Verdict
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace, TabularRewards
from mesascope.planning.evaluation import visits
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

PLANNERS: tuple[str, ...] = ("soft", "noisy", "hard")

MUCH, LITTLE = 0.5, 0.2
"""Shares of the choices' structure from which a fit speaks for an objective, and below which against any."""

Behaviour = Agent | Demonstrations | Float[np.ndarray, "N S A"] | Sequence[Observation]


def recover(
    behaviour: Behaviour,
    levels: Level | None = None,
    *,
    planner: str = "soft",
    space: RewardSpace | None = None,
    world: World | None = None,
    discount: float | None = None,
    temperature: float | None = 1.0,
    floor: float | None = None,
    prior_scale: float | None = None,
) -> BehavioralObjective:
    """Recovers what behaviour says about an objective, and keeps what it does not say.

    **Arguments:**

    - `behaviour`: an agent, policy tables `[N, S, A]`, demonstrations, or observations.
    - `levels`: where; a batch of N levels. Observations and demonstrations bring their own.
    - `planner`: how the agent is taken to choose: `"soft"`: exactly soft-optimal, so that the reward follows by linear
      algebra; `"noisy"`: nearly so, as trained networks are; `"hard"`: always an optimal action.
    - `space`: the rewards considered: by default weighted attributes where levels have any, else tables.
    - `world`: which shows the levels to an agent and names the attributes.
    - `discount`: that the agent is taken to use; by default the levels'.
    - `temperature`: of a soft planner, in units of reward; `None` if it is unknown and may differ between levels.
    - `floor`, `prior_scale`: see `invert`.

    **Raises:** `UnknownNameError` for another planner; `UsageError` if something needed is missing or does not fit, and
    as the chosen method does.
    """
    if planner not in PLANNERS:
        raise UnknownNameError("planner", planner, PLANNERS)
    if discount is not None and not 0 <= discount < 1:
        raise UsageError(
            f"Discount {discount} is not in [0, 1): without an end of time values are finite only below 1. For a "
            "finite horizon use `fit_visits` with demonstrations."
        )
    watched = _observations(behaviour, levels, world, discount, temperature)
    space = _space(watched[0].level, world) if space is None else space
    if planner == "soft":
        inversion = invert(watched, space, floor=floor, prior_scale=prior_scale)
        return BehavioralObjective(space, watched, planner, inversion.posterior, coherence(inversion))
    if planner == "hard":
        return _hard(watched, space)
    return _noisy(watched, space, discount)


def _observations(behaviour, levels, world, discount, temperature) -> tuple[Observation, ...]:
    if isinstance(behaviour, Demonstrations):
        counts, levels = behaviour.counts(), behaviour.levels
        totals = counts.sum(-1)
        tables = np.divide(
            counts, totals[..., None], out=np.full_like(counts, 1 / counts.shape[-1]), where=totals[..., None] > 0
        )
        seen = [index for index in range(levels.count) if totals[index].sum() > 0]
        return tuple(
            Observation(levels[index], tables[index], totals[index], temperature, discount, f"level {index}")
            for index in seen
        )
    if isinstance(behaviour, Agent):
        if world is None or levels is None:
            raise UsageError("To watch an agent, pass the levels and the world that shows them.")
        if not behaviour.memoryless:
            raise UsageError(
                f"Agent '{behaviour.name}' remembers, so it has no policy table; roll it out and pass Demonstrations."
            )
        batch = levels.batch()
        wanted = np.asarray(batch.reachable & ~batch.terminal)
        behaviour = policy_table(behaviour, observe(world, batch), wanted, actions=batch.actions)
    if isinstance(behaviour, np.ndarray):
        if levels is None:
            raise UsageError("Policy tables need the levels that they are of.")
        batch = levels.batch()
        if behaviour.shape != batch.successors.shape[:3]:
            raise UsageError(
                f"Policy tables of shape {list(behaviour.shape)} do not fit levels of shape "
                f"{list(batch.successors.shape[:3])}."
            )
        return tuple(
            Observation(batch[index], behaviour[index], None, temperature, discount, f"level {index}")
            for index in range(batch.count)
        )
    found = tuple(behaviour)
    if not found:
        raise UsageError("There is nothing to recover an objective from: no environment was observed.")
    return tuple(replace(one, discount=discount) if discount is not None else one for one in found)


def _space(level: Level, world: World | None) -> RewardSpace:
    width = level.attributes.shape[-1]
    if world is not None:
        return AttributeRewards(tuple(world.attributes))
    if width:
        return AttributeRewards(tuple(f"attribute {index}" for index in range(width)))
    return TabularRewards(level.states, level.actions)


def _noisy(watched: tuple[Observation, ...], space: RewardSpace, discount: float | None) -> BehavioralObjective:
    if not isinstance(space, AttributeRewards):
        raise UsageError('planner="noisy" weighs attributes; a table of rewards would explain any noise as well.')
    levels = stacked([one.level for one in watched])
    tables = np.stack([one.policy for one in watched])
    if watched[0].counts is None:
        weight = np.minimum(visits(levels, tables), 1.0) * np.asarray(levels.reachable & ~levels.terminal)
    else:
        weight = np.stack([np.zeros(levels.states) if one.counts is None else one.counts for one in watched])
    fit = fit_choices(levels, weight[..., None] * tables, space, discount=discount)
    return BehavioralObjective(space, watched, "noisy", posterior_of(fit), explained(fit), fit)


def posterior_of(fit: ChoiceFit) -> Posterior:
    """Returns the Gaussian posterior of a fit to choices, robust over levels."""
    return gaussian(fit.parameter, fit.covariance)


def explained(fit: ChoiceFit) -> Coherence:
    """Returns whether a fit to choices speaks for one objective: by the share of their structure that it explains."""
    share = fit.explained
    freedom = max(0, int(fit.decisions) - int(fit.varies.sum()))
    if not np.isfinite(share):
        return Coherence(0.0, freedom, None, Verdict.INCONCLUSIVE, "the agent chooses at random: nothing to explain")
    text = f"weights of attributes explain {share:.0%} of the structure of its choices"
    if share >= MUCH:
        return Coherence(share, freedom, None, Verdict.PASS, f"{text}. {CANNOT_SEE}")
    if share < LITTLE:
        return Coherence(
            share, freedom, None, Verdict.FAIL, f"{text}: it pursues nothing that is listed, or plans otherwise"
        )
    return Coherence(share, freedom, None, Verdict.INCONCLUSIVE, f"{text}: too little to speak of one objective")


def _hard(watched: tuple[Observation, ...], space: RewardSpace) -> BehavioralObjective:
    found = cone(watched, space)
    answer = found.most_decided()
    if answer is None:
        reason = "no reward makes all of its likeliest actions strictly better than the others"
        verdict = Coherence(0.0, len(found.constraints), None, Verdict.FAIL, reason)
        posterior = gaussian(np.zeros(len(space.names)), np.eye(len(space.names)))
        return BehavioralObjective(space, watched, "hard", posterior, verdict)
    mean, margin = answer
    reason = f"its likeliest actions are optimal for one reward, by a margin of {margin:.2g}"
    posterior = Posterior(
        mean, lambda random, n: found.samples(n, seed=int(random.integers(2**31))), 0.0, len(found.constraints), False
    )
    verdict = Coherence(margin, len(found.constraints), None, Verdict.PASS, reason)
    return BehavioralObjective(space, watched, "hard", posterior, verdict)


def stacked(levels: Sequence[Level]) -> Level:
    """Returns levels of equal shapes as one batch, without layouts.

    **Raises:** `UsageError` if their shapes differ.
    """
    names = ("successors", "probabilities", "attributes", "initial", "terminal", "reachable", "discount")
    shapes = {np.shape(level.successors) for level in levels}
    if len(shapes) > 1:
        raise UsageError(f"Levels of different shapes cannot be weighed together: {sorted(shapes)}.")
    return Level(
        **{name: np.stack([np.asarray(getattr(level, name)) for level in levels]) for name in names}, layout=None
    )
