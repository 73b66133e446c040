"""Properties: what shall be true of an agent in every state of a set, as what it may do or what may come of it."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.text import quoted
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.proof.box import BadOutputs
from mesascope.proof.outcomes import can_be_avoided, can_happen, chance_of
from mesascope.proof.state_set import Distribution, Part
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

TIE: float = 1e-6
"""Actions whose logits differ by no more than this are equally likely: networks compute in single precision."""
ROUNDING: float = 1e-9
"""Probabilities that are solved for are right up to this."""
MOST_VALUES: int = 16
"""Values of one channel that are tried for indifference."""


def possible_actions(
    policy: Float[np.ndarray, "*batch A"], taken_above: float | None = None
) -> Bool[np.ndarray, "*batch A"]:
    """Returns which actions an agent may be seen to take: its likeliest one, and those that tie with it.

    **Arguments:**

    - `policy`: action probabilities.
    - `taken_above`: every action with more than this probability counts, too; in [0, 1).
    """
    possible = policy >= policy.max(-1, keepdims=True) * np.exp(-TIE)
    return possible if taken_above is None else possible | (policy > taken_above)


@dataclass(frozen=True, eq=False)
class Choices:
    """What an agent without memory does in a part of a set.

    **Arguments:**

    - `policy`: action probabilities; `possible`: those that it may be seen to take.
    - `ask`: returns its possible actions `[B, A]` for other observations `[B, ...]`.
    """

    policy: Float[np.ndarray, "N S A"]
    possible: Bool[np.ndarray, "N S A"]
    ask: Callable[[np.ndarray], np.ndarray]


class Property(abc.ABC):
    """Something that is true or false of what an agent does in a state, or from there on."""

    from_start: bool = False
    """Whether it is about a whole episode from a state, rather than about the choice there."""

    @property
    @abc.abstractmethod
    def words(self) -> str:
        """What shall be true, after "it"."""

    @abc.abstractmethod
    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        """Returns in which states it is false."""

    def counted(self, part: Part) -> Bool[np.ndarray, "N S"]:
        """Returns which states it says something about."""
        return part.there

    def testable(self, part: Part, actions: int) -> Bool[np.ndarray, "N S"]:
        """Returns in which states some choice would violate it: elsewhere, that it is not violated means nothing."""
        return self.counted(part)

    def ends(self, levels: Level) -> Bool[np.ndarray, "N S A K"] | None:
        """Returns the transitions after which it says nothing any more; `None` if there is none but a level's end."""
        return None


class ActionProperty(Property):
    """One about which actions may be taken in which state."""

    @abc.abstractmethod
    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        """Returns which actions are allowed in each state; axes may be 1 long where all levels or states are alike."""

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        return np.asarray((choices.possible & ~self.allowed(part.levels)).any(-1))

    def testable(self, part: Part, actions: int) -> Bool[np.ndarray, "N S"]:
        return self.counted(part) & ~self.allowed(part.levels).all(-1)


def bad_outputs(allowed: Bool[np.ndarray, " A"]) -> BadOutputs | None:
    """Returns as outputs of a network that an action which is not allowed is as likely as any other; ties are bad.

    **Arguments:**

    - `allowed`: of one state.

    **Returns:** `None` if every action is allowed: nothing is bad then.
    """
    one = np.eye(len(allowed))
    cases = [(np.delete(one, action, 0) - one[action], np.zeros(len(one) - 1)) for action in np.flatnonzero(~allowed)]
    return BadOutputs(tuple(cases)) if cases else None


@dataclass(frozen=True)
class NeverActions(ActionProperty):
    """Some actions are never taken.

    **Arguments:**

    - `actions`: all that there are, by name.
    - `chosen`: those that are meant.

    **Raises:** `UnknownNameError` for a name that is none of them.
    """

    actions: tuple[str, ...]
    chosen: tuple[str, ...]

    def __post_init__(self):
        for name in self.chosen:
            if name not in self.actions:
                raise UnknownNameError("action", name, self.actions)

    @property
    def words(self) -> str:
        return f"never takes {' or '.join(map(quoted, self.chosen))}"

    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        return ~np.isin(self.actions, self.chosen)[None, None]


class AlwaysActions(NeverActions):
    """Nothing but some actions is ever taken; arguments as of `NeverActions`."""

    @property
    def words(self) -> str:
        return f"always takes {' or '.join(map(quoted, self.chosen))}"

    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        return ~super().allowed(levels)


