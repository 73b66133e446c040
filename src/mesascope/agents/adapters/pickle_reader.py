"""The instructions of a pickle, followed one by one without running anything that the pickle names.

Values, lists, tuples and tables are built here. Whatever a pickle would look up, call or change goes to a subclass,
which knows a handful of names and refuses all others: there is no code that a file could reach. All protocols are
read, Python 2's texts among them, which become text by Latin-1 as of `pickle.load(..., encoding="latin1")`.
"""

from __future__ import annotations

import abc
import codecs
import io
import pickletools
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from mesascope.core.text import quoted, shown

MAXIMUM_INSTRUCTIONS: int = 400_000
"""Of one pickle: a second or so."""
MAXIMUM_BITS: int = 256
"""Of a whole number."""


class Refused(Exception):
    """Why a pickle is not read, in words that follow a colon."""


@dataclass(frozen=True)
class Global:
    """A name in a pickle, which was not looked up: `"module name"`."""

    name: str


class PickleReader(abc.ABC):
    """Follows the instructions of one pickle.

    **Arguments:**

    - `purpose`: what it should be, for messages (`"a table of arrays"`).
    """

    def __init__(self, purpose: str):
        self.purpose = purpose
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    @abc.abstractmethod
    def known(self, name: str) -> bool:
        """Returns whether a name is one of those that are understood."""

    @abc.abstractmethod
    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Returns what stands for the result of a call of a known name."""

    @abc.abstractmethod
    def build(self, target: Any, state: Any) -> None:
        """Sets the state of what a call returned."""

    def refer(self, reference: Any) -> Any:
        """Returns what stands for something that lies outside the pickle."""
        raise Refused("it refers to something outside the file")

    def run(self, pickle: bytes) -> Any:
        """Returns the value that the pickle ends with.

        **Raises:** `Refused`, whatever is in it.
        """
        try:
            with warnings.catch_warnings():
                # Escapes in texts that Python does not know; they are kept as they stand.
                warnings.simplefilter("ignore")
                for name, argument in _instructions(pickle):
                    if name in _VALUES:
                        self.stack.append(argument)
                    elif name in _STEPS:
                        _STEPS[name](self, argument)
                    else:
                        raise Refused(f"it holds the pickle instruction {name}, which {self.purpose} does not need")
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError, struct.error) as error:
            raise Refused(f"it is broken: {type(error).__name__}: {shown(error, limit=120)}") from error
        if len(self.stack) != 1:
            raise Refused("it is broken: it does not end with one value")
        return self.stack[0]

    def take(self, count: int) -> list[Any]:
        """Returns the last values of the stack, which are gone from it."""
        if count > len(self.stack) - (self.marks[-1] if self.marks else 0):
            raise Refused("it is broken: it takes more values than there are")
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def since_mark(self) -> list[Any]:
        """Returns the values since the last mark, which are gone from the stack."""
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def last(self, kind: type) -> Any:
        """Returns the last value of the stack, which stays there and must be of a kind."""
        value = self.stack[-1] if len(self.stack) > (self.marks[-1] if self.marks else 0) else None
        if type(value) is not kind:
            raise Refused(f"it fills a {kind.__name__} where there is none")
        return value

    def push_name(self, name: str) -> None:
        module, _, attribute = name.partition(" ")
        name = f"{_RENAMED.get(module, module)} {attribute}"
        if not self.known(name):
            raise Refused(f"it names {quoted(name)}, which {self.purpose} does not need; nothing was run")
        self.stack.append(Global(name))

    def push_call(self, function: Any, arguments: Any) -> None:
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise Refused("it calls what cannot be called")
        self.stack.append(self.call(function.name, arguments))

    def push_built(self, target: Any, state: Any) -> None:
        self.build(target, state)
        self.stack.append(target)

    def fill(self, values: list[Any]) -> None:
        table = self.last(dict)
        for name, value in pairs(values):
            if name in table:
                raise Refused("two entries of a table have one name")
            table[name] = value


def pairs(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yields names and values of a table, which stand one after the other.

    **Raises:** `Refused` for names that are not text, bytes, numbers, or tuples of these.
    """
    if len(values) % 2:
        raise Refused("a table has a name without a value")
    for name, value in zip(values[::2], values[1::2], strict=True):
        parts = name if isinstance(name, tuple) else (name,)
        if not all(map(_is_name, parts)):
            raise Refused("a table has a name that is no name")
        yield name, value


def _is_name(value: Any) -> bool:
    # Long numbers can be chosen so that all of them have one hash; a table of such would take for ever.
    if isinstance(value, int):
        return value.bit_length() <= 64
    return value is None or isinstance(value, str | bytes | float)


