"""Arrays from a pickle that somebody else made, without unpickling it.

Of the names that a pickle can call, those that build a numpy array are understood here, in the forms of all versions of
numpy and Python; a caller may allow others, and says what each stands for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mesascope.agents.adapters.pickle_reader import Global, PickleReader, Refused, pairs
from mesascope.agents.reading import KINDS, array_of, read_model_file
from mesascope.core.errors import UntrustedModelError
from mesascope.core.text import quoted

MAXIMUM_PICKLE_BYTES: int = 64 * 2**20
MAXIMUM_VALUES: int = 1_000_000
"""In all tables together: a table that holds another twice, and so on, would otherwise be endless."""
MAXIMUM_DEPTH: int = 32
"""Of tables in tables."""


class _AnyClass(Container[str]):
    def __contains__(self, name: object) -> bool:
        return True


ANY_CLASS: Container[str] = _AnyClass()
"""As `records`: whatever the pickle names is kept as a `Record`. Nothing is looked for, so nothing can run."""

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
    """What stands for a dtype: its order of bytes comes after it was remembered."""

    code: str
    order: str = "<"


@dataclass
class _Holder:
    """What stands in memory for an array: it is filled after it was remembered."""

    array: np.ndarray | None = None


@dataclass(frozen=True)
class _Plain:
    """A value without anything that stands for another; how many values are in it, and how deep."""

    value: Any
    size: int = 1
    height: int = 0


class _ArrayReader(PickleReader):
    """Reads the pickle of arrays; all of them together have no more bytes than the pickle.

    **Arguments:**

    - `calls`, `records`: as of `load_pickled_arrays`.
    - `size`: bytes of the pickle.
    """

    def __init__(self, calls: Mapping[str, Build], records: Container[str], size: int):
        super().__init__("a table of arrays")
        self.calls, self.records, self.left = calls, records, size
        self.visited = 0

    def known(self, name: str) -> bool:
        return name in _BUILDERS or name in _WORDS or name in self.calls or name in self.records

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name in self.calls:
            return self.calls[name](*(self.plain(argument) for argument in arguments))
        if name in _BUILDERS:
            return _BUILDERS[name](self, *arguments)
        if name in self.records:
            return Record(name, arguments)
        raise Refused(f"it calls {quoted(name)}, which is no function of arrays")

    def last(self, kind: type) -> Any:
        # What a class of others collects is not looked at.
        return kind() if self.stack and isinstance(self.stack[-1], Record) else super().last(kind)

    def fill(self, values: list[Any]) -> None:
        if not (self.stack and isinstance(self.stack[-1], Record)):
            super().fill(values)

    def build(self, target: Any, state: Any) -> None:
        if isinstance(target, _Holder):
            if not isinstance(state, tuple) or len(state) not in (4, 5):
                raise Refused("an array has an unusual state")
            shape, kind, columns_first, data = state[-4:]
            target.array = self.array(data, kind, shape, columns_first=bool(columns_first))
        elif isinstance(target, _Kind):
            if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|"):
                raise Refused("an array has an unusual order of bytes")
            target.order = state[1]
        elif isinstance(target, Record):
            target.state = state
        else:
            raise Refused("it changes something other than an array")

    def array(self, data: Any, kind: Any, shape: Any, *, columns_first: bool) -> np.ndarray:
        """Returns an array in this machine's order of bytes, counted before it is made."""
        if not isinstance(kind, _Kind):
            raise Refused("an array lacks the kind of its numbers")
        if isinstance(data, str):
            # Python 2 had no bytes.
            data = data.encode("latin-1")
        if isinstance(data, bytes | bytearray):
            self.left -= len(data)
            if self.left < 0:
                raise Refused("its arrays share their numbers, and have more bytes together than the file")
        return array_of(data, kind.code, shape, order=kind.order, columns_first=columns_first)

    def plain(self, value: Any) -> Any:
        """Returns a value with its arrays in place of what stood for them."""
        return self._plain(value, 0, {}).value

    def _plain(self, value: Any, depth: int, found: dict[int, _Plain]) -> _Plain:
        # What occurs in several places is looked at once, but counted in all of them: a few bytes can stand for 2^30.
        if isinstance(value, _Kind) and self.records is ANY_CLASS:
            return _Plain(np.dtype(value.code))
        if isinstance(value, Global) and value.name in self.records:
            return _Plain(Record(value.name))
        if isinstance(value, _Kind | Global):
            raise Refused("it holds a name where a value should be")
        if isinstance(value, _Holder):
            if value.array is None:
                raise Refused("an array has no numbers")
            return _Plain(value.array)
        if not isinstance(value, dict | list | tuple | Record):
            return _Plain(value)
        if id(value) not in found:
            self.visited += 1
            if depth > MAXIMUM_DEPTH:
                raise Refused("its tables are nested too deeply")
            parts = (value.arguments, value.state) if isinstance(value, Record) else value
            listed = parts.values() if isinstance(parts, dict) else parts
            entries = [self._plain(part, depth + 1, found) for part in listed]
            inner = [entry.value for entry in entries]
            if isinstance(value, dict):
                made: Any = dict(zip(value, inner, strict=True))
            else:
                made = Record(value.name, *inner) if isinstance(value, Record) else type(value)(inner)
            size, height = 1 + sum(entry.size for entry in entries), 1 + max((one.height for one in entries), default=0)
            found[id(value)] = _Plain(made, size, height)
        plain = found[id(value)]
        if max(plain.size, self.visited) > MAXIMUM_VALUES:
            raise Refused("its tables hold too many values")
        if depth + plain.height > MAXIMUM_DEPTH + 1:
            raise Refused("its tables are nested too deeply")
        return plain


