"""Screening: which view an agent chooses best under, at the price of one forward pass a view.

In states on the way of a policy that is half optimal and half uniform, it is asked how much better the agent's choices
are than chance, one step at a time: 0 is chance, 1 the best action everywhere. Which order of actions suits it best is
then a problem of assignment, so that no order is tried one by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import BATCH, ask
from mesascope.agents.view import View, parse_view
from mesascope.audit.fit.changes import Changes, Steps, action_step
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import observations
from mesascope.core.errors import AgentError
from mesascope.planning.evaluation import visits
from mesascope.worlds.world import World

STATES: int = 256
"""States that are looked at."""
VIEWS: int = 400
"""Views of one search; with more orders of channels than that the search climbs from the best views by exchanges."""
STARTS: int = 3
"""Views that it climbs from."""
PRICE: float = 0.01
"""What each change costs, in units of the score: of two that fit alike the simpler one is taken."""

Parts = tuple[Steps, Steps, tuple[int, ...] | None, Steps]
"""Scaling, side, order of channels and layout of a view."""


@dataclass(frozen=True)
class Scene:
    """States to be looked at.

    **Arguments:**

    - `seen`: their observations, `[M, ...]`.
    - `gains`: how much better each action is than a random one, `[M, A]`.
    """

    seen: Float[np.ndarray, "M ..."]
    gains: Float[np.ndarray, "M A"]

    def scrambled(self, order: np.ndarray) -> Scene:
        """Returns the same states, with the numbers of every observation in another order."""
        mixed = self.seen.reshape(len(self.seen), -1)[:, order].reshape(self.seen.shape)
        return Scene(mixed, self.gains)


@dataclass(frozen=True)
class Candidate:
    """A view that was screened: its steps, actions included, and the share of what one good choice brings."""

    steps: Steps
    score: float

    @property
    def price(self) -> float:
        return PRICE * len(self.steps)


def scene_of(level_set: LevelSet, *, seed: int) -> Scene:
    """Returns states of a level set, drawn by how often a policy between the best and chance comes there.

    **Arguments:**

    - `level_set`: levels; its base objective says what is good.
    - `seed`: of the draw.
    """
    values = level_set.optimal_action_values[level_set.base]
    best = np.isclose(values, values.max(-1, keepdims=True), rtol=1e-6, atol=1e-12)
    policy = 0.5 * best / best.sum(-1, keepdims=True) + 0.5 / values.shape[-1]
    name = level_set.objectives.names[level_set.base]
    weight = visits(level_set.levels, policy, level_set.objectives.select(name)) * level_set.active
    random = np.random.default_rng(seed)
    drawn = random.choice(weight.size, size=min(STATES, int((weight > 0).sum())), p=(weight / weight.sum()).reshape(-1))
    level, state = np.unravel_index(drawn, weight.shape)
    gains = values[level, state] - values[level, state].mean(-1, keepdims=True)
    return Scene(observations(level_set.world, level_set.levels)[level, state], gains)


class Search:
    """A search for the views under which an agent chooses best.

    **Arguments:**

    - `agent`: without any view.
    - `world`: whose observations are turned and whose actions it chooses.
    - `changes`: what may be changed.
    - `cheap`: whether each kind of change is tried alone rather than all together.
    """

    def __init__(self, agent: Agent, world: World, changes: Changes, *, cheap: bool = False):
        self._agent, self._world, self._changes, self._cheap = agent, world, changes, cheap
        self._views: dict[Steps, View] = {}
        self.views = 0

    def candidates(self, scene: Scene) -> list[Candidate]:
        """Returns what was tried, best first, changes priced.

        **Arguments:**

        - `scene`: where.
        """
        changes, found = self._changes, dict[Steps, Candidate]()

        def best(tried: Sequence[Parts]) -> list[float]:
            scored = self._scored([changes.view(*parts) for parts in tried], scene)
            found.update({one.steps: one for several in scored for one in several})
            return [max((one.score - one.price for one in several), default=-np.inf) for several in scored]

        plain: list[Parts] = [
            (scaling, side, None, layout)
            for layout in changes.layouts
            for scaling in changes.scalings
            for side in changes.sides
            if not self._cheap or not scaling or not side
        ]
        order = np.argsort(-np.array(best(plain)), kind="stable")
        if changes.channels:
            self._orders([plain[index] for index in order], best)
        return sorted(found.values(), key=lambda one: (-(one.score - one.price), len(one.steps)))

    def _orders(self, ranked: list[Parts], best: Callable[[Sequence[Parts]], list[float]]) -> None:
        changes = self._changes
        if self._cheap:
            orders = changes.orders()[1:] if len(changes.channels) <= 4 else changes.swaps(None)
            best([((), (), order, changes.layouts[0]) for order in orders])
            return
        if len(changes.channels) <= 5:
            orders = changes.orders()[1:]
            starts = ranked[: max(STARTS, VIEWS // len(orders))]
            best([(scaling, side, order, layout) for scaling, side, _, layout in starts for order in orders])
            return
        for scaling, side, order, layout in ranked[:STARTS]:
            here = best([(scaling, side, order, layout)])[0]
            while True:
                swaps = changes.swaps(order)
                values = best([(scaling, side, swap, layout) for swap in swaps])
                if max(values) <= here + 1e-9:
                    break
                here, order = max(values), swaps[int(np.argmax(values))]

    def _scored(self, views: list[Steps], scene: Scene) -> list[list[Candidate]]:
        """Returns each view with the actions as they are, and in the order that suits the agent best."""
        self.views += len(views)
        most = float(scene.gains.max(-1).sum())
        found = []
        for steps, chosen in zip(views, self._chosen(views, scene.seen), strict=True):
            found.append([])
            if chosen is None:
                continue
            worth = chosen.T @ scene.gains
            found[-1].append(Candidate(steps, float(np.trace(worth)) / most))
            _, order = scipy.optimize.linear_sum_assignment(-worth)
            if not np.array_equal(order, np.arange(len(order))):
                score = float(worth[np.arange(len(order)), order].sum()) / most
                found[-1].append(Candidate((*steps, action_step(self._world, tuple(order.tolist()))), score))
        return found

    def _chosen(self, views: Sequence[Steps], seen: Float[np.ndarray, "M ..."]) -> list:
        """Returns choices `[M, A]` under each view, `None` where the agent cannot act; views of one shape together."""
        for steps in views:
            if steps not in self._views:
                self._views[steps] = parse_view(steps, self._world)
        found, at_once = [], max(1, BATCH // len(seen))
        for _, alike in itertools.groupby(views, key=lambda steps: self._views[steps].shape):
            alike = list(alike)
            for start in range(0, len(alike), at_once):
                found += self._together(alike[start : start + at_once], seen)
        return found

    def _together(self, views: Sequence[Steps], seen: Float[np.ndarray, "M ..."]) -> list[np.ndarray | None]:
        shown = np.concatenate([self._views[steps].shown(seen) for steps in views])
        try:
            chosen, _ = ask(self._agent, shown, self._agent.initial_state(len(shown)), actions=len(self._world.actions))
        except AgentError:
            # One view that it cannot stand must not speak for the others.
            return [None] if len(views) == 1 else [self._together([steps], seen)[0] for steps in views]
        return list(chosen.reshape(len(views), len(seen), -1))