def _instructions(pickle: bytes) -> Iterator[tuple[str, Any]]:
    """Yields name and argument of each instruction, as `pickletools.genops` does but for Python 2's texts."""
    file = io.BytesIO(pickle)
    for _ in range(MAXIMUM_INSTRUCTIONS):
        instruction = _OPCODES.get(file.read(1).decode("latin-1"))
        if instruction is None:
            raise Refused("it is broken: it ends too early, or holds what is no instruction")
        name = instruction.name
        if name == "STOP":
            return
        if name == "STRING":
            argument = _text_in_quotes(file.readline())
        else:
            argument = None if instruction.arg is None else instruction.arg.reader(file)
        if type(argument) is int and argument.bit_length() > MAXIMUM_BITS and name in _VALUES:
            raise Refused("it holds a whole number that is too long")
        yield name, argument
    raise Refused(f"it has more than {MAXIMUM_INSTRUCTIONS:,} instructions")


def _text_in_quotes(line: bytes) -> str:
    # `pickletools` takes only ASCII here, but Python 2 wrote the bytes of arrays this way.
    text = line.rstrip(b"\r\n")
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise Refused("it is broken: a text without quotes")
    return cast(bytes, codecs.escape_decode(text[1:-1])[0]).decode("latin-1")


def _table(reader: PickleReader, _: Any) -> None:
    values = reader.since_mark()
    reader.stack.append({})
    reader.fill(values)


def _add_to_set(reader: PickleReader, _: Any) -> None:
    values = reader.since_mark()
    if not all(map(_is_name, values)):
        raise Refused("it fills a set with other than names and numbers")
    reader.last(set).update(values)


def _name_on_stack(reader: PickleReader, _: Any) -> None:
    module, name = reader.take(2)
    if not isinstance(module, str) or not isinstance(name, str) or " " in module:
        raise Refused("it names something by other than text")
    reader.push_name(f"{module} {name}")


def _remember(reader: PickleReader, place: int) -> None:
    reader.memory[place] = reader.stack[-1]


_OPCODES: dict[str, pickletools.OpcodeInfo] = {one.code: one for one in pickletools.opcodes}
_RENAMED: dict[str, str] = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
}
"""Modules by the names that they had before."""

_VALUES: frozenset[str] = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)

_STEPS: dict[str, Callable[[PickleReader, Any], Any]] = {
    "PROTO": lambda reader, _: None,
    "FRAME": lambda reader, _: None,
    "NONE": lambda reader, _: reader.stack.append(None),
    "NEWTRUE": lambda reader, _: reader.stack.append(True),
    "NEWFALSE": lambda reader, _: reader.stack.append(False),
    "EMPTY_DICT": lambda reader, _: reader.stack.append({}),
    "EMPTY_LIST": lambda reader, _: reader.stack.append([]),
    "EMPTY_TUPLE": lambda reader, _: reader.stack.append(()),
    "EMPTY_SET": lambda reader, _: reader.stack.append(set()),
    "MARK": lambda reader, _: reader.marks.append(len(reader.stack)),
    "POP": lambda reader, _: reader.take(1),
    "POP_MARK": lambda reader, _: reader.since_mark(),
    "DUP": lambda reader, _: reader.stack.append(reader.stack[-1]),
    "TUPLE": lambda reader, _: reader.stack.append(tuple(reader.since_mark())),
    "TUPLE1": lambda reader, _: reader.stack.append(tuple(reader.take(1))),
    "TUPLE2": lambda reader, _: reader.stack.append(tuple(reader.take(2))),
    "TUPLE3": lambda reader, _: reader.stack.append(tuple(reader.take(3))),
    "LIST": lambda reader, _: reader.stack.append(reader.since_mark()),
    "DICT": _table,
    "APPEND": lambda reader, _: (lambda one: reader.last(list).extend(one))(reader.take(1)),
    "APPENDS": lambda reader, _: (lambda many: reader.last(list).extend(many))(reader.since_mark()),
    "SETITEM": lambda reader, _: reader.fill(reader.take(2)),
    "SETITEMS": lambda reader, _: reader.fill(reader.since_mark()),
    "ADDITEMS": _add_to_set,
    "GLOBAL": lambda reader, name: reader.push_name(name),
    "STACK_GLOBAL": _name_on_stack,
    "REDUCE": lambda reader, _: reader.push_call(*reader.take(2)),
    "NEWOBJ": lambda reader, _: reader.push_call(*reader.take(2)),
    "BUILD": lambda reader, _: reader.push_built(*reader.take(2)),
    "BINPERSID": lambda reader, _: reader.stack.append(reader.refer(*reader.take(1))),
    "MEMOIZE": lambda reader, _: _remember(reader, len(reader.memory)),
    "PUT": _remember,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "GET": lambda reader, place: reader.stack.append(reader.memory[place]),
    "BINGET": lambda reader, place: reader.stack.append(reader.memory[place]),
    "LONG_BINGET": lambda reader, place: reader.stack.append(reader.memory[place]),
}
