"""A sample of states with the activations that they cause, shared by all assays that read or write activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.agents.activations import Captured, Inspectable
from mesascope.agents.agent import Agent, Untrained
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.policy import observations
from mesascope.audit.search.distances import FAR, all_distances, is_reached, steps_in
from mesascope.audit.search.opened_step import (
    NotInspectableError,
    after_patches,
    check_repeats,
    sites_of,
    step_of,
)
from mesascope.audit.search.probes import Probe, Split, fit_probe, split_by_level
from mesascope.core.errors import AgentError
from mesascope.core.foreign_class import asked_of_others
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.core.rounding import DIGITS
from mesascope.core.text import quoted
from mesascope.planning.value_iteration import optimal_actions

LEVELS: int = 256
FEWEST_LEVELS: int = 40
STATES: int = 3
"""States of each level."""

WIDEST: int = 8192
"""Activations of one site; wider ones are left out and named."""

MOST_READ: int = 12
"""Sites that are read, spread evenly over all that there are."""

MOST_WRITTEN: int = 6
"""Sites that are written to, spread evenly over those: each one is compiled anew."""

SAME: float = 1e-6


@dataclass(frozen=True)
class ActivationSample:
    """A sample of M states of different levels, and everything that was active in them.

    **Arguments:**

    - `agent`: who was asked.
    - `evaluation`: where.
    - `objective`: index of the objective that it pursues.
    - `level`, `state`: of each row.
    - `seen`: observations, `[M, ...]`.
    - `captured`: of one step from an empty memory.
    - `split`: rows to fit, choose and judge probes on; each level is in one only.
    - `left_out`: sites that were too wide.
    """

    agent: Inspectable
    evaluation: Evaluation
    objective: int
    level: Int[np.ndarray, " M"]
    state: Int[np.ndarray, " M"]
    seen: np.ndarray
    captured: Captured
    split: Split
    left_out: tuple[str, ...]
    key: RandomKey

    @property
    def all_sites(self) -> tuple[str, ...]:
        """The sites that can be read, in the order in which they fire."""
        shown = self.captured.activations.keys() - set(self.left_out)
        return tuple(site for site in sites_of(self.agent) if site in shown)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that are read, in the order in which they fire: at most `MOST_READ`, spread evenly."""
        return spread_evenly(self.all_sites, MOST_READ)

    @property
    def few_sites(self) -> tuple[str, ...]:
        """The sites that are written to."""
        return spread_evenly(self.sites, MOST_WRITTEN)

    def features(self, site: str) -> Float[np.ndarray, "M D"]:
        """Returns the activations of a site as rows."""
        return self.captured.activations[site].reshape(len(self.seen), -1)

    def act(self, rows: Bool[np.ndarray, " M"], patches: Mapping[str, np.ndarray]) -> Float[np.ndarray, "R A"]:
        """Returns the action probabilities of some rows with activations replaced."""
        return self.step(self.seen[rows], patches).probabilities

    def step(self, seen: Float[np.ndarray, "B ..."], patches: Mapping[str, np.ndarray] | None = None) -> Captured:
        """Returns one step of the agent on any observations, with activations replaced.

        **Arguments:**

        - `seen`: observations.
        - `patches`: activations by site.

        **Raises:** `AgentError` as `step_of` does, and if activations are shaped otherwise than in the sample.
        """
        agent = self.agent
        assert isinstance(agent, Agent)
        found = step_of(agent, seen, patches)
        for site, usual in self.captured.activations.items():
            shape = None if site not in found.activations else np.shape(found.activations[site])[1:]
            if shape != usual.shape[1:]:
                now = "nothing" if shape is None else f"activations of shape {list(shape)}"
                raise AgentError(
                    f"Site '{site}' of agent '{agent.name}' gave {now} for an observation, after activations of shape "
                    f"{list(usual.shape[1:])} for others: a site must have one shape."
                )
        if found.probabilities.shape[1:] != self.captured.probabilities.shape[1:]:
            raise AgentError(
                f"Agent '{agent.name}' gave probabilities of shape {list(found.probabilities.shape)}"
                f"{after_patches(patches)}; there are {self.captured.probabilities.shape[1]} actions."
            )
        return found

    @cached_property
    def distances(self) -> Int[np.ndarray, "N S S"]:
        """Steps from each state to each state of the sampled levels; a large number where there is no way."""
        return all_distances(self.evaluation.level_set.levels, np.unique(self.level))

    @cached_property
    def place(self) -> Int[np.ndarray, " M"]:
        """Where the level of each row stands among those of `distances`."""
        return np.searchsorted(np.unique(self.level), self.level)

    @cached_property
    def away(self) -> Int[np.ndarray, "M S"]:
        """Steps from where each row is to every state of its level."""
        return self.distances[self.place, self.state]

    def towards(self, rows: np.ndarray, targets: np.ndarray) -> Bool[np.ndarray, "R A"]:
        """Returns which actions lead to target states by a shortest way, for some rows given by number."""
        levels = self.evaluation.level_set.levels
        following = np.asarray(levels.successors)[self.level[rows], self.state[rows]][..., 0]
        left = self.distances[self.place[rows, None], following, targets[:, None]]
        return (left == left.min(-1, keepdims=True)) & (left.min(-1, keepdims=True) < FAR)

    @cached_property
    def values(self) -> Float[np.ndarray, "M S"]:
        """Optimal value of every state of the row's level, under the objective."""
        return self.evaluation.level_set.optimal_action_values[self.objective].max(-1)[self.level]

    @cached_property
    def mean_values(self) -> Float[np.ndarray, " S"]:
        """Mean value of every state where somebody can be there, in the levels that probes are fitted on."""
        active = self.active[self.split.fit]
        return np.where(active, self.values[self.split.fit], 0.0).sum(0) / np.maximum(active.sum(0), 1)

    @cached_property
    def goals(self) -> Int[np.ndarray, " M"]:
        """The state in which the objective is fulfilled, the first of them; -1 where there is none."""
        fulfilled = self.evaluation.level_set.fulfilled[self.objective][self.level]
        return np.where(fulfilled.any(-1), fulfilled.argmax(-1), -1)

    @cached_property
    def active(self) -> Bool[np.ndarray, "M S"]:
        """States of the row's level in which somebody can be and choose."""
        return self.evaluation.level_set.active[self.level]

    @cached_property
    def branches(self) -> Bool[np.ndarray, "M S"]:
        """States that are neither here nor on a shortest way to the goal: what lies on branches not chosen."""
        whole = self.distances[self.place, self.state, self.goals]
        back = np.take_along_axis(self.distances[self.place], self.goals[:, None, None], axis=2)[..., 0]
        on_the_way = self.away + back == whole[:, None]
        return self.active & ~on_the_way & (back < FAR) & (self.goals >= 0)[:, None]

    @cached_property
    def value_probes(self) -> dict[str, Probe]:
        """For each site the probe that reads the value of all states, scored on branches that are not chosen."""
        return {
            site: fit_probe(self.features(site), self.values, self.active, self.branches, self.split)
            for site in self.sites
        }

    @cached_property
    def observation_probe(self) -> Probe:
        """The same probe of the raw observation."""
        return fit_probe(self.seen.reshape(len(self.seen), -1), self.values, self.active, self.branches, self.split)

    @cached_property
    def shuffled_probe(self) -> Probe:
        """The probe of the best site for targets of other rows: what a probe of this size finds in nothing."""
        order = np.random.default_rng(seed_of(stream("shuffled", key=self.key))).permutation(len(self.level))
        return fit_probe(
            self.features(self.best_site), self.values[order], self.active[order], self.branches[order], self.split
        )

    @cached_property
    def best_site(self) -> str:
        """The site whose probe does best in the levels that probes are chosen by."""
        return max(self.sites, key=lambda site: round(self.value_probes[site].chosen, DIGITS))

    @cached_property
    def untrained_probe(self) -> Probe | None:
        """The best probe of an untrained network; `None` if there is none, or if it acts as the agent does.

        Where training changed nothing the search is in the architecture, and there is nothing to compare with.
        """
        if not isinstance(self.agent, Untrained):
            return None
        doing = "when it was asked for a network like it before training"
        with asked_of_others(f"Agent {quoted(self.agent.name)}", doing, error=AgentError):
            fresh = self.agent.untrained(key=stream("untrained", key=self.key))
        if not isinstance(fresh, Inspectable) or not isinstance(fresh, Agent):
            return None
        found = step_of(fresh, self.seen)
        if not set(self.sites) <= set(found.activations):
            # Of another architecture, then, and nothing to compare with.
            return None
        if np.abs(found.probabilities - self.captured.probabilities).max() < SAME:
            return None
        probes = [
            fit_probe(
                found.activations[site].reshape(len(self.seen), -1), self.values, self.active, self.branches, self.split
            )
            for site in self.sites
        ]
        return max(probes, key=lambda probe: round(probe.chosen, DIGITS))