def load_pickled_arrays(
    path: str | os.PathLike, *, records: Container[str] = frozenset(), maximum_bytes: int = MAXIMUM_PICKLE_BYTES
) -> Any:
    """Returns what a pickle file of arrays, tables and plain values holds, without running anything that it names.

    All protocols are read, those of Python 2 included (its texts by Latin-1), and arrays as every version of numpy
    wrote them.

    **Arguments:**

    - `path`: the file.
    - `records`: names of classes (`"module name"`) of which the values are kept, as a `Record`; `ANY_CLASS` for all.
    - `maximum_bytes`: the cap.

    **Returns:** dictionaries, lists, tuples, sets, plain values, numpy arrays and records.

    **Raises:** `UsageError` if it cannot be read; `UntrustedModelError` if it is anything else: it says what.
    """
    return read_pickled_arrays(read_model_file(path, maximum_bytes=maximum_bytes), path=path, records=records)


def read_pickled_arrays(
    content: bytes, *, path: object, calls: Mapping[str, Build] | None = None, records: Container[str] = frozenset()
) -> Any:
    """Returns what the bytes of a pickle describe; see `load_pickled_arrays`.

    **Arguments:**

    - `content`: the pickle.
    - `path`: the file that it comes from, for messages.
    - `calls`: further names (`"module name"`) that it may call, and what stands for each. They get what is in the file.
    - `records`: as of `load_pickled_arrays`.
    """
    if len(content) > MAXIMUM_PICKLE_BYTES:
        raise UntrustedModelError(f"it has more than {MAXIMUM_PICKLE_BYTES:,} bytes.", path=path)
    reader = _ArrayReader(calls or {}, records, len(content))
    try:
        return reader.plain(reader.run(content))
    except Refused as error:
        raise UntrustedModelError(f"{error}.", path=path) from error


def _encoded(reader: _ArrayReader, text: Any, encoding: Any) -> bytes:
    # As Python 3 writes bytes where Python 2 may read them.
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refused("it encodes a text in an unusual way")
    return text.encode("latin-1")


def _bytes(reader: _ArrayReader, data: Any = b"") -> Any:
    if not isinstance(data, bytes | bytearray):
        raise Refused("it makes bytes from something else")
    return data


def _kind(reader: _ArrayReader, code: Any, *_: Any) -> _Kind:
    if code not in KINDS:
        raise Refused(f"it holds numbers of the unusual kind {quoted(code, limit=20)}")
    return _Kind(code)


def _empty_array(reader: _ArrayReader, family: Any, *_: Any) -> _Holder:
    if family != Global("numpy ndarray"):
        raise Refused("it holds an unusual family of arrays")
    return _Holder()


def _array_from_buffer(reader: _ArrayReader, data: Any, kind: Any, shape: Any, order: Any = "C") -> _Holder:
    return _Holder(reader.array(data, kind, shape, columns_first=order == "F"))


def _scalar(reader: _ArrayReader, kind: Any, data: Any) -> Any:
    return reader.array(data, kind, (), columns_first=False)[()]


def _table(reader: _ArrayReader, *arguments: Any) -> dict[Any, Any]:
    # A table that fills itself would call what it is given; ours does not.
    table: dict[Any, Any] = {}
    if len(arguments) == 1 and isinstance(arguments[0], list):
        flat = [part for entry in arguments[0] for part in entry]
        table.update(pairs(flat))
        if 2 * len(table) != len(flat):
            raise Refused("two entries of a table have one name")
    return table


def _jax_array(reader: _ArrayReader, function: Any, arguments: Any, state: Any, *_: Any) -> _Holder:
    # jax writes how numpy would make the array, and then numpy's description of it.
    holder = _Holder()
    reader.build(holder, state)
    return holder


def _record(reader: _ArrayReader, family: Any, base: Any, state: Any) -> Record:
    # As Python 2 makes an object of a class.
    if not isinstance(family, Global) or family.name not in reader.records:
        raise Refused("it makes an object that a table of arrays does not need")
    return Record(family.name, () if state is None else (state,))


_BUILDERS: dict[str, Callable[..., Any]] = {
    "numpy._core.multiarray _reconstruct": _empty_array,
    "numpy._core.multiarray scalar": _scalar,
    "numpy._core.numeric _frombuffer": _array_from_buffer,
    "numpy dtype": _kind,
    "jax._src.array _reconstruct_array": _jax_array,
    "collections OrderedDict": _table,
    "collections defaultdict": _table,
    "copyreg _reconstructor": _record,
    "_codecs encode": _encoded,
    "builtins bytes": _bytes,
    "builtins bytearray": _bytes,
}
_WORDS: frozenset[str] = frozenset(
    {"numpy ndarray", "numpy array", "builtins list", "builtins dict", "builtins object"}
)
"""Names that are passed on and never called."""
