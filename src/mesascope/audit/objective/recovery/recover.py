"""From behaviour to a behavioral objective, whatever form the behaviour comes in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.audit.objective.recovery.behavioral_objective import Again, BehavioralObjective
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations
from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.data.padding import stacked, with_states
from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.fit.coherence import CANNOT_SEE, Coherence, coherence
from mesascope.audit.objective.recovery.fit.cone import cone
from mesascope.audit.objective.recovery.fit.inversion import invert
from mesascope.audit.objective.recovery.fit.maximum_causal_entropy import Visited, entropy_information, fit_visits
from mesascope.audit.objective.recovery.fit.posterior import Posterior, gaussian
from mesascope.audit.policy import observations as observe
from mesascope.audit.policy import policy_table
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.rounding import above, below, undecided
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace, TabularRewards
from mesascope.objectives.reward_tables import spelled_out
from mesascope.planning.evaluation import visits
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

PLANNERS: tuple[str, ...] = ("soft", "noisy", "hard")

WIDE: float = 10.0
"""Standard deviation, in units of the temperature and of an attribute's largest value, of the prior for samples."""

OPEN: float = 1e-9
"""Information below this share of the largest is none."""

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
    horizon: int | None = None,
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
    - `horizon`: of demonstrations whose episodes all take this many steps: the maximum causal entropy fit to their
      visits, with a posterior by Laplace's method; `discount` may then be 1, and the planner is soft.

    **Raises:** `UnknownNameError` for another planner; `UsageError` if something needed is missing or does not fit, and
    as the chosen method does.
    """
    if planner not in PLANNERS:
        raise UnknownNameError("planner", planner, PLANNERS)
    if horizon is not None:
        if planner != "soft" or temperature != 1.0 or floor is not None:
            raise UsageError(
                "With a horizon the planner is soft, of temperature 1, and takes no floor: leave `planner`, "
                "`temperature` and `floor` out."
            )
        return _of_world(_visited(behaviour, world, space, horizon, discount, prior_scale), world)
    if discount is not None and not 0 <= discount < 1:
        raise UsageError(
            f"Discount {discount} is not in [0, 1): without an end of time values are finite only below 1. "
            "Demonstrations of a known length can have a discount of 1: pass `horizon`."
        )
    watched = _observations(behaviour, levels, world, discount, temperature)
    space = _space(watched[0].level, world) if space is None else space
    return _of_world(_recovered(watched, space, planner, floor, prior_scale), world)


def _of_world(found: BehavioralObjective, world: World | None) -> BehavioralObjective:
    """Returns what was recovered, with the objectives of the world by name."""
    return found if world is None else replace(found, objectives=compile_objectives(world))


def _recovered(
    watched: tuple[Observation, ...], space: RewardSpace, planner: str, floor: float | None, prior_scale: float | None
) -> BehavioralObjective:
    def again(others: Sequence[Observation]) -> BehavioralObjective:
        return _recovered(tuple(others), space, planner, floor, prior_scale)

    if planner == "soft":
        inversion = invert(watched, space, floor=floor, prior_scale=prior_scale)
        return BehavioralObjective(space, watched, planner, inversion.posterior, coherence(inversion), again)
    if planner == "hard":
        return _hard(watched, space, again)
    return _noisy(watched, space, again)


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
    found = tuple(behaviour) if isinstance(behaviour, Iterable) else (behaviour,)
    if not all(isinstance(one, Observation) for one in found):
        raise UsageError(
            f"A {type(behaviour).__name__} is no behaviour; give an agent, policy tables [N, S, A] of levels, "
            "Demonstrations, or a sequence of Observations."
        )
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


def _noisy(watched: tuple[Observation, ...], space: RewardSpace, again: Again) -> BehavioralObjective:
    """Fits choices: of a network by how often it makes them, with a price on weights; of samples by likelihood."""
    levels = stacked([_with_own_discount(one) for one in watched])
    tables = np.stack([with_states(one.policy, levels.states, axis=0, fill=1 / levels.actions) for one in watched])
    counts = [one.counts for one in watched]
    if all(one is None for one in counts):
        if not isinstance(space, AttributeRewards):
            raise UsageError('planner="noisy" weighs attributes; a table of rewards would explain any noise as well.')
        weight = np.minimum(visits(levels, tables), 1.0) * np.asarray(levels.reachable & ~levels.terminal)
        fit = fit_choices(levels, weight[..., None] * tables, space)
        return BehavioralObjective(space, watched, "noisy", posterior_of(fit), explained(fit), again)
    weights = np.stack(
        [
            table
            * (np.zeros(levels.states) if one is None else with_states(one, levels.states, axis=0, fill=0))[:, None]
            for table, one in zip(tables, counts, strict=True)
        ]
    )
    spelled, weighed = spelled_out(levels, space)
    width = len(space.names)
    only = np.arange(len(weighed.names)) < width
    # A wide prior instead of a price: the likelihood of samples is known, and an interval must not lean to 0.
    fit = fit_choices(spelled, weights, weighed, sparsity=0.0, ridge=WIDE**-2 / weights.sum(), only=only)
    posterior = gaussian(fit.parameter[:width], fit.laplace[:width, :width])
    return BehavioralObjective(space, watched, "noisy", posterior, explained(fit), again)


def posterior_of(fit: ChoiceFit) -> Posterior:
    """Returns the Gaussian posterior of a fit to choices, robust over levels."""
    return gaussian(fit.parameter, fit.covariance)


def _with_own_discount(one: Observation) -> Level:
    return one.level if one.discount is None else replace(one.level, discount=np.asarray(one.discount))


def explained(fit: ChoiceFit) -> Coherence:
    """Returns whether a fit to choices speaks for one objective: by the share of their structure that it explains."""
    share = fit.explained
    freedom = max(0, int(fit.decisions) - int(fit.varies.sum()))
    if not np.isfinite(share):
        return Coherence(0.0, freedom, None, Verdict.INCONCLUSIVE, "the agent chooses at random: nothing to explain")
    text = f"weights of attributes explain {share:.0%} of the structure of its choices"
    if above(share, MUCH):
        return Coherence(share, freedom, None, Verdict.PASS, f"{text}. {CANNOT_SEE}")
    if below(share, LITTLE):
        return Coherence(
            share, freedom, None, Verdict.FAIL, f"{text}: it pursues nothing that is listed, or plans otherwise"
        )
    reason = undecided(f"{text}: too little to speak of one objective", (share, MUCH), (share, LITTLE))
    return Coherence(share, freedom, None, Verdict.INCONCLUSIVE, reason)


def _hard(watched: tuple[Observation, ...], space: RewardSpace, again: Again) -> BehavioralObjective:
    found = cone(watched, space)
    answer = found.most_decided()
    if answer is None:
        reason = "no reward makes all of its likeliest actions strictly better than the others"
        verdict = Coherence(0.0, len(found.constraints), None, Verdict.FAIL, reason)
        posterior = gaussian(np.zeros(len(space.names)), np.eye(len(space.names)))
        return BehavioralObjective(space, watched, "hard", posterior, verdict, again)
    mean, margin = answer
    reason = f"its likeliest actions are optimal for one reward, by a margin of {margin:.2g}"
    posterior = Posterior(
        mean, lambda random, n: found.samples(n, seed=int(random.integers(2**31))), 0.0, len(found.constraints), False
    )
    verdict = Coherence(margin, len(found.constraints), None, Verdict.PASS, reason)
    return BehavioralObjective(space, watched, "hard", posterior, verdict, again)


def _visited(behaviour, world, space, horizon, discount, prior_scale) -> BehavioralObjective:
    """Fits visits of a finite horizon (Ziebart 2010, §6.2), with Laplace's posterior."""
    if not isinstance(behaviour, Demonstrations):
        raise UsageError("A horizon belongs to demonstrations; choices of an agent are explained without one.")
    cut = [
        (index, len(episode.actions))
        for index, episode in enumerate(behaviour.episodes)
        if len(episode.actions) > horizon or (episode.truncated and len(episode.actions) < horizon)
    ]
    if cut:
        raise UsageError(
            f"Episode {cut[0][0]} was cut off after {cut[0][1]} steps, and not at the horizon of {horizon}: what it "
            "would have visited is unknown."
        )
    discount = 1.0 if discount is None else discount
    space = _space(behaviour.levels, world) if space is None else space
    seen, counted = behaviour.visits(discount), behaviour.counts()
    visited, watched, weights = [], [], []
    for index in range(behaviour.levels.count):
        starts = [episode.states[0] for episode in behaviour.episodes if episode.level == index]
        if not starts or not seen[index].sum() > 0:
            continue
        initial = np.bincount(starts, minlength=behaviour.levels.states) / len(starts)
        level = replace(behaviour.levels[index], initial=initial, discount=np.asarray(behaviour.levels.discount[index]))
        visited.append(Visited(level, seen[index]))
        weights.append(len(starts))
        totals = counted[index].sum(-1)
        policy = np.divide(
            counted[index],
            totals[:, None],
            out=np.full_like(counted[index], 1 / behaviour.levels.actions),
            where=totals[:, None] > 0,
        )
        watched.append(Observation(level, policy, totals, name=f"level {index}"))
    fit = fit_visits(visited, space, horizon=horizon, discount=discount, prior_scale=prior_scale)
    # `entropy_information` is the mean over levels of what one episode says.
    information = np.zeros((len(fit.parameter), len(fit.parameter)))
    for one, count in zip(visited, weights, strict=True):
        information += count * entropy_information([one], space, fit.parameter, horizon=horizon, discount=discount)
    prior = np.zeros_like(information) if prior_scale is None else np.eye(len(information)) * prior_scale**-2
    posterior = gaussian(fit.parameter, np.linalg.pinv(information + prior, rcond=OPEN, hermitian=True))
    reason = "how often places were visited can always be explained; whether one objective does it was not tested"
    speaks = Coherence(fit.mismatch, 0, None, Verdict.INCONCLUSIVE, reason)
    values, vectors = np.linalg.eigh(information)
    left_open = vectors[:, values <= OPEN * max(values.max(), 1e-300)].T
    return BehavioralObjective(space, tuple(watched), "entropy", posterior, speaks, None, left_open)