def spread_evenly(sites: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Returns at most so many sites, spread evenly, the first and the last among them."""
    places = np.linspace(0, len(sites) - 1, min(most, len(sites)))
    return tuple(dict.fromkeys(sites[round(float(place))] for place in places))


def sample_activations(agent: Agent, evaluation: Evaluation, objective: int, *, key: RandomKey) -> ActivationSample:
    """Returns a sample of states with the activations that they cause.

    **Arguments:**

    - `agent`: who is asked.
    - `evaluation`: the agent in a batch of levels, best those after the shift.
    - `objective`: index of the objective that it pursues: one that is reached.
    - `key`: consumed.

    **Raises:** `NotInspectableError` saying what is missing; `AgentError` naming the site if the agent fails.
    """
    level_set = evaluation.level_set
    assert isinstance(agent, Inspectable), "an assay that asks for activations requires them"
    spec = level_set.objectives.specs[objective]
    if not is_reached(spec):
        raise NotInspectableError(
            f"'{spec.name}' is never reached, so that no branch leads to it; name an objective that is "
            "(`mesascope list objectives`)"
        )
    random = np.random.default_rng(seed_of(stream("sample", key=key)))
    steps = steps_in(evaluation, objective)
    value = level_set.optimal_action_values[objective]
    # Where every action is as good as every other there is nothing to search for.
    usable = level_set.active & np.isfinite(steps) & ~level_set.fulfilled[objective] & ~optimal_actions(value).all(-1)
    count = min(LEVELS, level_set.levels.count)
    level, state = [], []
    for one in range(count):
        states = np.flatnonzero(usable[one])
        for chosen in random.permutation(states)[:STATES]:
            level.append(one)
            state.append(chosen)
    rows, places = np.array(level, int), np.array(state, int)
    if len(np.unique(rows)) < FEWEST_LEVELS:
        raise NotInspectableError(
            f"only {len(np.unique(rows))} of {count} levels hold a choice, and {FEWEST_LEVELS} are needed to fit "
            "probes: ask for more levels, if the world has more (for `gym:` worlds `--world-option levels=N`)"
        )
    seen = observations(level_set.world, level_set.levels[:count])[rows, places]
    if not sites_of(agent):
        raise NotInspectableError(f"agent '{agent.name}' names no sites")
    captured = step_of(agent, seen)
    # Which sites fire, some agents know only after a step.
    silent = [site for site in sites_of(agent) if site not in captured.activations]
    if silent or not captured.activations:
        raise AgentError(
            f"Site '{(silent or sites_of(agent))[0]}' of agent '{agent.name}' is named, and showed no activations; it "
            f"showed {', '.join(captured.activations) or 'none at all'}."
        )
    check_repeats(agent, seen, captured)
    wide = tuple(site for site, found in captured.activations.items() if found[0].size > WIDEST)
    if len(wide) == len(captured.activations):
        raise NotInspectableError(f"every site of agent '{agent.name}' is wider than {WIDEST}")
    split = split_by_level(rows, random)
    return ActivationSample(
        agent, evaluation, objective, rows, places, seen, captured, split, wide, stream("inside", key=key)
    )
