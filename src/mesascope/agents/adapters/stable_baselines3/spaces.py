"""The spaces of a Stable-Baselines3 file: of what numbers an observation is made, and how many actions there are."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mesascope.agents.adapters.pickled_arrays import Record
from mesascope.agents.adapters.stable_baselines3.fields import Fields
from mesascope.agents.header import MAXIMUM_ACTIONS, MAXIMUM_OBSERVATION
from mesascope.core.text import quoted

MAXIMUM_PARTS: int = 1000
"""Of a dictionary, and whole numbers of one observation."""

_FIELD = "observation_space"
_READ = ("Box", "Discrete", "MultiDiscrete", "MultiBinary")
_OTHER_ACTIONS = {
    "Box": "continuous numbers",
    "MultiDiscrete": "several choices at once",
    "MultiBinary": "several choices at once",
}


@dataclass(frozen=True)
class Part:
    """One array of an observation: the whole of it, or one entry of a dictionary.

    **Arguments:**

    - `name`: in the dictionary; empty if the observation is not one.
    - `kind`: name of its space.
    - `shape`: as the policy sees it, channels first for images; `()` for one whole number.
    - `counts`: numbers of values of its whole numbers, each of which is one-hot for the network; empty for arrays.
    - `image`: whether Stable-Baselines3 takes it for an image of bytes.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    counts: tuple[int, ...] = ()
    image: bool = False

    @property
    def size(self) -> int:
        """How many numbers it has, laid out flat with whole numbers one-hot, as `gymnasium.spaces.flatten` does."""
        return sum(self.counts) if self.counts else math.prod(self.shape)

    def text(self) -> str:
        """Returns what it is, for a message."""
        if self.kind == "Discrete":
            return f"whole numbers below {self.counts[0]}, or one-hot vectors [{self.counts[0]}]"
        if self.kind == "MultiDiscrete":
            return f"whole numbers below {list(self.counts)}, or one-hot vectors [{self.size}]"
        if self.image:
            channels, height, width = self.shape
            return f"images {[height, width, channels]} or {[channels, height, width]}"
        return f"arrays {list(self.shape)}"


@dataclass(frozen=True)
class Space:
    """The observation space of a policy.

    **Arguments:**

    - `parts`: in the order of the dictionary; one if it is none.
    - `dictionary`: whether it is one.
    - `notes`: what a reader must know.
    """

    parts: tuple[Part, ...]
    dictionary: bool
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers an observation has, laid out flat."""
        return sum(part.size for part in self.parts)


def read_actions(fields: Fields) -> int:
    """Returns how many actions there are.

    **Raises:** `UntrustedModelError` if they are not a choice among finitely many.
    """
    table = fields.table("action_space")
    kind = _kind(str(table.get(":type:")))
    if kind != "Discrete":
        what = f"{_OTHER_ACTIONS[kind]} (a {kind} space)" if kind in _OTHER_ACTIONS else f"a space of the kind {kind}"
        fields.refuse(
            f"its actions are {what}; only Discrete actions, a choice of one among finitely many, can be audited",
            "action_space",
        )
    count = fields.count(table, "action_space", "n")
    if not 1 <= count <= MAXIMUM_ACTIONS or fields.count(table, "action_space", "start", 0) != 0:
        fields.refuse("it has an impossible number of actions, or does not begin at 0", "action_space")
    return count


def read_space(fields: Fields) -> Space:
    """Returns the space of the observations.

    **Raises:** `UntrustedModelError` if it is broken, or of a kind that Stable-Baselines3 has not.
    """
    table = fields.table(_FIELD)
    kind = _kind(str(table.get(":type:")))
    if kind == "Dict":
        space = Space(_entries(fields), dictionary=True)
    else:
        notes: tuple[str, ...] = ()
        part = _part(fields, "", kind, table)
        if part.image and "..." in str(table.get("low")):
            notes = (
                "The bounds of its image observations are abridged in the file; they are taken to be 0 and 255 "
                "throughout.",
            )
        space = Space((part,), False, notes)
    if space.size > MAXIMUM_OBSERVATION:
        fields.refuse(f"one observation has more than {MAXIMUM_OBSERVATION:,} numbers", _FIELD)
    return space


def bounds_of(fields: Fields) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the least and the largest observation that the space admits; `None` if it is no array of numbers."""
    record = fields.pickled(_FIELD)
    state = record.state if isinstance(record, Record) and isinstance(record.state, dict) else {}
    low, high = state.get("low"), state.get("high")
    if isinstance(low, np.ndarray) and isinstance(high, np.ndarray) and low.shape == high.shape:
        return low, high
    return None


