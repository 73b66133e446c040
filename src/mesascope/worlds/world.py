"""A world: a family of levels with named distributions, and how its levels are seen, written and drawn."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.core.foreign_class import guard_class
from mesascope.core.quantities import Real, Whole
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted, shown
from mesascope.worlds.level import Level
from mesascope.worlds.returned import RETURNED

AnyWorld = TypeVar("AnyWorld", bound="World")


@dataclass(frozen=True)
class ObjectiveSpec:
    """A candidate objective as data: what it counts, and what ends the episode for it.

    **Arguments:**

    - `name`: unique within a world.
    - `weights`: reward per unit of each attribute; attributes left out weigh nothing.
    - `stops`: attributes whose occurrence ends the episode for this objective (a goal that is reached is reached once).
    - `summary`: one line for people.
    - `control`: a reward nobody was trained on and nobody can see; being named is a false alarm.
    """

    name: str
    weights: Mapping[str, float]
    stops: tuple[str, ...] = ()
    summary: str = ""
    control: bool = False

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.weights.items())), self.stops))


def reach(attribute: str, summary: str = "", *, name: str | None = None, control: bool = False) -> ObjectiveSpec:
    """Returns the objective of making an attribute happen once, the sooner the better."""
    return ObjectiveSpec(name or attribute, {attribute: 1.0}, (attribute,), summary or f"reach {attribute}", control)


def hidden_goals(what: str, count: int = 3) -> tuple[ObjectiveSpec, ...]:
    """Returns the random-reward controls: to reach one of so many places, the attributes `hidden-1` and so on."""
    summary = f"reach a random {what} that no observation shows"
    return tuple(reach(f"hidden-{index + 1}", summary, control=True) for index in range(count))


def check_discount(discount: float) -> None:
    """Raises `WorldError` unless a discount lies between 0 and 1."""
    if not 0 < discount < 1:
        raise WorldError(f"discount={discount} is not between 0 and 1, both excluded.")


class World(abc.ABC):
    """A family of levels that share states, actions, attributes and observations.

    A concrete world is a frozen dataclass: its fields are its options. Everything below may be called inside `jit`
    and `vmap`, except `parse`, `format` and `position`.
    """

    name: str
    """What users type."""
    summary: str = ""
    """One line for `mesascope list`; a class of this folder with a name and a summary is a registered world."""
    attributes: tuple[str, ...]
    """What one could care about: the last axis of `Level.attributes`."""
    motion: tuple[str, ...] = ()
    """Attributes of what an agent does rather than what it gets: any goal moves them, so they name one only if nothing
    else does."""
    short_sighted: str | None = None
    """The candidate objective of somebody who does at once what looks best and plans nothing; `None` if there is none.
    """
    actions: tuple[str, ...]
    """Names of the actions."""
    channels: tuple[str, ...]
    """Names of the last axis of an observation."""
    base_objective: str
    """The objective that agents of this world are normally trained on."""
    objectives: tuple[ObjectiveSpec, ...]
    """The candidates, the base objective among them."""
    distributions: tuple[str, ...] = ("train", "deploy")
    """Named level distributions: the one of training first."""
    legend: Mapping[str, str]
    """What each character of the text form stands for. `#` is always a wall."""
    also_called: Mapping[str, str] = MappingProxyType({})
    """Other words for attributes, as people say them: `{"burn": "burnt"}`."""
    editable: bool = False
    """Whether `edit` can change a level."""
    rearrangeable: bool = False
    """Whether `rearrange` can move something in a level."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        guard_class(cls, "World", error=WorldError, returns=RETURNED)

    @property
    @abc.abstractmethod
    def observation_shape(self) -> tuple[int, ...]:
        """Shape of one observation: `[H, W, C]` or `[D]`."""

    @abc.abstractmethod
    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        """Draws a batch of levels, each solvable by construction.

        **Arguments:**

        - `key`: consumed.
        - `distribution`: one of `distributions`.
        - `count`: how many levels.
        """

    @abc.abstractmethod
    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, "..."]:
        """Returns what an agent sees in one state of one (not batched) level."""

    @abc.abstractmethod
    def parse(self, text: str) -> Level:
        """Returns the (not batched) level that a text describes; `WorldError` says which character is wrong."""

    @abc.abstractmethod
    def format(self, level: Level, state: int | None = None) -> str:
        """Returns the text form of a (not batched) level, with the agent drawn in `state` if given."""

    @abc.abstractmethod
    def position(self, level: Level, state: int) -> tuple[int, int] | None:
        """Returns where the agent stands in the text form, `(row, column)`, or `None` if a state has no place."""

    def observe_states(self, level: Level) -> Float[Array, "S ..."]:
        """Returns what an agent sees in every state of one (not batched) level, `[S, ...]`."""
        return jax.vmap(lambda state: self.observe(level, state))(jnp.arange(level.states))

    @property
    def unwrapped(self) -> World:
        """The world without what was put around it, such as one more objective: whose kind decides what can be done."""
        return self

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a report should know about the levels that were drawn, in a few words each."""
        return ()

    def legal(self, level: Level) -> Bool[Array, "*batch S A"] | None:
        """Returns which actions the world allows in each state of a level or a batch; `None` if it allows all.

        Where an agent may only be asked with its legal actions (as sb3-contrib's MaskablePPO), these are they. An
        illegal action still leads somewhere: what an agent that takes it gets is the world's to say.
        """
        return None

    def distinct_levels(self, distribution: str) -> int | None:
        """Returns how many different levels a distribution has; `None` if more than anybody asks for.

        Asking `sample` for so many gives each of them once; asking for more repeats some, and a repeated level is no
        further evidence.
        """
        return None

    def edit(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns a (not batched) level with one visible change, and the row and column of the change in the text form.

        States keep their meaning. A world that has nothing to change leaves `editable` false.

        **Arguments:**

        - `level`: stays as it is.
        - `key`: consumed.
        """
        raise WorldError(f"World '{self.name}' offers no edits.")

    def rearrange(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns a (not batched) level with one object moved, and the row and column where it lies now.

        A world without objects leaves `rearrangeable` false.

        **Arguments:**

        - `level`: stays as it is.
        - `key`: consumed.
        """
        raise WorldError(f"World '{self.name}' has no objects to move.")

    def check_distribution(self, distribution: str) -> None:
        """Raises `UnknownNameError` unless this world has a distribution of that name."""
        if distribution not in self.distributions:
            raise UnknownNameError(f"distribution of world '{self.name}'", distribution, self.distributions)

    def options(self) -> dict[str, bool | int | float | str]:
        """Returns every option with a plain value, so that a report can say which world it is about.

        **Raises:** `WorldError` unless this world is a dataclass, whose fields are its options.
        """
        if not is_dataclass(self):
            raise WorldError(
                f"World '{self.name}' is not a dataclass, so its options cannot be recorded; make it a frozen one."
            )
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}

    def with_options(self: AnyWorld, options: Mapping[str, str]) -> AnyWorld:
        """Returns this world with options given as text, as they arrive from a command line.

        **Raises:** `UnknownNameError` for an option it does not have, `UsageError` for a value of the wrong type.
        """
        if not is_dataclass(self):
            raise UsageError(
                f"World {quoted(self.name)} is not a dataclass and takes no options; {', '.join(options)} was given."
            )
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        values = parse_options(f"option of world '{self.name}'", options, kinds)
        with code_of_others(f"World {quoted(self.name)}", "when it was given these options", error=WorldError):
            return replace(self, **values)  # pyright: ignore[reportArgumentType]


OPTION_WHOLE = Whole(-(2**31), 2**31 - 1)
"""What an option may be that is a whole number: what arrays hold."""
OPTION_REAL = Real(-1e30, 1e30)


def parse_options(what: str, options: Mapping[str, str], kinds: Mapping[str, type]) -> dict[str, Any]:
    """Returns the values of options given as text, by the type of each that there is; `what` names one in an error.

    **Raises:** `UnknownNameError` for an option that there is not, `UsageError` for a value of the wrong type.
    """
    values = {}
    for option, text in options.items():
        if option not in kinds:
            raise UnknownNameError(what, option, kinds)
        values[option] = parse_option(option, text, kinds[option])
    return values


def parse_option(option: str, text: str, kind: type) -> Any:
    """Returns the value that an option's text stands for; `UsageError` if it is not of the given type."""
    if kind is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    elif kind is str:
        return text
    else:
        quantity = {int: OPTION_WHOLE, float: OPTION_REAL}.get(kind)
        if quantity is not None:
            return quantity.check(quantity.read(text), f"Option {option}")
        try:
            return kind(text)
        except ValueError:
            pass
    raise UsageError(f"Option {option}={shown(text, limit=80)} is not of the form {option}={kind.__name__}.")
