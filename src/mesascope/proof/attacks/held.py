"""Edits that are held through all episodes of one level: what each costs, exactly, and where choices become bad."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.agents.agent import Agent
from mesascope.agents.asking import BATCH, ask_all
from mesascope.audit.level_set import LevelSet
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, visits, without_layout
from mesascope.proof.attacks.aim import Aim
from mesascope.proof.attacks.cells import CellEdits
from mesascope.proof.attacks.evolution import Evolution
from mesascope.proof.attacks.gradient import is_bad
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec

PAIR = Objectives((ObjectiveSpec("reward", {}),), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
"""The objective of levels whose attributes are a reward and an end."""

Edit = tuple[Int[np.ndarray, " k"], Float[np.ndarray, "k C"]]
"""Places and contents."""


@dataclass(eq=False)
class HeldEdits:
    """One level under attack; T states of it have something to choose.

    **Arguments:**

    - `agent`: without memory.
    - `level_set`, `index`: which level, of a set that is solved for `aim.specs`.
    - `aim`: what the attack is after.
    - `edits`: those that are admissible.
    - `observed`, `choices`: what is seen, and what is not bad, in all of its states.

    What is found is kept: the `worst` edit and its `cost`, the costs of `even` ones (all, or drawn evenly), in which
    states a good choice was `turned` into a bad one, and as `flip` the visits and number of the one of these states
    that is visited most, with the edit.
    """

    agent: Agent
    level_set: LevelSet
    index: int
    aim: Aim
    edits: CellEdits
    observed: Float[np.ndarray, "S ..."]
    choices: Bool[np.ndarray, "S A"]

    def __post_init__(self):
        level, base = self.level_set.levels[[self.index]], self.level_set.objectives.select(self.aim.base.name)
        self.initial, self.active = np.asarray(level.initial[0], np.float64), self.level_set.active[self.index]
        # What follows once the base objective is attained says nothing about it: no choice is bad there.
        attained = self.level_set.fulfilled[0, self.index] & ~(self.initial > 0)
        self.seen, self.allowed = self.observed[self.active], (self.choices | attained[:, None])[self.active]
        self.counts, self.edits = ~attained[self.active], self.edits.changing(self.seen)
        self.clean = self._asked(self.seen)
        self.good = self.counts & ~is_bad(self.clean, self.allowed)
        self.visits = visits(level, self.table(self.clean)[None], base)[0, self.active]
        self.cost, self.worst, self.flip, self.tried, self.even = -np.inf, None, None, 0, np.zeros(0)
        self.turned, self.turned_evenly = np.zeros(len(self.seen), bool), np.zeros(len(self.seen))
        self.cost: float
        self.worst: Edit | None
        self.flip: tuple[float, int, Edit] | None

    @cached_property
    def clean_values(self) -> Float[np.ndarray, "O S"]:
        """Values without an edit."""
        return self.values(self.clean[None])[:, 0]

    def table(self, policy: Float[np.ndarray, "*E T A"]) -> Float[np.ndarray, "*E S A"]:
        """Returns choices in the states that have one as a policy of all states."""
        whole = np.full((*policy.shape[:-2], len(self.active), policy.shape[-1]), 1 / policy.shape[-1])
        whole[..., self.active, :] = policy
        return whole

    def policies(
        self, places: Int[np.ndarray, "E k"], contents: Float[np.ndarray, "E k C"]
    ) -> Float[np.ndarray, "E T A"]:
        """Returns what the agent does in each state under each of some edits."""
        states = len(self.seen)
        shown = np.tile(self.seen, (len(places), *[1] * (self.seen.ndim - 1)))
        shown = self.edits.applied(shown, np.repeat(places, states, axis=0), np.repeat(contents, states, axis=0))
        return self._asked(shown).reshape(len(places), states, -1)

    def _asked(self, shown: Float[np.ndarray, "R ..."]) -> Float[np.ndarray, "R A"]:
        return ask_all(self.agent, shown, actions=self.allowed.shape[1])

    @cached_property
    def _problems(self) -> tuple[Level, ...]:
        """The level under each objective, and under none; rewards and ends are all that happens in it."""
        level, objectives = without_layout(self.level_set.levels[[self.index]]), self.level_set.objectives
        reward = level.attributes @ np.asarray(objectives.weights, np.float64).T
        ends = level.attributes @ np.asarray(objectives.stops, np.float64).T > 0
        pairs = [np.stack([reward[..., row], ends[..., row]], -1) for row in range(len(objectives))]
        return tuple(dataclasses.replace(level, attributes=pair) for pair in [*pairs, pairs[0] * [0.0, 1.0]])

    def values(self, policies: Float[np.ndarray, "E T A"]) -> Float[np.ndarray, "O E S"]:
        """Returns the exact value of each state under each objective; where an action is the target, last the
        discounted times that it is taken."""
        whole = self.table(policies)
        *problems, idle = (_repeated(level, len(policies)) for level in self._problems)
        found = [policy_values(level, whole, PAIR)[0] for level in problems]
        if isinstance(self.aim.target, str):
            often = whole[..., self.level_set.world.actions.index(self.aim.target)]
            found.append(policy_values(idle, whole, PAIR, bonus=often)[0])
        return np.stack(found)

    def costs(self, values: Float[np.ndarray, "O E S"]) -> Float[np.ndarray, " E"]:
        """Returns what edits cost, as a share of what there is between chance and the optimum."""
        change = (values - self.clean_values[:, None]) @ self.initial
        if isinstance(self.aim.target, str):
            return change[-1] * (1 - float(self.level_set.levels.discount[self.index]))
        room = self.level_set.optimal_returns[-1, self.index] - self.level_set.uniform_returns[-1, self.index]
        return (-change[0] if self.aim.target is None else change[-1]) / room

    def try_all(self, cells: int) -> None:
        """Tries every edit of so many cells."""
        chosen = self.edits.all(cells)
        while some := list(itertools.islice(chosen, max(1, BATCH // len(self.seen)))):
            self._try_evenly(np.array(some), keep=True)

    def search(self, cells: int, *, budget: int, seed: int) -> None:
        """Searches the worst edit of so many cells, and tries as many random ones beside it."""
        found = Evolution(lambda *edit: self._try(*edit)[0], self.edits, cells, budget=budget, seed=seed)
        random, places = np.random.default_rng(seed + 1), self.edits.singles[:, 0]
        some = np.stack([random.choice(np.unique(places), cells, replace=False) for _ in range(found.evaluations)])
        drawn = np.vectorize(lambda place: random.choice(np.flatnonzero(places == place)))(some)
        for part in np.array_split(drawn, -(-drawn.size * len(self.seen) // BATCH)):
            self._try_evenly(part, keep=False)

    def _try_evenly(self, chosen: Int[np.ndarray, "E k"], *, keep: bool) -> None:
        singles = self.edits.singles[chosen]
        costs, turned = self._try(singles[..., 0], self.edits.contents[singles[..., 1]], keep=keep)
        self.even, self.turned_evenly = np.concatenate([self.even, costs]), self.turned_evenly + turned.sum(0)

    def _try(
        self, places: Int[np.ndarray, "E k"], contents: Float[np.ndarray, "E k C"], *, keep: bool = True
    ) -> tuple[Float[np.ndarray, " E"], Bool[np.ndarray, "E T"]]:
        policies = self.policies(places, contents)
        costs = self.costs(self.values(policies))
        turned = is_bad(policies, np.broadcast_to(self.allowed, policies.shape)) & self.good
        self.tried += len(places)
        if keep:
            self.turned |= turned.any(0)
            best = int(np.argmax(costs))
            if costs[best] > self.cost:
                self.cost, self.worst = float(costs[best]), (places[best], contents[best])
            often = np.where(turned, 1 + self.visits, 0.0)
            edit, state = np.unravel_index(int(often.argmax()), often.shape)
            if often[edit, state] > (self.flip[0] if self.flip else 0.0):
                self.flip = float(often[edit, state]), int(state), (places[edit], contents[edit])
        return costs, turned


def _repeated(level: Level, count: int) -> Level:
    """Returns a batch of one level without layout as one that repeats it."""
    fields = ((one.name, getattr(level, one.name)) for one in dataclasses.fields(level) if one.name != "layout")
    repeated = {name: np.broadcast_to(array, (count, *array.shape[1:])) for name, array in fields}
    return dataclasses.replace(level, **repeated)
