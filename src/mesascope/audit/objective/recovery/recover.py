"""From behaviour to a behavioral objective, whatever form the behaviour comes in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations
from mesascope.audit.objective.recovery.data.observed_choices import Observation, ObservedChoices, frequencies
from mesascope.audit.objective.recovery.fit.bayesian import sample_objective
from mesascope.audit.objective.recovery.fit.choice_likelihood import fit_choices
from mesascope.audit.objective.recovery.fit.coherence import Coherence, coherence, explained
from mesascope.audit.objective.recovery.fit.cone import cone
from mesascope.audit.objective.recovery.fit.inversion import invert
from mesascope.audit.objective.recovery.fit.maximum_causal_entropy import entropy_information, fit_visits
from mesascope.audit.objective.recovery.fit.posterior import Posterior, gaussian
from mesascope.audit.policy import observations, policy_table
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace, TabularRewards
from mesascope.objectives.reward_tables import spelled_out
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

PLANNERS: tuple[str, ...] = ("soft", "noisy", "hard")

WIDE: float = 10.0
"""Standard deviation, in units of the temperature and of an attribute's largest value, of the prior for samples."""

OPEN: float = 1e-9
"""Information below this share of the largest is none."""

Behaviour = Agent | Demonstrations | ObservedChoices | Float[np.ndarray, "N S A"] | Sequence[Observation]


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
    horizon: int | None = None,
    sampled: bool = False,
) -> BehavioralObjective:
    """Recovers what behaviour says about an objective, and keeps what it does not say.

    **Arguments:**

    - `behaviour`: an agent, policy tables `[N, S, A]`, demonstrations, observed choices, or observations.
    - `levels`: where; a batch of N levels. Observations and demonstrations bring their own.
    - `planner`: how the agent is taken to choose: `"soft"`: exactly soft-optimal, so that the reward follows by linear
      algebra; `"noisy"`: nearly so, as trained networks are; `"hard"`: always an optimal action.
    - `space`: the rewards considered: by default weighted attributes where levels have any, else tables.
    - `world`: which shows the levels to an agent and names the attributes.
    - `discount`: that the agent is taken to use; by default the levels'.
    - `temperature`: of a soft planner, in units of reward; `None` if it is unknown and may differ between levels.
    - `floor`, `prior_scale`: see `invert`.
    - `horizon`: of demonstrations whose episodes all take this many steps: the maximum causal entropy fit to their
      visits, with a posterior by Laplace's method; `discount` may then be 1, and the planner is soft.
    - `sampled`: sample the posterior of counted choices by NUTS, see `sample_objective`, in place of Laplace's method:
      minutes instead of a second.

    **Raises:** `UnknownNameError` for another planner; `UsageError` if something needed is missing or does not fit, and
    as the chosen method does.
    """
    if planner not in PLANNERS:
        raise UnknownNameError("planner", planner, PLANNERS)
    if sampled and planner != "noisy":
        raise UsageError(f'Posteriors are sampled with planner="noisy", not "{planner}".')
    objectives = None if world is None else compile_objectives(world)
    if horizon is not None:
        if planner != "soft" or temperature != 1.0 or floor is not None:
            raise UsageError(
                "With a horizon the planner is soft, of temperature 1, and takes no floor: leave `planner`, "
                "`temperature` and `floor` out."
            )
        found = _visited(behaviour, world, space, horizon, 1.0 if discount is None else discount, prior_scale)
        return replace(found, objectives=objectives)
    if discount is not None and not 0 <= discount < 1:
        raise UsageError(
            f"Discount {discount} is not in [0, 1): without an end of time values are finite only below 1. "
            "Demonstrations of a known length can have a discount of 1: pass `horizon`."
        )
    choices = _choices(behaviour, levels, world, temperature)
    if discount is not None:
        choices = choices.with_discount(discount)
    space = _space(choices.observations[0].level, world) if space is None else space
    again = partial(_recovered, space=space, planner=planner, floor=floor, prior_scale=prior_scale, sampled=sampled)
    return replace(again(choices), again=again, objectives=objectives)


