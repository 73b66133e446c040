"""Breadth-first enumeration: everything that can be reached, as the arrays of one level."""

from __future__ import annotations

import abc
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.errors import WorldError
from mesascope.core.progress import Progress, progress
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.counters import Counters
from mesascope.worlds.gymnasium.encoding import Encoding
from mesascope.worlds.world import ObjectiveSpec

OBSERVATION_BYTES: int = 2**31
"""The largest table of observations that is kept, in bytes."""

MANY: int = 500
"""After so many states the environment is asked whether it counts."""

REPORTED: int = 64
"""Progress is told after so many states each."""

TREE_STATES: int = 10_000
"""After so many states, an environment in which no two ways ever met is given up as endless."""


@dataclass(frozen=True)
class Enumeration:
    """One level before it is padded and stacked, in numpy; only reachable states are in it.

    **Arguments:**

    - `successors`, `probabilities`, `attributes`, `initial`, `terminal`: as in `Level`.
    - `observations`: of each state as they are stored, `[S, ...]`.
    - `positions`: row and column of the agent in the text form, `[S, 2]`; -1 where a state has no place.
    - `text`: the text form, with the agent drawn in a state if one is given.
    - `legal`: which actions the environment allows in each state, `[S, A]`; `None` if it does not say.
    - `unused`: what the environment has no way to, in words; empty if nothing was found.
    """

    successors: Int[np.ndarray, "S A K"]
    probabilities: Float[np.ndarray, "S A K"]
    attributes: Float[np.ndarray, "S A K F"]
    initial: Float[np.ndarray, " S"]
    terminal: Bool[np.ndarray, " S"]
    observations: np.ndarray
    positions: Int[np.ndarray, "S 2"]
    text: Callable[[int | None], str]
    legal: Bool[np.ndarray, "S A"] | None = None
    unused: str = ""

    @property
    def states(self) -> int:
        """The number of reachable states."""
        return len(self.initial)


@dataclass(frozen=True)
class Request:
    """What levels are to be made of.

    **Arguments:**

    - `environment_id`: for messages.
    - `make`: makes the environment.
    - `observation`: one of `ENCODINGS`.
    - `max_states`: more reachable states are a `WorldError`.
    - `ignore`: attributes that are left out of the state.
    - `seeds`: every seed that levels will be made from.
    """

    environment_id: str
    make: Callable[[], Any]
    observation: str
    max_states: int
    ignore: frozenset[str]
    seeds: range


class Source(abc.ABC):
    """One kind of environment: what can be cared about in it, and how a seed becomes a level."""

    request: Request
    actions: tuple[str, ...]
    attributes: tuple[str, ...]
    objectives: tuple[ObjectiveSpec, ...]
    legend: dict[str, str]
    also_called: Mapping[str, str] = MappingProxyType({})
    encoding: Encoding
    seeds_matter: bool
    """Whether different seeds give different levels."""

    @abc.abstractmethod
    def enumerate(self, seed: int) -> Enumeration:
        """Returns the level that an environment reset with a seed is; `WorldError` says why it cannot be one."""


Token = TypeVar("Token", bound=Hashable)
"""What a simulator calls a state."""


class Simulator(abc.ABC, Generic[Token]):
    """Something deterministic that can be put back into any state it has been in."""

    actions: int

    @abc.abstractmethod
    def step(self, token: Token, action: int) -> tuple[Token, float, bool]:
        """Returns the state that an action leads to, the reward on the way and whether the episode ends there."""

    @abc.abstractmethod
    def observe(self, token: Token) -> np.ndarray:
        """Returns the observation of a state, as it is stored; called once, when the state is first reached."""

    @abc.abstractmethod
    def forget(self, token: Token) -> None:
        """Called when no action will be tried in a state any more."""


@dataclass(frozen=True)
class Exploration(Generic[Token]):
    """What was found: `tokens` name the states; the other arrays are by state and action."""

    tokens: list[Token]
    successors: Int[np.ndarray, "S A"]
    rewards: Float[np.ndarray, "S A"]
    terminal: Bool[np.ndarray, " S"]
    observations: np.ndarray

    def enumeration(self, **further: Any) -> Enumeration:
        """Returns the level, in which every action leads to one state.

        **Arguments:**

        - `further`: what of an `Enumeration` follows from the kind of environment; attributes are `[S, A, F]`.
        """
        initial = np.zeros(len(self.tokens))
        initial[0] = 1.0
        attributes = further.pop("attributes").astype(np.float32)[:, :, None]
        return Enumeration(
            successors=self.successors[:, :, None],
            probabilities=np.ones((*self.successors.shape, 1)),
            attributes=attributes,
            initial=initial,
            terminal=self.terminal,
            observations=self.observations,
            **further,
        )


