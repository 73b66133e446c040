"""A view: how what a world shows is turned into what an agent was trained on, and its answers back, as text.

    scale=1/255  channels-first  actions=left,right,up,down,stay

Steps are taken in the order in which they stand. What `check fit` recommends is such a list.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import jax
import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.wrapped_agent import WrappedAgent
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.worlds.world import World

STEPS: dict[str, str] = {
    "scale": "NUMBER: multiply values, scale=255 or scale=1/255",
    "shift": "NUMBER: add to values, shift=-1",
    "standardise": "subtract the mean of each channel and divide by its spread, over training levels",
    "transpose": "exchange rows and columns",
    "flip": "rows or columns: turn them about, flip=rows",
    "channels": "NAMES: put channels into this order, by name or number",
    "channels-first": "make [H, W, C] into [C, H, W]",
    "flatten": "make one vector, [D]",
    "actions": "NAMES: what the agent's first action means in the world, then its second, and so on",
}
"""What a view may do."""

LEVELS: int = 64
"""Training levels whose reachable states make up mean and spread."""

Turn = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class View:
    """A view of one world.

    **Arguments:**

    - `steps`: as text.
    - `turns`: what each step makes of a batch of observations.
    - `order`: the world's action for each action of the agent, `None` if they are the same.
    - `shape`: of an observation after all steps.
    """

    steps: tuple[str, ...]
    turns: tuple[Turn, ...]
    order: tuple[int, ...] | None
    shape: tuple[int, ...]

    def shown(self, observations: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B ..."]:
        """Returns observations of the world as the agent is shown them, in single precision."""
        for turn in self.turns:
            observations = turn(observations)
        return np.ascontiguousarray(observations, np.float32)

    def meant(self, probabilities: Float[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        """Returns probabilities of the agent's actions as those of the world's."""
        if self.order is None:
            return probabilities
        result = np.zeros_like(probabilities)
        result[:, list(self.order)] = probabilities
        return result

    def __str__(self) -> str:
        return " ".join(self.steps) or "as shown"


class ViewedAgent(WrappedAgent):
    """An agent of whatever kind, shown a world through a view."""

    def __init__(self, agent: Agent, view: View):
        super().__init__(agent, (*agent.notes, f"It is shown the world through the view: {view}."))
        self.view = view

    def shown(self, observations: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B ..."]:
        return self.view.shown(observations)

    def meant(self, probabilities: Float[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        return self.view.meant(probabilities)


def viewed(agent: Agent, view: View) -> Agent:
    """Returns an agent that is shown the world through a view; without steps, the agent itself."""
    return ViewedAgent(agent, view) if view.steps else agent


def parse_view(steps: Sequence[str], world: World) -> View:
    """Returns the view that a list of steps means in a world.

    **Arguments:**

    - `steps`: each `NAME` or `NAME=VALUE`, of `STEPS`.
    - `world`: whose observations and actions are turned.

    **Raises:** `UnknownNameError` for a step, channel or action that there is not; `UsageError` for a value that cannot
    be, a permutation that is none, and a step that does not fit the shape of what it gets.
    """
    shape, turns, order = tuple(world.observation_shape), [], None
    for step in steps:
        name, _, value = step.strip().partition("=")
        if name not in STEPS:
            raise UnknownNameError("step of a view", name, STEPS)
        if name == "actions":
            if order is not None:
                raise UsageError("A view exchanges actions once; `actions=` is given twice.")
            order = _permutation(step, value, world.actions, "actions")
            continue
        done = tuple(one.strip() for one in steps[: len(turns) + (order is not None)])
        turn, shape = _turn(step, name, value, shape, world, done)
        turns.append(turn)
    return View(tuple(step.strip() for step in steps), tuple(turns), order, shape)


def _turn(
    step: str, name: str, value: str, shape: tuple[int, ...], world: World, before: tuple[str, ...]
) -> tuple[Turn, tuple[int, ...]]:
    takes_value = name in ("scale", "shift", "flip", "channels")
    if takes_value != bool(value):
        raise UsageError(f"Step {quoted(step)} of a view: {name} {STEPS[name]}.")
    if name == "scale":
        factor = _number(step, value)
        return lambda seen: seen * np.float32(factor), shape
    if name == "shift":
        added = _number(step, value)
        return lambda seen: seen + np.float32(added), shape
    if name == "flatten":
        return lambda seen: seen.reshape(len(seen), -1), (int(np.prod(shape)),)
    if shape != tuple(world.observation_shape) and not (len(shape) == 3 and shape[-1] == len(world.channels)):
        raise UsageError(
            f"Step {quoted(step)} of a view comes after one that turned the axes (channels-first, flatten); put it "
            "before."
        )
    if name == "standardise":
        mean, spread = _moments(world, before)
        return lambda seen: (seen - mean) / spread, shape
    if name == "channels":
        taken = list(_permutation(step, value, world.channels, "channels"))
        return lambda seen: seen[..., taken], shape
    if len(shape) != 3:
        raise UsageError(f"Step {quoted(step)} of a view is about images [H, W, C]; here it gets {list(shape)}.")
    if name == "transpose":
        return lambda seen: seen.swapaxes(1, 2), (shape[1], shape[0], shape[2])
    if name == "channels-first":
        return lambda seen: np.moveaxis(seen, -1, 1), (shape[2], *shape[:2])
    axes = {"rows": 1, "columns": 2}
    if value not in axes:
        raise UnknownNameError("direction of flip", value, axes)
    return lambda seen: np.flip(seen, axes[value]), shape


def _number(step: str, value: str) -> float:
    try:
        number = float(Fraction(value.strip()))
    except (ValueError, ZeroDivisionError, OverflowError):
        number = float("nan")
    if not np.isfinite(np.float32(number)) or (step.startswith("scale") and number == 0):
        raise UsageError(f"Step {quoted(step)} of a view needs a finite number, not 0 for a scale: 255 or 1/255.")
    return number


def _permutation(step: str, value: str, names: Sequence[str], kind: str) -> tuple[int, ...]:
    given = [one.strip() for one in value.split(",") if one.strip()]
    found = []
    for one in given:
        if one in names:
            found.append(list(names).index(one))
        elif one.isdecimal() and len(one) < 6 and int(one) < len(names):
            found.append(int(one))
        else:
            raise UnknownNameError(f"one of the {kind} (in {quoted(step)})", one, names)
    if sorted(found) != list(range(len(names))):
        raise UsageError(
            f"Step {quoted(step)} of a view must name each of the {len(names)} {kind} once: {', '.join(names)}."
        )
    return tuple(found)


@functools.lru_cache(maxsize=64)
def _moments(world: World, before: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and spread of each channel over what can be seen in training; a constant channel has spread 1."""
    distribution = world.distributions[0]
    distinct = world.distinct_levels(distribution)
    count = LEVELS if distinct is None else min(LEVELS, distinct)
    levels = world.sample(key=root_key(0), distribution=distribution, count=count)
    seen = np.asarray(jax.vmap(world.observe_states)(levels))[np.asarray(levels.reachable & ~levels.terminal)]
    seen = parse_view(before, world).shown(seen)
    values = seen.reshape(-1, seen.shape[-1]).astype(np.float64)
    spread = values.std(0)
    return values.mean(0).astype(np.float32), np.where(spread > 1e-9, spread, 1.0).astype(np.float32)