def _choices(behaviour, levels: Level | None, world: World | None, temperature: float | None) -> ObservedChoices:
    """Returns behaviour in any form as choices; observations keep the temperatures that they state."""
    if isinstance(behaviour, ObservedChoices):
        return behaviour
    if isinstance(behaviour, Demonstrations):
        return ObservedChoices.of_demonstrations(behaviour, temperature=temperature)
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
    found = tuple(behaviour) if isinstance(behaviour, Iterable) else (behaviour,)
    if not all(isinstance(one, Observation) for one in found):
        raise UsageError(
            f"A {type(behaviour).__name__} is no behaviour; give an agent, policy tables [N, S, A] of levels, "
            "Demonstrations, or a sequence of Observations."
        )
    return ObservedChoices(found)


def _space(level: Level, world: World | None) -> RewardSpace:
    width = level.attributes.shape[-1]
    if world is not None:
        return AttributeRewards(tuple(world.attributes))
    if width:
        return AttributeRewards(tuple(f"attribute {index}" for index in range(width)))
    return TabularRewards(level.states, level.actions)


def _recovered(
    choices: ObservedChoices,
    *,
    space: RewardSpace,
    planner: str,
    floor: float | None,
    prior_scale: float | None,
    sampled: bool,
) -> BehavioralObjective:
    """Recovers an objective from choices; also used again, from choices under other assumptions."""
    found = partial(BehavioralObjective, space, choices, planner)
    if planner == "soft":
        inversion = invert(choices.observations, space, floor=floor, prior_scale=prior_scale)
        return found(inversion.posterior, coherence(inversion))
    if planner == "hard":
        return found(*_hard(choices, space))
    if not choices.counted:
        if not isinstance(space, AttributeRewards):
            raise UsageError('planner="noisy" weighs attributes; a table of rewards would explain any noise as well.')
        if sampled:
            raise UsageError(
                "Posteriors are sampled of counted choices, and these are exact probabilities: leave `sampled` out, or "
                "give demonstrations or observations with counts."
            )
        fit = fit_choices(choices.levels, choices.weights, space)
        return found(gaussian(fit.parameter, fit.covariance), explained(fit), fit=fit)
    levels, weighed = spelled_out(choices.levels, space)
    width = len(space.names)
    only = np.arange(len(weighed.names)) < width
    # A wide prior instead of a price: the likelihood of samples is known, and an interval must not lean to 0.
    ridge = WIDE**-2 / choices.weights.sum()
    fit = fit_choices(levels, choices.weights, weighed, sparsity=0.0, ridge=ridge, only=only)
    posterior = gaussian(fit.parameter[:width], fit.laplace[:width, :width])
    if sampled:
        scale = WIDE if prior_scale is None else prior_scale
        posterior = sample_objective(
            choices.levels, choices.weights, space, key=root_key(0), values="soft", scale=scale
        ).posterior
    return found(posterior, explained(fit), fit=fit)


def _hard(choices: ObservedChoices, space: RewardSpace) -> tuple[Posterior, Coherence]:
    found = cone(choices.observations, space)
    answer, rows = found.most_decided(), len(found.constraints)
    if answer is None:
        reason = "no reward makes all of its likeliest actions strictly better than the others"
        width = len(space.names)
        return gaussian(np.zeros(width), np.eye(width)), Coherence(0.0, rows, None, Verdict.FAIL, reason)
    mean, margin = answer
    reason = f"its likeliest actions are optimal for one reward, by a margin of {margin:.2g}"
    posterior = Posterior(mean, lambda random, n: found.samples(n, seed=int(random.integers(2**31))), 0.0, rows, False)
    return posterior, Coherence(margin, rows, None, Verdict.PASS, reason)


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
    space = _space(shown.levels, world) if space is None else space
    visits = shown.visits(discount)
    kept = np.flatnonzero(visits.sum((1, 2)) > 0)
    levels = shown.levels[kept]
    fit = fit_visits(levels, visits[kept], space, horizon=horizon, discount=discount, prior_scale=prior_scale)
    information = entropy_information(
        levels, starts[kept].sum(-1), space, fit.parameter, horizon=horizon, discount=discount
    )
    prior = np.zeros_like(information) if prior_scale is None else np.eye(len(information)) * prior_scale**-2
    reason = "how often places were visited can always be explained; whether one objective does it was not tested"
    values, vectors = np.linalg.eigh(information)
    return BehavioralObjective(
        space,
        ObservedChoices.of_demonstrations(shown),
        "entropy",
        gaussian(fit.parameter, np.linalg.pinv(information + prior, rcond=OPEN, hermitian=True)),
        Coherence(fit.mismatch, 0, None, Verdict.INCONCLUSIVE, reason),
        left_open=vectors[:, values <= OPEN * max(values.max(), 1e-300)].T,
    )
