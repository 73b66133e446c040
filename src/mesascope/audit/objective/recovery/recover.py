"""From behaviour to a behavioral objective, whatever form the behaviour comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.resolve import agent_of
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations
from mesascope.audit.objective.recovery.data.observed_choices import Observation, ObservedChoices, frequencies
from mesascope.audit.objective.recovery.data.recordings import demonstrations
from mesascope.audit.objective.recovery.fit.bayesian import sample_objective
from mesascope.audit.objective.recovery.fit.chance import Chance, told_from_chance
from mesascope.audit.objective.recovery.fit.choice_likelihood import fit_choices
from mesascope.audit.objective.recovery.fit.choice_problem import OPTIMAL, SOFT
from mesascope.audit.objective.recovery.fit.coherence import Coherence, at_random, coherence, explained
from mesascope.audit.objective.recovery.fit.cone import cone
from mesascope.audit.objective.recovery.fit.inversion import invert
from mesascope.audit.objective.recovery.fit.maximum_causal_entropy import entropy_information, fit_visits
from mesascope.audit.objective.recovery.fit.posterior import Posterior, gaussian
from mesascope.audit.objective.recovery.query.next_environment import steps_along
from mesascope.audit.policy import observations, policy_table
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace, TabularRewards
from mesascope.objectives.reward_tables import spelled_out
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

PLANNERS: tuple[str, ...] = ("soft", "noisy", "hard")

WIDE: float = 10.0
"""Standard deviation, in units of the temperature and of an attribute's largest value, of the prior of Laplace's
method."""

OPEN: float = 1e-9
"""Information below this share of the largest is none."""

KNOWN = (Agent, Demonstrations, ObservedChoices, Observation, np.ndarray)
"""What is behaviour already; anything else that is no function is read as recorded episodes."""

Behaviour = Agent | Callable[..., Any] | Demonstrations | ObservedChoices | Float[np.ndarray, "N S A"] | Sequence[Any]


def recover(
    behaviour: Behaviour,
    levels: Level | None = None,
    *,
    planner: str | None = None,
    space: RewardSpace | None = None,
    world: World | None = None,
    discount: float | None = None,
    temperature: float | None = 1.0,
    floor: float | None = None,
    prior_scale: float | None = None,
    horizon: int | None = None,
    sampled: bool = True,
) -> BehavioralObjective:
    """Recovers what behaviour says about an objective, and keeps what it does not say.

    **Arguments:**

    - `behaviour`: an agent, or a function of observations as `audit` takes one; policy tables `[N, S, A]`;
      demonstrations, or episodes as `demonstrations` takes them; observed choices, or observations.
    - `levels`: where; a batch of N levels. Observations and demonstrations bring their own.
    - `planner`: how the agent is taken to choose: `"soft"`: exactly soft-optimal, so that the reward follows by linear
      algebra; `"noisy"`: nearly so, as trained networks are, and of counted choices in whichever way explains them:
      soft-optimal, noisy about optimal values or optimal, with or without slips; `"hard"`: by optimal values. By
      default `"soft"` of exact probabilities, and `"noisy"` of counted choices and demonstrations.
    - `space`: the rewards considered: by default weighted attributes where levels have any, else tables.
    - `world`: which shows the levels to an agent and names the attributes.
    - `discount`: that the agent is taken to use; by default the levels'.
    - `temperature`: of a soft planner, in units of reward; `None` if it is unknown and may differ between levels.
    - `floor`, `prior_scale`: see `invert`.
    - `horizon`: of demonstrations whose episodes all take this many steps: the maximum causal entropy fit to their
      visits, with a posterior by Laplace's method; `discount` may then be 1, and the planner is soft.
    - `sampled`: the posterior of counted choices, planner and slips included, see `sample_objective`; without,
      Laplace's method for a soft-optimal planner, in a part of the time.

    **Raises:** `UnknownNameError` for another planner; `UsageError` if something needed is missing or does not fit, and
    as the chosen method does.
    """
    if planner is not None and planner not in PLANNERS:
        raise UnknownNameError("planner", planner, PLANNERS)
    objectives = None if world is None else compile_objectives(world)
    if world is not None and not isinstance(behaviour, KNOWN) and not callable(behaviour) and not _observed(behaviour):
        behaviour = demonstrations(behaviour, world, levels=levels)
    if horizon is not None:
        if planner not in (None, "soft") or temperature != 1.0 or floor is not None:
            raise UsageError(
                "With a horizon the planner is soft, of temperature 1, and takes no floor: leave `planner`, "
                "`temperature` and `floor` out."
            )
        found = _visited(behaviour, world, space, horizon, 1.0 if discount is None else discount, prior_scale)
        return _varied(replace(found, objectives=objectives), prior_scale)
    if discount is not None and not 0 <= discount < 1:
        raise UsageError(
            f"Discount {discount} is not in [0, 1): without an end of time values are finite only below 1. "
            "Demonstrations of a known length can have a discount of 1: pass `horizon`."
        )
    # What ends the episodes that were shown ends those that are planned.
    stops = behaviour.stops if isinstance(behaviour, Demonstrations) else ()
    choices = _choices(behaviour, levels, world, temperature)
    if discount is not None:
        choices = choices.with_discount(discount)
    space = _space(choices.observations[0].level, world, stops) if space is None else space
    if planner is None:
        # Entry by entry, a table explains any noise as well.
        planner = "noisy" if choices.counted and isinstance(space, AttributeRewards) else "soft"
    found = recovered(choices, space, planner=planner, floor=floor, prior_scale=prior_scale, sampled=sampled)
    return _varied(replace(found, objectives=objectives), prior_scale)


def _varied(found: BehavioralObjective, prior_scale: float | None) -> BehavioralObjective:
    """Returns an objective whose draws vary along what is open, too; a prior, and sampling, see to that themselves."""
    if found.sampled is not None or prior_scale is not None:
        return found
    posterior = found.posterior

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        drawn = posterior.draw(random, n)
        rows = found.open_directions()
        return drawn + steps_along(rows, posterior.mean, n, random) if len(rows) else drawn

    return replace(found, posterior=replace(posterior, draw=draw))


def _observed(behaviour) -> bool:
    return isinstance(behaviour, Sequence) and all(isinstance(one, Observation) for one in behaviour)


def _choices(behaviour, levels: Level | None, world: World | None, temperature: float | None) -> ObservedChoices:
    """Returns behaviour in any form as choices; observations keep the temperatures that they state."""
    if isinstance(behaviour, ObservedChoices):
        return behaviour
    if isinstance(behaviour, Demonstrations):
        return ObservedChoices.of_demonstrations(behaviour, temperature=temperature)
    if callable(behaviour) and not isinstance(behaviour, Agent) and world is not None:
        behaviour = agent_of(behaviour, name=getattr(behaviour, "__name__", "function"), world=world)
    if isinstance(behaviour, Agent):
        if world is None or levels is None:
            raise UsageError("To watch an agent, pass the levels and the world that shows them.")
        if not behaviour.memoryless:
            raise UsageError(
                f"Agent '{behaviour.name}' remembers, so it has no policy table; roll it out and pass Demonstrations."
            )
        batch = levels.batch()
        wanted = np.asarray(batch.reachable & ~batch.terminal)
        behaviour = policy_table(behaviour, observations(world, batch), wanted, actions=batch.actions)
    if isinstance(behaviour, np.ndarray):
        if levels is None:
            raise UsageError("Policy tables need the levels that they are of.")
        return ObservedChoices.of_tables(levels, behaviour, temperature=temperature)
    found: tuple[Any, ...] = tuple(behaviour) if isinstance(behaviour, Iterable) else (behaviour,)
    if not all(isinstance(one, Observation) for one in found):
        raise UsageError(
            f"A {type(behaviour).__name__} is no behaviour; give an agent, policy tables [N, S, A] of levels, "
            "Demonstrations, or a sequence of Observations."
        )
    return ObservedChoices(found)


def _space(level: Level, world: World | None, stops: tuple[int, ...]) -> RewardSpace:
    width = level.attributes.shape[-1]
    if world is not None:
        return AttributeRewards(tuple(world.attributes), stops)
    if width:
        return AttributeRewards(tuple(f"attribute {index}" for index in range(width)), stops)
    return TabularRewards(level.states, level.actions)


def recovered(
    choices: ObservedChoices,
    space: RewardSpace,
    *,
    planner: str,
    floor: float | None = None,
    prior_scale: float | None = None,
    sampled: bool = True,
) -> BehavioralObjective:
    """Recovers an objective from choices; its draws do not vary along what is open.

    **Arguments:** as of `recover`.
    """
    again = partial(recovered, space=space, planner=planner, floor=floor, prior_scale=prior_scale, sampled=sampled)
    chance = told_from_chance(choices, space)
    found = partial(BehavioralObjective, space, choices, planner, chance=chance, again=again)
    if planner == "soft":
        inversion = invert(choices.observations, space, floor=floor, prior_scale=prior_scale)
        return found(inversion.posterior, at_random(chance) or coherence(inversion))
    if not choices.counted:
        if planner == "hard":
            return found(*_hard(choices, space, chance))
        if not isinstance(space, AttributeRewards):
            raise UsageError('planner="noisy" weighs attributes; a table of rewards would explain any noise as well.')
        fit = fit_choices(choices.levels, choices.weights, space)
        return found(gaussian(fit.parameter, fit.covariance), explained(fit.explained, chance), fit=fit)
    levels, weighed = spelled_out(choices.levels, space)
    width = len(space.names)
    only = np.arange(len(weighed.names)) < width
    if not sampled:
        # A wide prior instead of a price: the likelihood of samples is known, and an interval must not lean to 0.
        ridge = WIDE**-2 / choices.weights.sum()
        fit = fit_choices(levels, choices.weights, weighed, sparsity=0.0, ridge=ridge, only=only)
        posterior = gaussian(fit.parameter[:width], fit.laplace[:width, :width])
        return found(posterior, explained(chance.share, chance), fit=fit)
    planners = (OPTIMAL,) if planner == "hard" else (SOFT, OPTIMAL)
    drawn = sample_objective(levels, choices.weights, weighed, seed=0, planners=planners, only=only)
    posterior = replace(
        drawn.posterior,
        mean=drawn.posterior.mean[:width],
        draw=lambda random, n: drawn.posterior.draw(random, n)[:, :width],
    )
    return found(posterior, explained(chance.share, chance), fit=drawn.fit, sampled=drawn)


def _hard(choices: ObservedChoices, space: RewardSpace, chance: Chance) -> tuple[Posterior, Coherence]:
    found = cone(choices.observations, space)
    answer, rows = found.most_decided(), len(found.constraints)
    if answer is None:
        reason = "no reward makes all of its likeliest actions strictly better than the others"
        width = len(space.names)
        return gaussian(np.zeros(width), np.eye(width)), Coherence(0.0, rows, None, Verdict.FAIL, reason)
    mean, margin = answer
    reason = f"its likeliest actions are optimal for one reward, by a margin of {margin:.2g}"
    posterior = Posterior(mean, lambda random, n: found.samples(n, seed=int(random.integers(2**31))), 0.0, rows, False)
    return posterior, at_random(chance) or Coherence(margin, rows, None, Verdict.PASS, reason)


def _visited(
    behaviour,
    world: World | None,
    space: RewardSpace | None,
    horizon: int,
    discount: float,
    prior_scale: float | None,
) -> BehavioralObjective:
    """Fits visits of a finite horizon (Ziebart 2010, §6.2), with Laplace's posterior."""
    if not isinstance(behaviour, Demonstrations):
        raise UsageError("A horizon belongs to demonstrations; choices of an agent are explained without one.")
    for index, episode in enumerate(behaviour.episodes):
        steps = len(episode.actions)
        if steps > horizon or (episode.truncated and steps < horizon):
            raise UsageError(
                f"Episode {index} was cut off after {steps} steps, and not at the horizon of {horizon}: what it "
                "would have visited is unknown."
            )
    starts = behaviour.starts()
    shown = replace(behaviour, levels=replace(behaviour.levels, initial=frequencies(starts)))
    space = _space(shown.levels, world, shown.stops) if space is None else space
    visits = shown.visits(discount)
    kept = np.flatnonzero(visits.sum((1, 2)) > 0)
    levels = shown.levels[kept]
    fit = fit_visits(levels, visits[kept], space, horizon=horizon, discount=discount, prior_scale=prior_scale)
    information = entropy_information(
        levels, starts[kept].sum(-1), space, fit.parameter, horizon=horizon, discount=discount
    )
    prior = np.zeros_like(information) if prior_scale is None else np.eye(len(information)) * prior_scale**-2
    choices = ObservedChoices.of_demonstrations(shown)
    chance = told_from_chance(choices, space)
    reason = "how often places were visited can always be explained; whether one objective does it was not tested"
    values, vectors = np.linalg.eigh(information)
    return BehavioralObjective(
        space,
        choices,
        "entropy",
        gaussian(fit.parameter, np.linalg.pinv(information + prior, rcond=OPEN, hermitian=True)),
        at_random(chance) or Coherence(fit.mismatch, 0, None, Verdict.INCONCLUSIVE, reason),
        chance=chance,
        left_open=vectors[:, values <= OPEN * max(values.max(), 1e-300)].T,
    )
