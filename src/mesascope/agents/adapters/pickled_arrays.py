"""Arrays from a pickle that somebody else made, without unpickling it.

The instructions of the pickle are read one by one with `pickletools`, on values that stand for arrays and tables. Of
the
names that a pickle can call, those that build a numpy array are understood here; a caller may allow others, and says
what each stands for. Everything else is refused, so that there is no code that a file could name.
"""

from __future__ import annotations

import math
import pickletools
import struct
import warnings
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mesascope.core.errors import UntrustedModelError

MAXIMUM_PICKLE_BYTES: int = 64 * 2**20
MAXIMUM_INSTRUCTIONS: int = 1_000_000
MAXIMUM_VALUES: int = 1_000_000
"""In all tables together: a table that holds another twice, and so on, would otherwise be endless."""
MAXIMUM_DIMENSIONS: int = 8
"""Of one array."""


class _AnyClass(Container[str]):
    def __contains__(self, name: object) -> bool:
        return True


ANY_CLASS: Container[str] = _AnyClass()
"""As `records`: whatever the pickle names is kept as a `Record`. Nothing is looked for, so nothing can run."""

KINDS: frozenset[str] = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
"""Types of numbers that are read, little-endian."""

Build = Callable[..., Any]
"""Takes the arguments of a call in a pickle, all of them plain values or arrays, and returns what it stands for."""


