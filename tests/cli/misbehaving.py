"""Code of others that misbehaves, by kind and way: what the command line is pointed at in test_code_of_others.py."""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World, reach

ACTIONS = 3


class OwnInterrupt(BaseException):
    pass


def raising():
    raise KeyError("lamp")


def interrupting():
    raise KeyboardInterrupt


def interrupting_in_its_own_way():
    raise OwnInterrupt("enough")


LEAVES = {
    "raises": (raising, "raised KeyError"),
    "exits": (lambda: sys.exit(0), "tried to exit with code 0"),
    "ends the process": (lambda: os._exit(0), "tried to end the process"),
    "interrupts": (interrupting, "raised KeyboardInterrupt"),
    "interrupts in its own way": (interrupting_in_its_own_way, "raised OwnInterrupt"),
}
"""Ways to leave that are no answer, and what is said of each."""


def uniform(batch):
    return np.full((len(batch), ACTIONS), 1 / ACTIONS)


def one_hot(choices):
    return np.eye(ACTIONS)[np.asarray(choices) % ACTIONS]


calls = itertools.count()

ANSWERS = {
    "text": (lambda batch: np.full((len(batch), ACTIONS), "0.3"), "an array of <U3"),
    "objects": (lambda batch: np.full((len(batch), ACTIONS), None), "an array of object"),
    "complex numbers": (lambda batch: uniform(batch) + 0j, "an array of complex128"),
    "nothing": (lambda batch: None, "returned a NoneType|returned an array of object|returned NoneType"),
    "another shape": (lambda batch: np.full((len(batch), 7), 1 / 7), "array of shape"),
    "NaN": (lambda batch: uniform(batch) * np.nan, "are NaN"),
    "no sum of one": (lambda batch: uniform(batch) * 0.7, "do not sum to one"),
    "a count of its calls": (lambda batch: one_hot(np.full(len(batch), next(calls))), "keeps something between calls"),
    "random numbers": (lambda batch: np.random.dirichlet(np.ones(ACTIONS), len(batch)), "draws random numbers"),  # noqa: NPY002
    "the place in the batch": (lambda batch: one_hot(np.arange(len(batch))), "by place in the batch"),
    "the size of the batch": (lambda batch: one_hot(np.full(len(batch), len(batch))), "by the size of the batch"),
}
"""Answers that are no policy, and what is said of each."""

FINE = {
    "prints": lambda batch: print("noise") or uniform(batch),
    "writes into what it is shown": lambda batch: uniform(batch) if batch.fill(0) is None else None,
    "half precision": lambda batch: uniform(batch).astype(np.float16),
}
"""What harms nobody."""


def function(way):
    """An agent that is a function."""
    if way in LEAVES:
        return lambda batch: LEAVES[way][0]()
    return FINE[way] if way in FINE else ANSWERS[way][0]


def module(way):
    """An agent that is a torch module."""
    import torch

    class Module(torch.nn.Module):
        def forward(self, batch):
            if way in LEAVES:
                LEAVES[way][0]()
            found = ANSWERS[way][0](batch.numpy())
            if found is None or found.dtype.kind in "OU":
                return found
            return torch.log(torch.from_numpy(found) + 1e-3 if found.dtype.kind == "f" else torch.from_numpy(found))

    return Module()


class WithMemory(Agent):
    """An agent with a memory: what it misdoes is given by way."""

    kind = "recurrent"
    memoryless = False

    def __init__(self, way):
        self.name, self.way = "recurrent", way

    def initial_state(self, batch):
        if self.way.startswith("at first: "):
            LEAVES[self.way.removeprefix("at first: ")][0]()
        return np.zeros(batch)

    def act(self, observations, state):
        if self.way in LEAVES:
            LEAVES[self.way][0]()
        if self.way == "no pair":
            return uniform(observations)
        return ANSWERS[self.way][0](observations), state + 1


def objective(way):
    """An objective that is a function."""
    numbers = {
        "another shape": lambda actions: np.zeros(3),
        "text": lambda actions: actions.astype(str),
        "NaN": lambda actions: actions * np.nan,
        "random numbers": lambda actions: np.random.random(len(actions)),  # noqa: NPY002
        "a count of its calls": lambda actions: np.full(len(actions), next(calls)),
    }
    if way in LEAVES:
        return lambda observations, actions, following: LEAVES[way][0]()
    return lambda observations, actions, following: numbers[way](actions)


OBJECTIVES = {
    "another shape": "returned shape",
    "text": "not numbers",
    "NaN": "not finite",
    "random numbers": "draws random numbers",
    "a count of its calls": "keeps something between calls",
}


