"""A stream: a family of tasks, one of which an agent has to learn within an episode, from what its answers bring.

Beside levels, which can be solved before they are entered, stand streams, in which what is best depends on what has
been seen since the episode began. Weights do not change within an episode; whatever learns there is the learned
algorithm itself (Wang et al. 2016, Duan et al. 2016).
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, cast

from jaxtyping import Array, Float

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import WorldError
from mesascope.core.foreign_class import guard_class
from mesascope.core.random import RandomKey
from mesascope.worlds.world import parse_options

AnyStream = TypeVar("AnyStream", bound="Stream")

Task = Any
"""What one has to learn, hidden from whoever learns: a pytree of arrays."""
State = Any
"""Where an episode stands: a pytree of arrays."""


class Stream(abc.ABC):
    """A family of tasks that share what is seen and what can be answered.

    A concrete stream is a frozen dataclass whose fields are its options. `sample`, `begin` and `step` are about one
    episode, and may be called inside `jit` and `vmap`. An episode always has `steps` steps: at each one sees an
    observation and gives an answer. Where there are actions, an answer is one of them; elsewhere it is `outputs`
    numbers (a prediction, an update).
    """

    name: ClassVar[str]
    """What users type."""
    summary: ClassVar[str]
    """One line for `mesascope list`."""
    signals: ClassVar[tuple[str, ...]]
    """What could be maximised, by step; the base objective first."""
    loss_name: ClassVar[str] = ""
    """What the base objective is the negative of, where it is a loss: charts show that."""
    shown_first: ClassVar[bool] = False
    """Whether all is shown before anything is asked for, so that there are no early steps to compare late ones with."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        guard_class(cls, "Stream", error=WorldError)

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the actions; none where answers are numbers."""
        return ()

    @property
    @abc.abstractmethod
    def observed(self) -> tuple[str, ...]:
        """Names of the entries of an observation, which is `[D]`."""

    @property
    @abc.abstractmethod
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        """Entries of an observation that tell what the last answers brought, by the signal that they tell of.

        A placebo gives each episode the feedback of another one: who learns from it learns nothing any more.
        """

    @property
    @abc.abstractmethod
    def steps(self) -> int:
        """Steps of an episode."""

    @property
    def outputs(self) -> int:
        """Numbers in an answer; where there are actions, probabilities."""
        return len(self.actions)

    @property
    def counted(self) -> tuple[int, ...]:
        """Steps whose signals count for the base objective; by default all."""
        return tuple(range(self.steps))

    @abc.abstractmethod
    def sample(self, *, key: RandomKey) -> Task:
        """Draws a task.

        **Arguments:**

        - `key`: consumed.
        """

    @abc.abstractmethod
    def begin(self, task: Task, *, key: RandomKey) -> tuple[State, Float[Array, " D"]]:
        """Returns how an episode begins, and the first observation.

        **Arguments:**

        - `task`: from `sample`.
        - `key`: consumed.
        """

    @abc.abstractmethod
    def step(
        self, task: Task, state: State, answer: Any, *, key: RandomKey
    ) -> tuple[State, Float[Array, " D"], Float[Array, " N"]]:
        """Returns where the episode stands after an answer, the next observation, and what the answer brought.

        **Arguments:**

        - `task`: from `sample`.
        - `state`: from `begin` or the last step.
        - `answer`: a whole number where there are actions, else `[outputs]`.
        - `key`: consumed.

        **Returns:** the state, the observation `[D]`, and each of `signals`, `[N]`; more is better.
        """

    def expected(self, task: Task, answer: Any) -> Float[Array, " N"] | None:
        """Returns what an answer brings on average, each of `signals`, where that follows from the task alone.

        By default `None`: it depends on where the episode stands, too.
        """
        return None

    def shifts(self) -> Mapping[str, Stream]:
        """Returns this stream as it may be met later, by what is other there; all of them are seen and answered alike.

        One named `"apart"` is a stream in which the signals, which may go together here, have nothing to do with one
        another.
        """
        return MappingProxyType({})

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """Shape of one observation."""
        return (len(self.observed),)

    def options(self) -> dict[str, bool | int | float | str]:
        """Returns every option, so that a report can say which stream it is about."""
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}

    def with_options(self: AnyStream, options: Mapping[str, str]) -> AnyStream:
        """Returns this stream with options given as text, as they arrive from a command line.

        **Raises:** `UnknownNameError` for an option that it does not have, `UsageError` for a value of the wrong type,
        `WorldError` for options that do not go together.
        """
        known = sorted(field.name for field in fields(cast(Any, self))) if is_dataclass(self) else []
        kinds = {option: type(getattr(self, option)) for option in known}
        values = parse_options(f"option of stream '{self.name}'", options, kinds)
        with code_of_others(f"Stream '{self.name}'", "when it was given these options", error=WorldError):
            return cast(AnyStream, replace(cast(Any, self), **values))