@dataclass
class Record:
    """An object of which only the values are read; its class is never looked for.

    **Arguments:**

    - `name`: of its class.
    - `arguments`: what it would have been made from.
    - `state`: what it would have been set to after that.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass
class _Kind:
    code: str


@dataclass
class _Holder:
    """What stands in memory for an array: it is filled after it was remembered."""

    array: np.ndarray | None = None


@dataclass(frozen=True)
class _Global:
    name: str


class _Refused(Exception):
    pass


@dataclass
class _Machine:
    """Follows the instructions of a pickle."""

    calls: Mapping[str, Build]
    records: Container[str]
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memory: dict[int, Any] = field(default_factory=dict)
    seen: int = 0

    def take(self, count: int) -> tuple[Any, ...]:
        if count > len(self.stack) - (self.marks[-1] if self.marks else 0):
            raise _Refused("it takes more values than there are")
        values = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return values

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def name(self, name: str) -> None:
        if (
            name not in _NUMPY | _SCALARS | _BUFFERS | _TABLES | _FACTORIES
            and name != _JAX
            and name not in self.calls
            and name not in self.records
        ):
            raise _Refused(f"it names {name[:100]!r}, which a table of arrays does not need; nothing was run")
        self.stack.append(_Global(name))

    def call(self) -> None:
        function, arguments = self.take(2)
        if not isinstance(function, _Global) or not isinstance(arguments, tuple):
            raise _Refused("it calls what cannot be called")
        if function.name in _TABLES:
            # A table that fills itself would call what it is given; ours does not.
            self.stack.append({})
        elif function.name == _JAX:
            # jax writes how numpy would make the array, and then numpy's description of it.
            self.stack += [_Holder(), arguments[2]]
            self.build()
        elif function.name in self.calls:
            self.stack.append(self.calls[function.name](*(self.plain(argument) for argument in arguments)))
        elif function.name.endswith(" _reconstruct"):
            self.stack.append(_Holder())
        elif function.name in _SCALARS:
            # A number that numpy made, and an array that it wrote in one piece: kind first, or bytes first.
            kind, data = arguments
            self.stack.append(_array(data, kind, ())[()])
        elif function.name in _BUFFERS:
            data, kind, shape, order = arguments
            if order != "C":
                raise _Refused("an array is of an unusual order")
            self.stack.append(_array(data, kind, shape))
        elif function.name == "numpy dtype":
            code = arguments[0]
            if code not in KINDS:
                raise _Refused(f"it holds numbers of the unusual kind {str(code)[:20]!r}")
            self.stack.append(_Kind(code))
        elif function.name in self.records:
            self.stack.append(Record(function.name, arguments))
        else:
            raise _Refused(f"it calls {function.name!r}, which is no function of arrays")

    def build(self) -> None:
        target, state = self.take(2)
        if isinstance(target, _Holder):
            if not isinstance(state, tuple) or len(state) != 5:
                raise _Refused("an array has an unusual state")
            _, shape, kind, columns_first, data = state
            if not isinstance(kind, _Kind) or columns_first is not False:
                raise _Refused("an array is of an unusual kind or order")
            target.array = array_of(data, kind.code, shape)
        elif isinstance(target, _Kind):
            if not isinstance(state, tuple) or state[1] not in ("<", "|"):
                raise _Refused("its numbers are not little-endian")
        elif isinstance(target, Record):
            target.state = state
        else:
            raise _Refused("it changes something other than an array")
        self.stack.append(target)

    def fill(self, values: list[Any]) -> None:
        table = self.stack[-1]
        if isinstance(table, Record):
            return
        if not isinstance(table, dict) or len(values) % 2:
            raise _Refused("it fills something other than a table")
        for name, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(name, str | bytes | int) or name in table:
                raise _Refused("the names of a table are doubled, or are not names")
            table[name] = value

    def extend(self, values: list[Any]) -> None:
        if isinstance(self.stack[-1], Record):
            # What a class of others collects is not looked at.
            return
        if not isinstance(self.stack[-1], list):
            raise _Refused("it lengthens something other than a list")
        self.stack[-1].extend(values)

    def run(self, pickle: bytes) -> Any:
        for number, (instruction, argument, _) in enumerate(pickletools.genops(pickle)):
            if number > MAXIMUM_INSTRUCTIONS:
                raise _Refused(f"it has more than {MAXIMUM_INSTRUCTIONS:,} instructions")
            name = instruction.name
            if name == "STOP":
                break
            if name in ("PROTO", "FRAME"):
                continue
            if name in _VALUES:
                self.stack.append(argument)
            elif name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name]())
            elif name in _STEPS:
                _STEPS[name](self, argument)
            else:
                raise _Refused(f"it holds the pickle instruction {name}, which a table of arrays does not need")
        (found,) = self.stack
        return self.plain(found)

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Returns a value with its arrays in place of what stood for them."""
        self.seen += 1
        if depth > 32:
            raise _Refused("its tables are nested too deeply")
        if self.seen > MAXIMUM_VALUES:
            raise _Refused("its tables hold too many values")
        if isinstance(value, _Holder):
            if value.array is None:
                raise _Refused("an array has no numbers")
            return value.array
        if isinstance(value, dict):
            return {name: self.plain(entry, depth + 1) for name, entry in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.plain(entry, depth + 1) for entry in value)
        if isinstance(value, Record):
            return Record(value.name, self.plain(value.arguments, depth + 1), self.plain(value.state, depth + 1))
        if isinstance(value, _Kind) and self.records is ANY_CLASS:
            return np.dtype(value.code)
        if isinstance(value, _Global) and value.name in self.records:
            return Record(value.name)
        if isinstance(value, _Kind | _Global):
            raise _Refused("it holds a name where a value should be")
        return value


def _array(data: object, kind: object, shape: object) -> np.ndarray:
    if not isinstance(kind, _Kind):
        raise _Refused("an array is of an unusual kind")
    return array_of(bytes(data) if isinstance(data, bytearray) else data, kind.code, shape)


def array_of(data: object, code: str, shape: object) -> np.ndarray:
    """Returns bytes as an array, after checking that they are as many as its shape implies.

    **Arguments:**

    - `data`: the numbers.
    - `code`: one of `KINDS`; a leading `<` may stand before it.
    - `shape`: a tuple of whole numbers.

    **Raises:** `ValueError` if they do not fit.
    """
    code = code.removeprefix("<").removeprefix("|") if isinstance(code, str) else ""
    if not isinstance(data, bytes) or code not in KINDS or not isinstance(shape, tuple):
        raise ValueError("an array lacks its numbers, their kind or its shape")
    if len(shape) > MAXIMUM_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("an array has an impossible shape")
    kind = np.dtype("<" + code)
    if math.prod(shape) * kind.itemsize != len(data):
        raise ValueError(f"an array of shape {list(shape)} and kind {code} has {len(data):,} bytes")
    return np.frombuffer(data, kind).reshape(shape).copy()