@dataclass(frozen=True)
class Corridor(World):
    """Five places in a row; a goal at one end, which is the other after the shift."""

    name = "corridor"
    attributes = ("left", "right", "step")
    actions = ("left", "stay", "right")
    channels = ("place 0", "place 1", "place 2", "place 3", "place 4")
    base_objective = "left"
    objectives = (reach("left"), reach("right"), ObjectiveSpec("few steps", {"step": -1.0}, ("left", "right")))
    legend = {"#": "wall", ".": "floor", ",": "floor after the shift", "A": "agent"}

    @property
    def observation_shape(self):
        return (5,)

    def sample(self, *, key, distribution, count):
        self.check_distribution(distribution)
        place = jnp.arange(5)
        following = jnp.clip(place[:, None] + jnp.array([-1, 0, 1]), 0, 4)[..., None]
        reached = jnp.stack([following == 0, following == 4, jnp.ones_like(following, bool)], -1)
        level = Level(
            successors=following.astype(jnp.int32),
            probabilities=jnp.ones((5, ACTIONS, 1)),
            attributes=reached.astype(jnp.float32),
            initial=jnp.array([0, 0.5, 0, 0.5, 0] if distribution == "train" else [0, 0, 1.0, 0, 0]),
            terminal=jnp.zeros(5, bool),
            reachable=jnp.ones(5, bool),
            discount=jnp.float32(0.9),
            layout=jnp.int32(distribution != "train"),
        )
        return jax.tree.map(lambda array: jnp.stack([array] * count), level)

    def observe(self, level, state):
        return jax.nn.one_hot(state, 5)

    def parse(self, text):
        distribution = "deploy" if "," in text else "train"
        return jax.tree.map(lambda array: array[0], self.sample(key=None, distribution=distribution, count=1))

    def format(self, level, state=None):
        return "".join("A" if place == state else ".,"[int(level.layout)] for place in range(5))

    def position(self, level, state):
        return 0, int(state)


def _with_levels(change):
    class Changed(Corridor):
        def sample(self, *, key, distribution, count):
            return change(super().sample(key=key, distribution=distribution, count=count))

    return Changed()


def _setting(**changes):
    return _with_levels(
        lambda level: replace(level, **{field: change(getattr(level, field)) for field, change in changes.items()})
    )


def _with_method(method, does):
    return type("Changed", (Corridor,), {method: does})()


# Where our tests check annotations, those of Level speak first, in errors of their own.
LEVELS = {
    "probabilities of seven tenths": (
        lambda: _setting(probabilities=lambda array: array * 0.7),
        "Probabilities sum to 0.7",
    ),
    "initial of 2": (lambda: _setting(initial=lambda array: array * 2), "initial sums to 2"),
    "a successor out of range": (lambda: _setting(successors=lambda array: array + 1), "A successor is not in 0 to 4"),
    "NaN attributes": (lambda: _setting(attributes=lambda array: array * jnp.nan), "'left' is not finite"),
    "infinite attributes": (lambda: _setting(attributes=lambda array: array / 0.0), "is not finite"),
    "a discount of 1": (lambda: _setting(discount=lambda array: array * 0 + 1), "discount must lie between 0 and 1"),
    "half precision": (lambda: _setting(probabilities=lambda array: array.astype(jnp.float16)), "too coarse"),
    "no floor": (lambda: _setting(reachable=lambda array: array * 1.0), "not booleans|TypeCheckError"),
    "other actions": (
        lambda: _setting(successors=lambda array: array[:, :, :2]),
        "successors has shape|TypeCheckError",
    ),
    "no arrays": (
        lambda: _with_levels(lambda level: replace(level, discount=0.9)),
        "discount is a float|TypeCheckError",
    ),
    "one level": (lambda: _with_levels(lambda level: level[0]), "must return a batch"),
    "too few levels": (lambda: _with_levels(lambda level: level[:1]), "levels were asked for, 1 came"),
    "no level": (lambda: _with_levels(lambda level: None), "sample() returned a NoneType"),
    "new levels for the same key": (
        lambda: _setting(discount=lambda array: array * 0 + 0.5 + next(calls) % 7 / 20),
        "The same key gave different levels",
    ),
    "NaN observations": (
        lambda: _with_method("observe", lambda self, level, state: jnp.full(5, jnp.nan)),
        "returned NaN in level 0",
    ),
    "observations of another shape": (
        lambda: _with_method("observe", lambda self, level, state: jnp.zeros(4)),
        "observe() returned shape [4]; declared is [5]",
    ),
    "an unknown base objective": (lambda: type("Changed", (Corridor,), {"base_objective": "up"})(), "named 'up'"),
    "no legend": (lambda: type("Changed", (Corridor,), {"legend": None})(), "legend must map"),
    "a shape that is none": (
        lambda: _with_method("observation_shape", property(lambda self: "wide")),
        "has the observation_shape wide",
    ),
}
"""Worlds that break the contract, and what is said of each."""

METHODS = ("sample", "observe", "observation-shape", "distinct-levels", "format", "position")


def world(way):
    """A world that breaks the contract, or does something else in one of its methods (`"sample: raises"`)."""
    if way in LEVELS:
        return LEVELS[way][0]()
    method, _, leaving = way.replace("-", "_").partition(": ")

    def leave(self, *arguments, **options):
        LEAVES[leaving][0]()

    return _with_method(method, property(leave) if method == "observation_shape" else leave)


KINDS = {"function": function, "module": module, "memory": WithMemory, "objective": objective, "world": world}


def __getattr__(name):
    """`kind__way`, with an underscore for each blank: what `module:attribute` can name."""
    kind, found, way = name.partition("__")
    if not found or kind not in KINDS:
        raise AttributeError(name)
    return KINDS[kind](way.replace("_", " "))