def _kind(text: str) -> str:
    found = re.fullmatch(r"(?:<class ')?gym(?:nasium)?\.spaces\.[a-z_]{1,30}[. ]([A-Za-z]{1,30})(?:'>)?", text[:120])
    return found.group(1) if found else "unknown"


def _entries(fields: Fields) -> tuple[Part, ...]:
    """The parts of a dictionary, which only the pickle tells: its text is made for people."""
    record = fields.pickled(_FIELD)
    state = record.state if isinstance(record, Record) and _kind(record.name) == "Dict" else None
    entries = state.get("spaces") if isinstance(state, dict) else None
    if not isinstance(entries, dict) or not 1 <= len(entries) <= MAXIMUM_PARTS:
        fields.refuse("its dictionary of spaces is missing, empty or too large", _FIELD)
    parts = []
    for name, entry in entries.items():
        if not isinstance(name, str) or not isinstance(entry, Record) or not isinstance(entry.state, dict):
            fields.refuse("an entry of its dictionary is not a space with a name", _FIELD)
        parts.append(_part(fields, name, _kind(entry.name), entry.state))
    return tuple(parts)


def _part(fields: Fields, name: str, kind: str, table: Mapping[str, Any]) -> Part:
    """One array, from the text of a space or from the values that its pickle sets."""
    if kind not in _READ:
        of = f" of {quoted(name)}" if name else ""
        fields.refuse(
            f"its observations{of} are a {kind} space; Box, Discrete, MultiDiscrete, MultiBinary and one dictionary of "
            "these are read",
            _FIELD,
        )
    if kind == "Discrete":
        states = fields.count(table, _FIELD, "n")
        if not 1 <= states <= MAXIMUM_OBSERVATION or fields.count(table, _FIELD, "start", 0) != 0:
            fields.refuse("it has an impossible number of values, or does not begin at 0", _FIELD)
        return Part(name, kind, (), (states,))
    if kind == "MultiDiscrete":
        counts = _whole_numbers(table.get("nvec"))
        starts = _whole_numbers(table.get("start", "[]"))
        if counts is None or not 1 <= len(counts) <= MAXIMUM_PARTS or min(counts) < 1 or starts is None or any(starts):
            fields.refuse("its whole numbers have no numbers of values, or do not begin at 0", _FIELD)
        return Part(name, kind, (len(counts),), counts)
    # Versions of Gym before 0.21 called it `shape`.
    shape = _whole_numbers(table.get("_shape", table.get("shape")))
    if shape is None or (shape and min(shape) < 1):
        fields.refuse("its shape is not a list of whole numbers", _FIELD)
    if len(shape) > 8 or math.prod(shape) > MAXIMUM_OBSERVATION:
        fields.refuse(f"one observation has more than {MAXIMUM_OBSERVATION:,} numbers", _FIELD)
    image = kind == "Box" and len(shape) == 3 and str(table.get("dtype")) == "uint8"
    return Part(name, kind, shape, (), image and _all(table.get("low"), 0) and _all(table.get("high"), 255))


def _whole_numbers(value: object) -> tuple[int, ...] | None:
    """A list of whole numbers, also where numpy has written it as text (`[3 4]`)."""
    if isinstance(value, str) and len(value) <= 10_000:
        text = re.sub(r"(?<=[0-9])\s+(?=[0-9])", ", ", value)
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.ndim == 1 else None
    if not isinstance(value, list | tuple) or not all(type(number) is int and number >= 0 for number in value):
        return None
    return tuple(value)


def _all(bound: object, number: int) -> bool:
    """Says whether a bound, as an array or as its text, is nothing but one number."""
    if isinstance(bound, np.ndarray):
        return bool((bound == number).all())
    return isinstance(bound, str) and set(re.findall(r"[^\s\[\]]+", bound)) - {"..."} == {str(number)}
