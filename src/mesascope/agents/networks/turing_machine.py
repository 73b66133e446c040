"""A neural Turing machine: a controller that reads from and writes to a tape, at addresses that can be watched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Dense
from mesascope.agents.networks.lstm import LSTM, LSTMSpec
from mesascope.agents.networks.network import Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey

SHIFTS: tuple[int, ...] = (-1, 0, 1)
"""By how many rows an address may move in a step."""
BLANK: float = 1e-6
"""What stands on a fresh tape; not zero, of which no direction could be told."""


@dataclass(frozen=True)
class TuringMachineSpec(NetworkSpec):
    """Size of a `TuringMachine`.

    **Arguments:**

    - `width`: of the controller's memory.
    - `rows`, `columns`: of the tape. A trained machine runs on a tape of any length.
    """

    architecture: ClassVar[str] = "turing-machine"
    memoryless: ClassVar[bool] = False

    width: int = 64
    rows: int = 24
    columns: int = 10

    def __post_init__(self):
        self.check_sizes("width", "rows", "columns")
        if self.rows < len(SHIFTS):
            raise UsageError(f"turing-machine: rows={self.rows} must be {len(SHIFTS)} or more.")


class Tape(NamedTuple):
    """What is remembered; both addresses begin at the first row, and are kept less that, so that zeros are a beginning.

    `written` is the tape less what stands on a fresh one.
    """

    written: Float[Array, "rows columns"]
    read_from: Float[Array, " rows"]
    write_to: Float[Array, " rows"]
    last_read: Float[Array, " columns"]
    controller: Float[Array, "2 width"]


@registered(TuringMachineSpec)
class TuringMachine(Network):
    """An LSTM controller with one head that reads and one that writes (Graves et al. 2014, §3).

    In a step the controller sees the observation and what was read last; the writing head erases and adds at its
    address, then the reading head reads. `read` and `write` are what the heads are told, in the order of `_moved`.
    """

    controller: LSTM
    read: Dense
    write: Dense
    answer: Dense
    spec: TuringMachineSpec = eqx.field(static=True)

    def __init__(self, spec: TuringMachineSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        keys, seen = jax.random.split(key, 4), math.prod(observation_shape) + spec.columns
        address = spec.columns + 3 + len(SHIFTS)
        # Its own heads are not used; they are of one number, so that the file of an agent stays small.
        self.controller = LSTM(LSTMSpec(width=spec.width, input_gain=3.0), (seen,), 1, key=keys[0])
        self.read = _fresh_head(spec, address, key=keys[1])
        self.write = _fresh_head(spec, address + 2 * spec.columns, key=keys[2])
        self.answer = Dense(spec.width + spec.columns, actions, key=keys[3])
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Tape
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Tape]:
        columns, first = self.spec.columns, jax.nn.one_hot(0, self.spec.rows)
        seen = jnp.concatenate([observation.reshape(-1), memory.last_read])
        _, value, controller = self.controller(seen, memory.controller)
        tape = memory.written + BLANK
        addressing = columns + 3 + len(SHIFTS)
        told = self.write(controller[0])
        writing, erased, added = jnp.split(told, [addressing, addressing + columns])
        write_to = at_site("write-address", _moved(writing, tape, memory.write_to + first))
        tape = tape * (1 - jnp.outer(write_to, jax.nn.sigmoid(erased))) + jnp.outer(write_to, jnp.tanh(added))
        read_from = at_site("read-address", _moved(self.read(controller[0]), tape, memory.read_from + first))
        found = at_site("found", read_from @ tape)
        answer = at_site("answer", self.answer(jnp.concatenate([controller[0], found])))
        return answer, value, Tape(tape - BLANK, read_from - first, write_to - first, found, controller)

    def initial_memory(self) -> Tape:
        rows, columns = self.spec.rows, self.spec.columns
        address = jnp.zeros(rows)
        controller = self.controller.initial_memory()
        return Tape(jnp.zeros((rows, columns)), address, address, jnp.zeros(columns), controller)


def _fresh_head(spec: TuringMachineSpec, outputs: int, *, key: RandomKey) -> Dense:
    """A head of a fresh machine: it moves rather than looks, and one that writes goes on by a row a step.

    From heads that look on a blank tape, or blur or erase what they wrote, no gradient led to the use of the tape
    within 2,000 updates. When to read, and from where, is left to be learned.
    """
    head = Dense(spec.width, outputs, gain=2.0, key=key)
    believed, clean, onward = spec.columns + 1, spec.columns + 2, spec.columns + 2 + len(SHIFTS)
    bias = head.bias.at[believed].set(-3.0).at[clean].set(2.0)
    if outputs > onward + 1:
        bias = bias.at[onward].set(3.0).at[onward + 1 : onward + 1 + spec.columns].set(-2.0)
    return eqx.tree_at(lambda dense: dense.bias, head, bias)


def _moved(
    told: Float[Array, " told"], tape: Float[Array, "rows columns"], address: Float[Array, " rows"]
) -> Float[Array, " rows"]:
    """Returns the next address of a head (there, §3.3).

    **Arguments:**

    - `told`: the key `[columns]` to look for, how sharply, how much of that is believed, how sharp the address shall
      be, and the shifts.
    - `tape`: that it moves over.
    - `address`: the last one.
    """
    key, (sharp, believed, clean), shifts = jnp.split(told, [tape.shape[1], tape.shape[1] + 3])
    norms = jnp.sqrt((tape**2).sum(1) * (key**2).sum() + 1e-12)
    found = jax.nn.softmax(jax.nn.softplus(sharp) * (tape @ key) / norms)
    gate = jax.nn.sigmoid(believed)
    mixed = gate * found + (1 - gate) * address
    rolled = jnp.stack([jnp.roll(mixed, shift) for shift in SHIFTS])
    powered = (jax.nn.softmax(shifts) @ rolled + 1e-12) ** (1 + jax.nn.softplus(clean))
    return powered / powered.sum()