@dataclass(frozen=True, eq=False)
class Optimal(ActionProperty):
    """Every action is optimal under an objective, until that is attained.

    **Arguments:**

    - `objective`: a single one.
    """

    objective: Objectives

    @property
    def words(self) -> str:
        return f"always takes an action that is optimal for {quoted(self.objective.names[0])}"

    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        levels = _levels(levels, self)
        return optimal_actions(optimal_action_values(levels, self.objective)[0])

    def ends(self, levels: Level) -> Bool[np.ndarray, "N S A K"]:
        return np.asarray(np.asarray(levels.attributes) @ np.asarray(self.objective.stops[0]) > 0)

    def counted(self, part: Part) -> Bool[np.ndarray, "N S"]:
        levels = _levels(part.levels, self)
        # What follows once the objective is attained says nothing about it.
        over = self.ends(levels) & (np.asarray(levels.probabilities) > 0)
        level, *_ = place = np.nonzero(over & np.asarray(levels.reachable)[..., None, None])
        attained = np.zeros_like(part.there)
        attained[level, np.asarray(levels.successors)[place]] = True
        return part.there & (~attained | (np.asarray(levels.initial) > 0))


@dataclass(frozen=True)
class Margin(Property):
    """One action is likelier than another by at least so much.

    **Arguments:**

    - `actions`: all that there are, by name.
    - `action`, `over`: the two.
    - `least`: difference of their log-probabilities (which is that of logits).

    **Raises:** `UnknownNameError` for a name that is none of them.
    """

    actions: tuple[str, ...]
    action: str
    over: str
    least: float = 0.0

    def __post_init__(self):
        NeverActions(self.actions, (self.action, self.over))

    @property
    def words(self) -> str:
        return f"prefers {quoted(self.action)} to {quoted(self.over)} by a log-odds of at least {self.least:g}"

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        with np.errstate(divide="ignore"):
            logs = np.log(choices.policy)
        one, other = (logs[..., self.actions.index(name)] for name in (self.action, self.over))
        return ~(one > other + self.least)

    def bad_outputs(self) -> BadOutputs:
        """Returns its contrary as outputs of a network."""
        one = np.eye(len(self.actions))
        row = one[self.actions.index(self.action)] - one[self.actions.index(self.over)]
        return BadOutputs(((row[None], np.array([-self.least])),))


@dataclass(frozen=True)
class NeverHappens(ActionProperty):
    """An attribute never happens, however long an episode lasts.

    **Arguments:**

    - `attributes`: all that there are, by name.
    - `attribute`: the one.
    - `at_most`: probability, under the agent's own probabilities, with which it may happen after all; at 0 its possible
      actions count, each outcome with any probability, and the answer is exact.

    **Raises:** `UnknownNameError` for another attribute, `UsageError` for what is no probability.
    """

    attributes: tuple[str, ...]
    attribute: str
    at_most: float = 0.0
    from_start = True

    def __post_init__(self):
        if self.attribute not in self.attributes:
            raise UnknownNameError("attribute", self.attribute, self.attributes)
        if not 0 <= self.at_most < 1:
            raise UsageError(f"A probability of at most {self.at_most:g} must be in [0, 1).")

    @property
    def words(self) -> str:
        what = f"lets {quoted(self.attribute)} happen"
        return f"never {what}" if self.at_most == 0 else f"{what} with a probability of at most {self.at_most:g}"

    def event(self, levels: Level | None) -> Bool[np.ndarray, "N S A K"]:
        """Returns the transitions in which it happens."""
        levels = _levels(levels, self)
        there = np.asarray(levels.attributes)[..., self.attributes.index(self.attribute)] > 0
        return there & (np.asarray(levels.probabilities) > 0)

    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        """Returns which actions do not bring it about at once: the part of it that one choice decides."""
        return np.asarray(~self.event(levels).any(-1))

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        levels = _levels(part.levels, self)
        if self.at_most == 0:
            return can_happen(levels, choices.possible, self.event(levels))
        return chance_of(levels, choices.policy, self.event(levels)) > self.at_most + ROUNDING

    def testable(self, part: Part, actions: int) -> Bool[np.ndarray, "N S"]:
        levels = _levels(part.levels, self)
        return part.there & can_happen(levels, np.ones((*part.there.shape, actions), bool), self.event(levels))


class AlwaysHappens(NeverHappens):
    """An attribute happens sooner or later, with probability 1 whichever of its possible actions an agent takes.

    **Arguments:** as of `NeverHappens`, without `at_most`.
    """

    @property
    def words(self) -> str:
        return f"always makes {quoted(self.attribute)} happen sooner or later"

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        levels = _levels(part.levels, self)
        return can_be_avoided(levels, choices.possible, self.event(levels))

    def testable(self, part: Part, actions: int) -> Bool[np.ndarray, "N S"]:
        levels = _levels(part.levels, self)
        return part.there & can_be_avoided(levels, np.ones((*part.there.shape, actions), bool), self.event(levels))