def explore(
    simulator: Simulator[Token],
    start: Token,
    *,
    encoding: Encoding,
    request: Request,
    counters: Callable[[], Counters] | None = None,
) -> Exploration[Token]:
    """Enumerates the states that can be reached, breadth first.

    The end of an episode is a state of its own: environments may end in a state in which others go on, and what
    happens after the end is nobody's business.

    **Arguments:**

    - `simulator`: tried with every action in every state.
    - `start`: the state that the episode begins in; it gets number 0.
    - `encoding`: of observations.
    - `request`: what it is for.
    - `counters`: asked once there are many states, whether something that does not matter keeps them apart.

    **Raises:** `WorldError` if there are too many states, and if they would never end.
    """
    with progress(f"Enumerating {shown(request.environment_id, limit=80)}") as report:
        return _explore(simulator, start, encoding, request, counters, report)


def _explore(simulator, start, encoding, request: Request, counters, report: Progress) -> Exploration:
    environment_id, max_states = request.environment_id, request.max_states
    begun = time.monotonic()
    index: dict[tuple[Any, bool], int] = {(start, False): 0}
    states = [(start, False)]
    observations = [simulator.observe(start)]
    successors: list[list[int]] = []
    rewards: list[list[float]] = []
    actions = range(simulator.actions)
    met_again = False
    limit = min(max_states, OBSERVATION_BYTES // max(1, encoding.stored_bytes))
    suspects = Counters((), ())
    # The list grows while it is walked through: that is the breadth-first queue.
    for here, (token, over) in enumerate(states):
        if here % REPORTED == 0:
            rate = len(states) / max(time.monotonic() - begun, 1e-3)
            report(f"{len(states):,} states found, {rate:,.0f} a second", here / len(states))
        if over:
            successors.append([here] * simulator.actions)
            rewards.append([0.0] * simulator.actions)
            continue
        ways, gains = [], []
        for action in actions:
            following, reward, terminated = simulator.step(token, action)
            reached = (following, terminated)
            number = index.get(reached)
            if number is None:
                number = len(states)
                if number >= limit:
                    raise _too_many(environment_id, number, max_states, encoding, suspects)
                if number == MANY and counters is not None:
                    suspects = counters()
                    if suspects.endless:
                        raise _counting(environment_id, suspects)
                if number == TREE_STATES and not met_again:
                    raise WorldError(
                        f"No two ways led to the same state among the first {number:,} states of '{environment_id}', "
                        "as it is with continuous states; it cannot be a finite level. If something that does not "
                        "matter keeps its states apart, leave it out with ignore=NAME,NAME."
                    )
                index[reached] = number
                states.append(reached)
                observations.append(simulator.observe(following))
            else:
                met_again = met_again or number != here
            ways.append(number)
            gains.append(reward)
        successors.append(ways)
        rewards.append(gains)
        simulator.forget(token)
    return Exploration(
        tokens=[token for token, _ in states],
        successors=np.array(successors, np.int32),
        rewards=np.array(rewards, np.float32),
        terminal=np.array([over for _, over in states]),
        observations=np.stack(observations),
    )


def _counting(environment_id: str, found: Counters) -> WorldError:
    grows = ", ".join(shown(name, limit=60) for name in found.endless)
    others = [shown(name, limit=60) for name in found.needless if name not in found.endless]
    also = f"; {' and '.join(others)} changed nothing either, but keep states apart" if others else ""
    return WorldError(
        f"{quoted(environment_id)} counts: {grows} grows or shrinks with every step, so that no state ever comes back, "
        f"and in the states that were tried nothing followed from it{also}. Leave it out of the state with "
        f"--world-option ignore={','.join([*found.endless, *others])}."
    )


def _too_many(environment_id: str, found: int, max_states: int, encoding: Encoding, suspects: Counters) -> WorldError:
    if found >= max_states:
        counted = (
            f" Its {', '.join(shown(name, limit=60) for name in suspects.growing)} changes with every step, and what "
            "happens depends on it."
            if suspects.growing
            else ""
        )
        return WorldError(
            f"{quoted(environment_id)} has more than {max_states:,} reachable states.{counted} Raise the limit with "
            "max_states=N, choose a smaller environment, or leave out of the state what does not matter with "
            "ignore=NAME,NAME: continuous states, or a counter among the attributes, never come to an end."
        )
    return WorldError(
        f"The observations of '{environment_id}' take {encoding.stored_bytes:,} bytes each; those of {found:,} states "
        f"exceed {OBSERVATION_BYTES:,} bytes. Environments that need pixels cannot be tabulated: choose a smaller "
        "observation with observation=image or observation=flat."
    )
