"""Properties of agents: actions never or always taken, margins, optimality, what becomes of it, indifference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.text import quoted
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.proof.abstract_property import ActionProperty, Choices, Property, levels_of_part
from mesascope.proof.box import BadOutputs
from mesascope.proof.outcomes import can_be_avoided, can_happen, chance_of
from mesascope.proof.state_set import Part, distribution
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

ROUNDING: float = 1e-9
"""Probabilities that are solved for are right up to this."""
MOST_VALUES: int = 16
"""Values of one channel that are tried for indifference."""


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
            _known("action", name, self.actions)

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
    """Every action is optimal under a single objective, until that is attained."""

    objective: Objectives

    @property
    def words(self) -> str:
        return f"always takes an action that is optimal for {quoted(self.objective.names[0])}"

    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        return optimal_actions(optimal_action_values(levels_of_part(levels, self), self.objective)[0])

    def ends(self, levels: Level) -> Bool[np.ndarray, "N S A K"]:
        return np.asarray(np.asarray(levels.attributes) @ np.asarray(self.objective.stops[0]) > 0)

    def counted(self, part: Part) -> Bool[np.ndarray, "N S"]:
        levels = levels_of_part(part.levels, self)
        # What follows once the objective is attained says nothing about it.
        over = self.ends(levels) & (np.asarray(levels.probabilities) > 0)
        level, *_ = place = np.nonzero(over & np.asarray(levels.reachable)[..., None, None])
        attained = np.zeros_like(part.there)
        attained[level, np.asarray(levels.successors)[place]] = True
        return part.there & (~attained | (np.asarray(levels.initial) > 0))


@dataclass(frozen=True)
class Margin(Property):
    """One of the `actions` is likelier than another by a log-odds (difference of logits) of at least `least`."""

    actions: tuple[str, ...]
    action: str
    over: str
    least: float = 0.0

    def __post_init__(self):
        for name in (self.action, self.over):
            _known("action", name, self.actions)

    @property
    def words(self) -> str:
        return f"prefers {quoted(self.action)} to {quoted(self.over)} by a log-odds of at least {self.least:g}"

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        # Not a difference of logarithms, which a probability of 0 has not.
        one, other = (choices.policy[..., self.actions.index(name)] for name in (self.action, self.over))
        return ~(one > other * np.exp(self.least))

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
        _known("attribute", self.attribute, self.attributes)
        if not 0 <= self.at_most < 1:
            raise UsageError(f"A probability of at most {self.at_most:g} must be in [0, 1).")

    @property
    def words(self) -> str:
        what = f"lets {quoted(self.attribute)} happen"
        return f"never {what}" if self.at_most == 0 else f"{what} with a probability of at most {self.at_most:g}"

    def event(self, levels: Level | None) -> Bool[np.ndarray, "N S A K"]:
        """Returns the transitions in which it happens."""
        levels = levels_of_part(levels, self)
        there = np.asarray(levels.attributes)[..., self.attributes.index(self.attribute)] > 0
        return there & (np.asarray(levels.probabilities) > 0)

    def allowed(self, levels: Level | None) -> Bool[np.ndarray, "N S A"]:
        """Returns which actions do not bring it about at once: the part of it that one choice decides."""
        return np.asarray(~self.event(levels).any(-1))

    def violated(self, part: Part, choices: Choices) -> Bool[np.ndarray, "N S"]:
        levels, event = levels_of_part(part.levels, self), self.event(part.levels)
        if self.at_most == 0:
            return self._possible(levels, choices.possible, event)
        return chance_of(levels, choices.policy, event) > self.at_most + ROUNDING

    def testable(self, part: Part) -> Bool[np.ndarray, "N S"]:
        levels, event = levels_of_part(part.levels, self), self.event(part.levels)
        return part.there & self._possible(levels, np.ones(event.shape[:3], bool), event)

    def _possible(self, levels: Level, possible: np.ndarray, event: np.ndarray) -> np.ndarray:
        """Returns where the property fails, some possible actions being taken."""
        return can_happen(levels, possible, event)


class AlwaysHappens(NeverHappens):
    """An attribute happens sooner or later, with probability 1 whichever of its possible actions an agent takes.

    **Arguments:** as of `NeverHappens`, without `at_most`.
    """

    @property
    def words(self) -> str:
        return f"always makes {quoted(self.attribute)} happen sooner or later"

    def _possible(self, levels: Level, possible: np.ndarray, event: np.ndarray) -> np.ndarray:
        return can_be_avoided(levels, possible, event)


@dataclass(frozen=True, eq=False)
class Indifferent(Property):
    """The same actions are possible whatever one channel of the observation shows, everything else equal.

    **Arguments:**

    - `channel`, `place`: its name, and its place on the last axis of an observation.
    - `values`: that it is set to, everywhere at once.
    """

    channel: str
    place: int
    values: tuple[float, ...] = (0.0, 1.0)

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

    def testable(self, part: Part) -> Bool[np.ndarray, "N S"]:
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
    _known(f"channel that an agent sees in world '{world.name}'", channel, world.channels)
    place = world.channels.index(channel)
    parts = [distribution(world, name, drawn=64, seed=seed).part(0) for name in world.distributions]
    values = np.unique(np.concatenate([part.seen[part.there][..., place].ravel() for part in parts]))
    if len(values) > MOST_VALUES:
        why = f"indifference is tried for channels with at most {MOST_VALUES}. Name a flag, such as a cue."
        raise UsageError(f"Channel '{channel}' shows {len(values):,} values or more in world '{world.name}'; {why}")
    return Indifferent(channel, place, tuple(values.tolist()))


def property_named(
    world: World,
    *,
    always: str | None = None,
    never: str | None = None,
    base: str | None = None,
    at_most: float = 0.0,
) -> Property:
    """Returns the property that a text names.

    **Arguments:**

    - `world`: whose actions, attributes, objectives and channels are meant.
    - `always`: names of actions, separated by commas; an attribute; `base-optimal`, `optimal:OBJECTIVE`;
      `indifferent:CHANNEL`.
    - `never`: names of actions, separated by commas, or an attribute. Exactly one of the two is given.
    - `base`: the base objective; by default the world's.
    - `at_most`: probability with which an attribute may happen that never should.

    **Raises:** `UnknownNameError` for a name that is none of these, `UsageError` unless one of the two is given.
    """
    if (always is None) == (never is None):
        raise UsageError("Say what shall hold: either what it always does (always=) or what it never does (never=).")
    text = always or never or ""
    kind, _, name = text.partition(":")
    if always is not None and (text == "base-optimal" or (kind == "optimal" and name)):
        return Optimal(compile_objectives(world).select(name or base or world.base_objective))
    if always is not None and kind == "indifferent" and name:
        return indifferent(world, name)
    words = tuple(word.strip() for word in text.split(","))
    if all(word in world.actions for word in words):
        return (NeverActions if always is None else AlwaysActions)(tuple(world.actions), words)
    more = () if always is None else ("base-optimal", "optimal:NAME", "indifferent:CHANNEL")
    attribute = world.also_called.get(text, text)
    if attribute not in world.attributes:
        known = (*world.actions, *world.attributes, *world.also_called, *more)
        raise UnknownNameError(f"action, attribute or property in world '{world.name}'", text, known)
    if always is not None:
        return AlwaysHappens(tuple(world.attributes), attribute)
    return NeverHappens(tuple(world.attributes), attribute, at_most)


def _known(kind: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise UnknownNameError(kind, name, names)