@dataclass(frozen=True, eq=False)
class Indifferent(Property):
    """The same actions are possible whatever one channel of the observation shows, everything else equal.

    **Arguments:**

    - `channel`: its name.
    - `place`: its place on the last axis of an observation.
    - `values`: that it is set to, everywhere at once.
    """

    channel: str
    place: int
    values: tuple[float, ...] = field(default=(0.0, 1.0))

    @property
    def words(self) -> str:
        shown = ", ".join(f"{value:g}" for value in self.values)
        return f"chooses alike whatever {quoted(self.channel)} shows ({shown})"

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        differs, where = np.zeros_like(part.there), self.counted(part)
        for value in self.values:
            changed = part.seen[where]
            changed[..., self.place] = value
            differs[where] |= (choices.ask(changed) != choices.possible[where]).any(-1)
        return differs

    def testable(self, part: Part, actions: int) -> Bool[np.ndarray, "N S"]:
        shown = part.seen[..., self.place].reshape(*part.there.shape, -1)
        return part.there & np.any([(shown != value).any(-1) for value in self.values], axis=0)


def indifferent(world: World, channel: str, *, seed: int = 0) -> Indifferent:
    """Returns the property of not minding a channel, over the values that it has in levels of the world.

    **Arguments:**

    - `world`: whose observations.
    - `channel`: one of its channels; contexts of a `SwitchedWorld` are channels, too.
    - `seed`: of the levels in which its values are looked up.

    **Raises:** `UnknownNameError` for a channel that an agent does not see, `UsageError` for one with too many values.
    """
    if channel not in world.channels:
        raise UnknownNameError(f"channel that an agent sees in world '{world.name}'", channel, world.channels)
    place = world.channels.index(channel)
    parts = [Distribution(world, name, drawn=64, seed=seed).part(0) for name in world.distributions]
    values = np.unique(np.concatenate([part.seen[part.there][..., place].ravel() for part in parts]))
    if len(values) > MOST_VALUES:
        raise UsageError(
            f"Channel '{channel}' shows {len(values):,} values or more in world '{world.name}'; indifference is "
            f"tried for channels with at most {MOST_VALUES}. Name a flag, such as a cue."
        )
    return Indifferent(channel, place, tuple(values.tolist()))


def property_named(world: World, *, always: str | None = None, never: str | None = None) -> Property:
    """Returns the property that a text names.

    **Arguments:**

    - `world`: whose actions, attributes, objectives and channels are meant.
    - `always`: names of actions, separated by commas; an attribute; `base-optimal`, `optimal:OBJECTIVE`;
      `indifferent:CHANNEL`.
    - `never`: names of actions, separated by commas, or an attribute. Exactly one of the two is given.

    **Raises:** `UnknownNameError` for a name that is none of these, `UsageError` unless one of the two is given.
    """
    if (always is None) == (never is None):
        raise UsageError("Say what shall hold: either what it always does (always=) or what it never does (never=).")
    text = always if never is None else never
    assert text is not None
    kind, _, name = text.partition(":")
    if always is not None and text == "base-optimal":
        return Optimal(compile_objectives(world).select(world.base_objective))
    if always is not None and kind == "optimal" and name:
        return Optimal(compile_objectives(world).select(name))
    if always is not None and kind == "indifferent" and name:
        return indifferent(world, name)
    words = tuple(word.strip() for word in text.split(","))
    synonyms: Mapping[str, str] = world.also_called
    if all(word in world.actions for word in words):
        return (NeverActions if never else AlwaysActions)(tuple(world.actions), words)
    known: Sequence[str] = (*world.actions, *world.attributes, *synonyms)
    if always is not None:
        known = (*known, "base-optimal", "optimal:NAME", "indifferent:CHANNEL")
    attribute = synonyms.get(text, text)
    if attribute not in world.attributes:
        raise UnknownNameError(f"action, attribute or property in world '{world.name}'", text, known)
    return (NeverHappens if never else AlwaysHappens)(tuple(world.attributes), attribute)


def _levels(levels: Level | None, wanted: Property) -> Level:
    if levels is None:
        raise UsageError(
            f"That it {wanted.words} is about levels, in which things happen; this is a set of observations only. Name "
            "actions that it never or always takes."
        )
    return levels
