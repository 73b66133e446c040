"""Any other environment: copies of it are its states."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np

from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.common_attributes import action_attributes, common_columns, hidden_places, placeless
from mesascope.worlds.gymnasium.counters import Counters, Fields, find_counters
from mesascope.worlds.gymnasium.encoding import Encoding, space_encoding
from mesascope.worlds.gymnasium.enumeration import Enumeration, Request, Simulator, Source, explore
from mesascope.worlds.gymnasium.fingerprint import Fingerprint, fields, fingerprint
from mesascope.worlds.gymnasium.making import constructor_options, import_gymnasium
from mesascope.worlds.gymnasium.replay import check_replay
from mesascope.worlds.gymnasium.stepping import Step, checked_reset, checked_step, environment_code, legal_actions

REPEATED: int = 64
"""So many transitions are made twice, to see whether they come out the same."""


class CloneSimulator(Simulator[bytes]):
    """An environment whose states are deep copies of it, told apart by a fingerprint of everything they hold.

    **Arguments:**

    - `environment`: before a reset; kept.
    - `seed`: that it is reset with.
    - `encoding`: turns observations into what is stored.
    - `request`: what it is for.
    """

    def __init__(self, environment: Any, seed: int, *, encoding: Encoding, request: Request):
        environment_id = request.environment_id
        gymnasium = import_gymnasium()
        self._opaque = (gymnasium.Space, gymnasium.envs.registration.EnvSpec)
        self._encoding, self._environment_id, self._ignore = encoding, environment_id, request.ignore
        self.actions = int(environment.action_space.n)
        self._first_action = int(environment.action_space.start)
        observation, info = checked_reset(environment, seed, environment_id=environment_id)
        self._tried = 0
        self.environment = environment
        # First of all: what cannot be copied is not helped by leaving out of its state what cannot be read.
        self._copy(environment)
        found = self._fingerprint(environment)
        self._random = found.random
        self.left_out = set(found.left_out)
        self.first = found.state
        self._clones: dict[bytes, Any] = {found.state: environment}
        self._seen: dict[bytes, np.ndarray] = {found.state: encoding.encode(observation)}
        self._legal: dict[bytes, np.ndarray | None] = {found.state: self._allowed(environment, info)}

    def step(self, token: bytes, action: int) -> tuple[bytes, float, bool]:
        legal = self._legal[token]
        try:
            outcome = self._try(token, action)
        except WorldError:
            if legal is None or legal[action]:
                raise
            # An action that an environment forbids and then refuses to take stands for the first that it allows.
            return self._try(token, int(legal.argmax()))
        if self._tried < REPEATED:
            self._tried += 1
            if self._try(token, action) != outcome:
                raise WorldError(
                    f"{quoted(self._environment_id)} did two things when it was put into one state twice and took the "
                    "same action, so that no exact level can be made: it draws random numbers from a generator of the "
                    f"whole program, or remembers what copies of it do.{self._own_options()}"
                )
        return outcome

    def _try(self, token: bytes, action: int) -> tuple[bytes, float, bool]:
        clone, step = self.attempt(self._clones[token], action)
        found = self._fingerprint(clone)
        if found.random != self._random:
            raise WorldError(
                f"{quoted(self._environment_id)} draws random numbers while it runs, so that a state does not say what "
                f"follows and no exact level can be made.{self._own_options()}"
            )
        self.left_out |= found.left_out
        if found.state not in self._seen:
            self._seen[found.state] = self._encoding.encode(step.observation)
        elif self._ignore and not np.array_equal(self._encoding.encode(step.observation), self._seen[found.state]):
            raise WorldError(
                f"{quoted(self._environment_id)} shows two different observations in states that are one without "
                f"{', '.join(sorted(self._ignore))}, so that what is ignored matters. Ignore less."
            )
        if not step.terminated and found.state not in self._clones:
            self._clones[found.state] = clone
            self._legal[found.state] = self._allowed(clone, step.info)
        return found.state, step.reward, step.terminated

    def attempt(self, environment: Any, action: int) -> tuple[Any, Step]:
        """Takes an action on a copy, and returns the copy and what followed."""
        clone = self._copy(environment)
        return clone, checked_step(clone, action + self._first_action, environment_id=self._environment_id)

    def observe(self, token: bytes) -> np.ndarray:
        return self._seen[token]

    def forget(self, token: bytes) -> None:
        # The key stays, so that the state is not kept again; the copy goes.
        self._clones[token] = None

    def legal(self, tokens: list[bytes], terminal: np.ndarray) -> np.ndarray | None:
        """Returns which actions are allowed in each state, `[S, A]`; `None` if the environment never says."""
        known = [None if over else self._legal.get(token) for token, over in zip(tokens, terminal, strict=True)]
        if all(mask is None for mask in known):
            return None
        return np.stack([np.ones(self.actions, bool) if mask is None else mask for mask in known])

    def counters(self) -> Counters:
        """Returns what the environment counts; see `find_counters`."""
        return find_counters(
            self.environment,
            self._seen[self.first].tobytes(),
            actions=self.actions,
            attempt=self.attempt,
            fields_of=self._fields,
            encode=self._encoding.encode,
        )

    def names(self) -> tuple[str, ...]:
        """Returns the names of what the environment holds."""
        return tuple(self._fields(self.environment))

    def _allowed(self, environment: Any, info: dict[str, Any]) -> np.ndarray | None:
        return legal_actions(environment, info, actions=self.actions, environment_id=self._environment_id)

    def _fields(self, environment: Any) -> Fields:
        with environment_code(self._environment_id, "when its state was read"):
            return fields(environment, ignore=self._ignore, opaque=self._opaque)

    def _fingerprint(self, environment: Any) -> Fingerprint:
        with environment_code(self._environment_id, "when its state was read"):
            name = shown(self._environment_id, limit=80)
            return fingerprint(environment, ignore=self._ignore, opaque=self._opaque, root=name)

    def _own_options(self) -> str:
        options = constructor_options(self.environment.unwrapped)
        return f" Its own options, of which one may switch that off, are: {', '.join(options)}." if options else ""

    def _copy(self, environment: Any) -> Any:
        shared = {}
        layer = environment
        while True:
            for value in vars(layer).values():
                if isinstance(value, self._opaque):
                    shared[id(value)] = value
            if layer is layer.unwrapped:
                break
            layer = layer.env
        try:
            with environment_code(self._environment_id, "when it was copied"):
                return copy.deepcopy(environment, shared)
        except WorldError as error:
            raise WorldError(
                f"{quoted(self._environment_id)} cannot be cloned: {error} Give the environment a __deepcopy__ method "
                "that copies its state, or write a World of your own."
            ) from error


class CloneSource(Source):
    """Any deterministic environment with discrete actions and few enough states.

    **Arguments:**

    - `request`: what levels are made of.
    """

    def __init__(self, request: Request):
        self.request = request
        environment = request.make()
        self.encoding = space_encoding(environment.observation_space, request.observation, request.environment_id)
        self.actions = tuple(f"action-{action}" for action in range(int(environment.action_space.n)))
        self.attributes, self.objectives = placeless(self.actions)
        self.legend = {}
        beginnings = {self._simulator(seed).first for seed in request.seeds}
        self.seeds_matter = len(beginnings) > 1

    def _simulator(self, seed: int) -> CloneSimulator:
        # The seed has done its work; that it differs between levels must not make equal levels differ.
        request = dataclasses.replace(self.request, ignore=self.request.ignore | {"_np_random_seed"})
        return CloneSimulator(request.make(), seed, encoding=self.encoding, request=request)

    def enumerate(self, seed: int) -> Enumeration:
        simulator = self._simulator(seed)
        found = explore(
            simulator,
            simulator.first,
            encoding=self.encoding,
            request=self.request,
            counters=simulator.counters,
        )
        for name in sorted(self.request.ignore - simulator.left_out):
            kind = f"attribute of environment {quoted(self.request.environment_id)} that could be ignored"
            raise UnknownNameError(kind, name, simulator.names())
        legal = simulator.legal(found.tokens, found.terminal)
        check_replay(self.request.make(), found, encoding=self.encoding, seed=seed, request=self.request, legal=legal)
        states, actions = found.successors.shape
        going_on = ~found.terminal[:, None]
        stay = found.successors == np.arange(states)[:, None]
        columns = common_columns(found.rewards, found.terminal[found.successors], stay)
        nowhere = np.full((states, 2), -1)
        columns |= {
            name: where[found.successors] for name, where in hidden_places(nowhere, found.terminal, seed=seed).items()
        }
        taken = np.eye(actions, dtype=bool)
        columns |= {name: taken[action] for action, name in enumerate(action_attributes(self.actions))}
        return found.enumeration(
            attributes=np.stack([columns[name] * going_on for name in self.attributes], -1),
            positions=nowhere,
            legal=legal,
            text=lambda state: self._text(seed, state, found.observations),
        )

    def _text(self, seed: int, state: int | None, observations: np.ndarray) -> str:
        if state is None:
            return f"{self.request.environment_id}, seed {seed}"
        seen = np.array2string(observations[state].ravel(), threshold=16, max_line_width=100)
        return f"{self.request.environment_id}, seed {seed}, state {state}: {seen}"