def read_pickled_arrays(
    content: bytes, *, path: object, calls: Mapping[str, Build] | None = None, records: Container[str] = frozenset()
) -> Any:
    """Returns what a pickle of arrays, tables and plain values describes, without running anything that it names.

    **Arguments:**

    - `content`: the pickle.
    - `path`: the file it comes from, for messages.
    - `calls`: further names (`"module name"`) that it may call, and what stands for each. They get what is in the file.
    - `records`: names of classes of which the values are kept, as a `Record`; `ANY_CLASS` for all.

    **Returns:** dictionaries, lists, tuples, plain values, numpy arrays and records.

    **Raises:** `UntrustedModelError` if it is anything else: it says what.
    """
    if len(content) > MAXIMUM_PICKLE_BYTES:
        raise UntrustedModelError(f"it has more than {MAXIMUM_PICKLE_BYTES:,} bytes.", path=path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Machine(calls or {}, records).run(content)
    except _Refused as error:
        raise UntrustedModelError(f"{error}.", path=path) from error
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        struct.error,
    ) as error:
        reason = f"it is broken: {type(error).__name__}: {str(error)[:200]}."
        raise UntrustedModelError(reason, path=path) from error


def _named_on_stack(machine: _Machine, _: Any) -> None:
    module, name = machine.take(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise _Refused("it names something by other than text")
    machine.name(f"{module} {name}")


def _new_object(machine: _Machine, _: Any) -> None:
    function, arguments = machine.take(2)
    if not isinstance(function, _Global) or function.name not in machine.records or not isinstance(arguments, tuple):
        raise _Refused("it makes an object that a table of arrays does not need")
    machine.stack.append(Record(function.name, arguments))


def _add_to_set(machine: _Machine, _: Any) -> None:
    values = machine.since_mark()
    if not isinstance(machine.stack[-1], set) or not all(isinstance(value, str) for value in values):
        raise _Refused("it fills something other than a set of names")
    machine.stack[-1].update(values)


_NUMPY: frozenset[str] = frozenset(
    {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"}
)
_SCALARS: frozenset[str] = frozenset({"numpy.core.multiarray scalar", "numpy._core.multiarray scalar"})
_BUFFERS: frozenset[str] = frozenset({"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"})
_TABLES: frozenset[str] = frozenset({"collections OrderedDict", "collections defaultdict"})
_FACTORIES: frozenset[str] = frozenset({"numpy array", "builtins list"})
_JAX: str = "jax._src.array _reconstruct_array"
_VALUES: frozenset[str] = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "LONG1"),
    }
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_SET": set,
}
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    "GLOBAL": lambda machine, name: machine.name(name),
    "STACK_GLOBAL": _named_on_stack,
    "NEWOBJ": _new_object,
    "ADDITEMS": _add_to_set,
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: machine.stack.append(machine.take(1)),
    "TUPLE2": lambda machine, _: machine.stack.append(machine.take(2)),
    "TUPLE3": lambda machine, _: machine.stack.append(machine.take(3)),
    "APPEND": lambda machine, _: machine.extend(list(machine.take(1))),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.fill(list(machine.take(2))),
    "SETITEMS": lambda machine, _: machine.fill(machine.since_mark()),
    "MEMOIZE": lambda machine, _: machine.memory.__setitem__(len(machine.memory), machine.stack[-1]),
    "BINPUT": lambda machine, place: machine.memory.__setitem__(place, machine.stack[-1]),
    "LONG_BINPUT": lambda machine, place: machine.memory.__setitem__(place, machine.stack[-1]),
    "BINGET": lambda machine, place: machine.stack.append(machine.memory[place]),
    "LONG_BINGET": lambda machine, place: machine.stack.append(machine.memory[place]),
}
