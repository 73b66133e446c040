"""Tensors from a file of `torch.save`, without PyTorch and without unpickling.

Such a file is a zip archive: one pickle that says which tensors there are, and one member of bare numbers for each. The
pickle is not executed: its instructions are read one by one with `pickletools`, and the dozen that a table of tensors
needs are understood. Everything else is refused, so that there is no code that a file could name.
"""

from __future__ import annotations

import math
import pickletools
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mesascope.agents.reading import read_archive
from mesascope.core.errors import UntrustedModelError

MAXIMUM_PICKLE_BYTES: int = 4 * 2**20
"""Of the table of tensors."""
MAXIMUM_DIMENSIONS: int = 8
"""Of one tensor."""
MAXIMUM_NUMBERS: int = 2**26
"""In all tensors together, which may share their numbers."""

_STORAGES: dict[str, str] = {"torch FloatStorage": "<f4", "torch DoubleStorage": "<f8", "torch HalfStorage": "<f2"}
_TABLE, _TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"


@dataclass(frozen=True)
class _Global:
    name: str


@dataclass(frozen=True)
class _Storage:
    dtype: np.dtype
    member: str
    numbers: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Refused(Exception):
    pass


def read_torch_weights(content: bytes, *, path: object, field: str) -> dict[str, np.ndarray]:
    """Returns the floating-point tensors of a saved `state_dict` by name.

    **Arguments:**

    - `content`: what `torch.save` wrote.
    - `path`, `field`: the file it comes from and its part, for messages.

    **Raises:** `UntrustedModelError` if it is anything but a table of tensors.
    """
    members = read_archive(content, path=str(path), field=field, wanted=lambda name: True)
    pickles = [name for name in members if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise UntrustedModelError("it does not hold one table of tensors (data.pkl).", path=path, field=field)
    prefix = pickles[0].removesuffix("data.pkl")
    if members.get(prefix + "byteorder", b"little") != b"little":
        raise UntrustedModelError("its numbers are not little-endian.", path=path, field=field)
    try:
        with warnings.catch_warnings():
            # pickletools warns of odd escapes in names, none of which is one that we take.
            warnings.simplefilter("ignore")
            table = _Reader(members[pickles[0]]).table()
        if sum(math.prod(tensor.shape) for tensor in table.values()) > MAXIMUM_NUMBERS:
            raise _Refused(f"its tensors have more than {MAXIMUM_NUMBERS:,} numbers")
        return {name: _array(tensor, members, prefix) for name, tensor in table.items()}
    except _Refused as error:
        raise UntrustedModelError(f"{error}.", path=path, field=f"{field} > data.pkl") from error
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error) as error:
        reason = f"its table of tensors is broken: {type(error).__name__}: {str(error)[:200]}."
        raise UntrustedModelError(reason, path=path, field=f"{field} > data.pkl") from error


def _array(tensor: _Tensor, members: dict[str, bytes], prefix: str) -> np.ndarray:
    storage = tensor.storage
    data = members.get(f"{prefix}data/{storage.member}")
    if data is None or len(data) != storage.numbers * storage.dtype.itemsize:
        raise _Refused(f"the numbers of tensor storage '{storage.member[:20]}' are missing, too few or too many")
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    # A stride of zero would make a huge tensor of few numbers.
    if math.prod(tensor.shape) > storage.numbers or 0 in tensor.shape or last >= storage.numbers:
        raise _Refused("a tensor reaches beyond its numbers")
    flat = np.frombuffer(data, storage.dtype)
    indices = np.full(tensor.shape, tensor.offset, np.int64)
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.strides, strict=True)):
        steps = np.arange(size, dtype=np.int64) * stride
        indices += steps.reshape([-1 if other == axis else 1 for other in range(len(tensor.shape))])
    return np.asarray(flat[indices])


