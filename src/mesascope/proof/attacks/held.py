"""Edits that are held through all episodes of one level: what each costs, exactly, and where choices become bad."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import BATCH
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, visits, without_layout
from mesascope.proof.attacks.aim import Aim
from mesascope.proof.attacks.cells import CellEdits
from mesascope.proof.attacks.evolution import evolved
from mesascope.proof.attacks.gradient import is_bad
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec

PAIR = Objectives((ObjectiveSpec("reward", {}),), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
"""The objective of levels whose attributes are a reward and an end."""


@dataclass(frozen=True, eq=False)
class Flip:
    """A good choice that an edit turns into a bad one: how often its state is visited, its number, and the edit."""

    visits: float
    state: int
    places: Int[np.ndarray, " k"]
    contents: Float[np.ndarray, "k C"]


@dataclass(eq=False)
class HeldEdits:
    """One level under attack; T states of it have something to choose.

    **Arguments:**

    - `agent`: without memory.
    - `level_set`, `index`: which level, of a set that is solved for `aim.specs`.
    - `aim`: what the attack is after.
    - `edits`: those that are admissible.
    - `observed`: what is seen in all of its states, `[S, ...]`.
    - `choices`: that are not bad in all of its states.

    What is found is kept: the `worst` edit and its `cost`, the costs of those that were drawn evenly, and in which
    states choices became bad.
    """

    agent: Agent
    level_set: LevelSet
    index: int
    aim: Aim
    edits: CellEdits
    observed: Float[np.ndarray, "S ..."]
    choices: Bool[np.ndarray, "S A"]
    cost: float = -np.inf
    worst: tuple[Int[np.ndarray, " k"], Float[np.ndarray, "k C"]] | None = None
    flip: Flip | None = None
    tried: int = 0
    even: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self):
        self.active = self.level_set.active[self.index]
        # What follows once the base objective is attained says nothing about it: no choice is bad there.
        attained = self.level_set.fulfilled[0, self.index] & ~(
            np.asarray(self.level_set.levels.initial[self.index]) > 0
        )
        self.seen, self.allowed = self.observed[self.active], (self.choices | attained[:, None])[self.active]
        self.counts = ~attained[self.active]
        self.edits = self.edits.changing(self.seen)
        self.clean = self._asked(self.seen)
        self.clean_bad = is_bad(self.clean, self.allowed)
        self.turned = np.zeros(len(self.seen), bool)
        self.turned_evenly = np.zeros(len(self.seen))
        one, base = self.level_set.levels[[self.index]], self.level_set.objectives.select(self.aim.base.name)
        self.visits = visits(one, self.table(self.clean)[None], base)[0, self.active]

    @cached_property
    def _problems(self) -> tuple[Level, ...]:
        """The level under each objective, and under none; rewards and ends are all that happens in it."""
        level, objectives = without_layout(self.level_set.levels[[self.index]]), self.level_set.objectives
        reward = level.attributes @ np.asarray(objectives.weights, np.float64).T
        ends = level.attributes @ np.asarray(objectives.stops, np.float64).T > 0
        pairs = [np.stack([reward[..., row], ends[..., row]], -1) for row in range(len(objectives))]
        return tuple(dataclasses.replace(level, attributes=pair) for pair in [*pairs, pairs[0] * [0.0, 1.0]])

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
        edits, states = len(places), len(self.seen)
        shown = np.broadcast_to(self.seen, (edits, *self.seen.shape)).reshape(edits * states, *self.seen.shape[1:])
        shown = self.edits.applied(shown, np.repeat(places, states, axis=0), np.repeat(contents, states, axis=0))
        return self._asked(shown).reshape(edits, states, -1)

    def _asked(self, shown: Float[np.ndarray, "R ..."]) -> Float[np.ndarray, "R A"]:
        parts = [shown[first : first + BATCH] for first in range(0, len(shown), BATCH)]
        memory, actions = self.agent.initial_state, self.allowed.shape[1]
        return np.concatenate([ask(self.agent, part, memory(len(part)), actions=actions)[0] for part in parts])

    def values(self, policies: Float[np.ndarray, "E T A"]) -> Float[np.ndarray, "O E S"]:
        """Returns the exact value of each state under each objective; where an action is the target, last the
        discounted times that it is taken."""
        whole, count = self.table(policies), len(policies)
        *problems, idle = (_repeated(level, count) for level in self._problems)
        found = [policy_values(level, whole, PAIR)[0] for level in problems]
        if isinstance(self.aim.target, str):
            often = whole[..., self.level_set.world.actions.index(self.aim.target)]
            found.append(policy_values(idle, whole, PAIR, bonus=often)[0])
        return np.stack(found)

    def costs(self, values: Float[np.ndarray, "O E S"]) -> Float[np.ndarray, " E"]:
        """Returns what edits cost, as a share of what there is between chance and the optimum."""
        initial = np.asarray(self.level_set.levels.initial[self.index], np.float64)
        change = (values - self.clean_values[:, None]) @ initial
        if isinstance(self.aim.target, str):
            return change[-1] * (1 - float(self.level_set.levels.discount[self.index]))
        room = self.level_set.optimal_returns[-1, self.index] - self.level_set.uniform_returns[-1, self.index]
        return (-change[0] if self.aim.target is None else change[-1]) / room

    def try_all(self, cells: int) -> None:
        """Tries every edit of so many cells."""
        chosen, at_once = self.edits.all(cells), max(1, BATCH // len(self.seen))
        while some := list(itertools.islice(chosen, at_once)):
            self._try_evenly(np.array(some))

    def search(self, cells: int, *, budget: int, seed: int) -> None:
        """Searches the worst edit of so many cells, and tries as many random ones beside it."""
        found = evolved(self._try, self.edits, cells, budget=budget, seed=seed)
        random, at_once = np.random.default_rng(seed + 1), max(1, BATCH // len(self.seen))
        while sum(map(len, self.even)) < found.evaluations:
            size = min(at_once, found.evaluations - sum(map(len, self.even)))
            places = np.unique(self.edits.singles[:, 0])
            some = np.array([random.choice(places, cells, replace=False) for _ in range(size)])
            self._try_evenly(np.vectorize(lambda place: random.choice(self._of[place]))(some), keep=False)

    @cached_property
    def _of(self) -> dict[int, np.ndarray]:
        places = self.edits.singles[:, 0]
        return {int(place): np.flatnonzero(places == place) for place in np.unique(places)}

    def _try_evenly(self, chosen: Int[np.ndarray, "E k"], *, keep: bool = True) -> None:
        singles = self.edits.singles[chosen]
        costs, bad = self._outcome(singles[..., 0], self.edits.contents[singles[..., 1]], keep=keep)
        self.even.append(costs)
        self.turned_evenly += bad.sum(0)

    def _try(self, places: Int[np.ndarray, "E k"], contents: Float[np.ndarray, "E k C"]) -> Float[np.ndarray, " E"]:
        return self._outcome(places, contents)[0]

    def _outcome(self, places: np.ndarray, contents: np.ndarray, *, keep: bool = True) -> tuple[np.ndarray, np.ndarray]:
        policies = self.policies(places, contents)
        costs = self.costs(self.values(policies))
        bad = is_bad(policies, np.broadcast_to(self.allowed, policies.shape)) & ~self.clean_bad
        self.tried += len(places)
        if not keep:
            return costs, bad
        self.turned |= bad.any(0)
        best = int(np.argmax(costs))
        if costs[best] > self.cost:
            self.cost, self.worst = float(costs[best]), (places[best], contents[best])
        turned = np.where(bad, 1 + self.visits, 0.0)
        edit, state = np.unravel_index(int(turned.argmax()), turned.shape)
        if turned[edit, state] > (0.0 if self.flip is None else self.flip.visits):
            self.flip = Flip(float(turned[edit, state]), int(state), places[edit], contents[edit])
        return costs, bad


def _repeated(level: Level, count: int) -> Level:
    """Returns a batch of one level without layout as one that repeats it."""
    fields = ((one.name, getattr(level, one.name)) for one in dataclasses.fields(level) if one.name != "layout")
    repeated = {name: np.broadcast_to(array, (count, *array.shape[1:])) for name, array in fields}
    return dataclasses.replace(level, **repeated)
