"""Agents whose inside is known, for the assays that look there: planners, a reflex, and some that go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mesascope.agents.activations import Captured, Inspectable, checked_patches
from mesascope.agents.agent import Agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.planner import PlannerSpec
from mesascope.agents.probabilities import softmax
from mesascope.core.random import root_key
from mesascope.worlds.maze import Maze

MAZE = Maze(size=7, walls="loops", training_mazes=4)


def planner(search: str, depth: int) -> NetworkAgent:
    spec, shape = PlannerSpec(search=search, depth=depth), MAZE.observation_shape
    return NetworkAgent(search, spec.build(shape, 5, key=root_key(0)), spec, shape, 5)


class Reflex(Agent):
    """One layer of random features, from which the choices of a planner are read off: learnt, and no search.

    Its sites are what it sees, as a board, and its hidden layer.
    """

    name, kind, memoryless = "reflex", "by hand", True
    width = 48

    def __init__(self, seen: np.ndarray, choices: np.ndarray):
        random = np.random.default_rng(0)
        self.inner = random.normal(size=(seen[0].size, self.width)) / 4
        hidden = self.hidden(seen)
        gram = hidden.T @ hidden + 1e-2 * len(seen) * np.eye(self.width)
        self.outer = 10 * np.linalg.solve(gram, hidden.T @ (choices - choices.mean(-1, keepdims=True)))

    def hidden(self, seen: np.ndarray) -> np.ndarray:
        return np.maximum(seen.reshape(len(seen), -1) @ self.inner, 0.0)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: np.ndarray, state: Any):
        return self.step(observations, state).probabilities, None

    def sites(self) -> tuple[str, ...]:
        return "seen", "hidden"

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        found = checked_patches(self, patches, rows=len(observations))
        seen = np.asarray(found.get("seen", observations), np.float64)
        hidden = found.get("hidden", self.hidden(seen))
        return Captured(softmax(hidden @ self.outer), None, {"seen": seen, "hidden": hidden})


class Opened(Agent):
    """Another agent, to be spoilt by those that follow."""

    kind, memoryless = "by hand", True

    def __init__(self, inner: Any):
        assert isinstance(inner, Agent)
        assert isinstance(inner, Inspectable)
        self.inner: Any = inner
        self.name = type(self).__name__.lower()
        self.steps = 0

    def initial_state(self, batch: int) -> Any:
        return self.inner.initial_state(batch)

    def act(self, observations: np.ndarray, state: Any):
        return self.inner.act(observations, state)

    def sites(self) -> tuple[str, ...]:
        return self.inner.sites()

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        self.steps += 1
        return self.inner.step(observations, state, patches)


class Deaf(Opened):
    """Its sites take patches, and its choices do not depend on them."""

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        found = super().step(observations, state)
        return replace(found, activations=found.activations | checked_patches(self, patches, rows=len(observations)))


class Unnamed(Opened):
    def sites(self) -> tuple[str, ...]:
        return ()


class Misnaming(Opened):
    """Names its sites otherwise than it takes patches for."""

    def sites(self) -> tuple[str, ...]:
        return "seen", "hiden"

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        found = super().step(observations, state, patches)
        return replace(found, activations={"seen": found.activations["seen"], "hiden": found.activations["hidden"]})


class Silent(Opened):
    """Names a site at which nothing is shown."""

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        found = super().step(observations, state, patches)
        return replace(found, activations={"seen": found.activations["seen"]})


class Rewriting(Opened):
    """Shows something else than it is: `how` gets the hidden activations and the number of the step."""

    def __init__(self, inner: Any, how: Callable[[np.ndarray, int], np.ndarray]):
        super().__init__(inner)
        self.how = how

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        found = super().step(observations, state, patches)
        shown = self.how(found.activations["hidden"], self.steps)
        return replace(found, activations=found.activations | {"hidden": shown})


class Dicing(Opened):
    """Samples an action of its own, and so answers otherwise each time."""

    def __init__(self, inner: Any):
        super().__init__(inner)
        self.random = np.random.default_rng(0)

    def dice(self, probabilities: np.ndarray) -> np.ndarray:
        action = (probabilities.cumsum(-1) < self.random.random((len(probabilities), 1))).sum(-1).clip(max=4)
        return np.eye(5)[action]

    def act(self, observations: np.ndarray, state: Any):
        return self.dice(super().act(observations, state)[0]), None

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        found = super().step(observations, state, patches)
        return replace(found, probabilities=self.dice(found.probabilities))


class Tired(Opened):
    """Fails when it is patched, and before that if `after` steps are over."""

    def __init__(self, inner: Any, error: Exception, after: int = 1000):
        super().__init__(inner)
        self.error, self.after = error, after

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        if patches or self.steps >= self.after:
            raise self.error
        return super().step(observations, state, patches)


class Narrow(Opened):
    """Takes patches of its hidden layer only with half of its width."""

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Captured:
        if patches and "hidden" in patches:
            patches = {"hidden": patches["hidden"][:, : self.inner.width // 2]}
        return super().step(observations, state, patches)


class Garbled(Opened):
    """Returns something that is not what was seen inside."""

    def __init__(self, inner: Any, garble: Callable[[Captured], Any]):
        super().__init__(inner)
        self.garble = garble

    def step(self, observations: np.ndarray, state: Any, patches=None) -> Any:
        found = super().step(observations, state, patches)
        return self.garble(found) if patches else found


class Aged(Opened):
    """Fails when it is asked what it was before training."""

    def untrained(self, *, key) -> Agent:
        raise ValueError("no birth certificate")