class _Reader:
    """Follows the instructions of a pickle on values that stand for tensors, and builds nothing else."""

    def __init__(self, pickle: bytes):
        if len(pickle) > MAXIMUM_PICKLE_BYTES:
            raise _Refused(f"it has more than {MAXIMUM_PICKLE_BYTES:,} bytes")
        self.pickle = pickle
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def table(self) -> dict[str, _Tensor]:
        """Returns the table that the pickle describes."""
        for instruction, argument, _ in pickletools.genops(self.pickle):
            name = instruction.name
            if name == "STOP":
                break
            if name in ("PROTO", "FRAME"):
                continue
            if name not in _INSTRUCTIONS:
                raise _Refused(f"it holds the pickle instruction {name}, which a table of tensors does not need")
            _INSTRUCTIONS[name](self, argument)
        (found,) = self.stack
        tensors = isinstance(found, dict) and all(
            isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in found.items()
        )
        if not tensors:
            raise _Refused("it is not a table of tensors")
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self, argument: Any) -> None:
        self.marks.append(len(self.stack))

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def take(self, count: int) -> tuple[Any, ...]:
        if count > len(self.stack):
            raise _Refused("it takes more values than there are")
        values = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return values

    def name(self, argument: str) -> None:
        if argument not in (_TABLE, _TENSOR) and argument not in _STORAGES:
            raise _Refused(f"it names {argument[:100]!r}, which a table of tensors does not need; nothing was run")
        self.push(_Global(argument))

    def call(self, argument: Any) -> None:
        function, arguments = self.take(2)
        if function == _Global(_TABLE) and arguments == ():
            self.push({})
        elif function == _Global(_TENSOR):
            storage, offset, shape, strides = arguments[:4]
            short = max(len(shape), len(strides)) <= MAXIMUM_DIMENSIONS
            if not short or not all(type(number) is int and number >= 0 for number in (offset, *shape, *strides)):
                raise _Refused("a tensor has an impossible shape")
            if not isinstance(storage, _Storage):
                raise _Refused("a tensor has no numbers")
            self.push(_Tensor(storage, offset, tuple(shape), tuple(strides)))
        else:
            raise _Refused("it calls what cannot be called")

    def refer(self, argument: Any) -> None:
        (reference,) = self.take(1)
        word, kind, member, _, numbers = reference
        if word != "storage" or type(numbers) is not int or not isinstance(member, str) or numbers < 0:
            raise _Refused("it refers to something other than numbers")
        if not isinstance(kind, _Global) or kind.name not in _STORAGES:
            raise _Refused("it refers to numbers of an unusual kind")
        self.push(_Storage(np.dtype(_STORAGES[kind.name]), member, numbers))

    def set_items(self, values: list[Any]) -> None:
        table = self.stack[-1]
        if not isinstance(table, dict) or len(values) % 2:
            raise _Refused("it fills something other than a table")
        for name, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(name, str) or name in table:
                raise _Refused("two entries of a table have one name")
            table[name] = value

    def forget_attributes(self, argument: Any) -> None:
        # `state_dict` hangs version numbers of modules onto its table; the tensors do not depend on them.
        self.take(1)


_INSTRUCTIONS: dict[str, Callable[[_Reader, Any], None]] = {
    "GLOBAL": _Reader.name,
    "MARK": _Reader.mark,
    "REDUCE": _Reader.call,
    "BINPERSID": _Reader.refer,
    "BUILD": _Reader.forget_attributes,
    "EMPTY_DICT": lambda reader, _: reader.push({}),
    "EMPTY_TUPLE": lambda reader, _: reader.push(()),
    "TUPLE": lambda reader, _: reader.push(tuple(reader.since_mark())),
    "TUPLE1": lambda reader, _: reader.push(reader.take(1)),
    "TUPLE2": lambda reader, _: reader.push(reader.take(2)),
    "TUPLE3": lambda reader, _: reader.push(reader.take(3)),
    "NONE": lambda reader, _: reader.push(None),
    "NEWFALSE": lambda reader, _: reader.push(False),
    "NEWTRUE": lambda reader, _: reader.push(True),
    "BININT": lambda reader, number: reader.push(number),
    "BININT1": lambda reader, number: reader.push(number),
    "BININT2": lambda reader, number: reader.push(number),
    "BINUNICODE": lambda reader, text: reader.push(text),
    "SHORT_BINUNICODE": lambda reader, text: reader.push(text),
    "BINPUT": lambda reader, place: reader.memory.__setitem__(place, reader.stack[-1]),
    "LONG_BINPUT": lambda reader, place: reader.memory.__setitem__(place, reader.stack[-1]),
    "BINGET": lambda reader, place: reader.push(reader.memory[place]),
    "LONG_BINGET": lambda reader, place: reader.push(reader.memory[place]),
    "SETITEM": lambda reader, _: reader.set_items(list(reader.take(2))),
    "SETITEMS": lambda reader, _: reader.set_items(reader.since_mark()),
}
