"""Fingerprints of Python objects: equal states give equal bytes, and random generators are told apart from the rest."""

from __future__ import annotations

import hashlib
import marshal
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from mesascope.core.errors import WorldError


@dataclass(frozen=True)
class Fingerprint:
    """Digests of an object: of its `state`, and of the `random` generators inside it; and the names `left_out`."""

    state: bytes
    random: bytes
    left_out: frozenset[str] = frozenset()


def fingerprint(
    value: Any,
    *,
    ignore: frozenset[str] = frozenset(),
    opaque: tuple[type, ...] = (),
    names: Mapping[int, int] | None = None,
    root: str = "environment",
) -> Fingerprint:
    """Returns the fingerprint of an object and everything it holds.

    **Arguments:**

    - `value`: any tree or graph of numbers, text, arrays, containers and objects.
    - `ignore`: attribute names that are left out wherever they occur.
    - `opaque`: types of which only the name counts.
    - `names`: identities (`id`) of objects that stand for themselves, and the number each is written as.
    - `root`: what the object is called in messages.

    **Raises:** `WorldError` naming the attribute that holds something without a state that Python can read.
    """
    walk = _Walk(ignore, opaque, names or {})
    walk.visit(value, root)
    return Fingerprint(walk.state.digest(), walk.random.digest(), frozenset(walk.left_out))


class _Walk:
    def __init__(self, ignore, opaque, names):
        self.ignore, self.opaque, self.names = ignore, opaque, names
        self.state, self.random = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)
        # Objects met before are written as their number: cycles end, and sharing is part of the state. Keeping the
        # objects themselves keeps their identities from being used again during the walk.
        self.met: dict[int, int] = {}
        self.kept: list[Any] = []
        self.left_out: set[str] = set()

    def write(self, tag: str, content: bytes = b"") -> None:
        self.state.update(f"{tag}:{len(content)};".encode())
        self.state.update(content)

    def visit(self, value: Any, path: str) -> None:
        if value is None or isinstance(value, bool | int | float | complex | str | np.generic):
            self.write("value", repr(value.item() if isinstance(value, np.generic) else value).encode())
        elif isinstance(value, bytes):
            self.write("bytes", value)
        elif id(value) in self.names:
            self.write("named", str(self.names[id(value)]).encode())
        elif isinstance(value, MethodType):
            self.write("method", value.__qualname__.encode())
            self.visit(value.__self__, path)
        elif isinstance(value, type | ModuleType | FunctionType | BuiltinFunctionType):
            self.write("code", f"{getattr(value, '__module__', '')}.{value.__name__}".encode())
        elif isinstance(value, self.opaque):
            self.write("opaque", type(value).__qualname__.encode())
        elif id(value) in self.met:
            self.write("again", str(self.met[id(value)]).encode())
        else:
            self.met[id(value)] = len(self.met)
            self.kept.append(value)
            self.enter(value, path)

    def enter(self, value: Any, path: str) -> None:
        if isinstance(value, np.random.Generator):
            self.random.update(repr(value.bit_generator.state).encode())
        elif isinstance(value, np.random.RandomState):
            self.random.update(repr(value.get_state()).encode())
        elif isinstance(value, random.Random):
            self.random.update(repr(value.getstate()).encode())
        elif isinstance(value, np.ndarray) and value.dtype != object:
            self.write(f"array {value.dtype} {value.shape}", np.ascontiguousarray(value).tobytes())
        elif isinstance(value, bytearray):
            self.write("bytes", bytes(value))
        elif isinstance(value, Mapping):
            self.visit_mapping(value, path)
        elif isinstance(value, list | tuple | np.ndarray):
            self.write(f"sequence {type(value).__name__} {len(value)}")
            for index, item in enumerate(value):
                self.visit(item, f"{path}[{index}]")
        elif isinstance(value, set | frozenset):
            parts = [fingerprint(item, ignore=self.ignore, opaque=self.opaque, names=self.names) for item in value]
            self.write("set", b"".join(sorted(part.state for part in parts)))
        else:
            self.visit_object(value, path)

    def visit_mapping(self, value: Mapping, path: str) -> None:
        self.write(f"mapping {len(value)}")
        texts = all(isinstance(key, str) for key in value)
        for key in sorted(value) if texts else list(value):
            if texts and key in self.ignore:
                self.left_out.add(key)
                continue
            self.visit(key, path)
            self.visit(value[key], f"{path}.{key}" if texts else f"{path}[{key!r}]")

    def visit_object(self, value: Any, path: str) -> None:
        kind = type(value)
        # Classes of C extensions may lack either name.
        self.write("object", f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', '')}".encode())
        if kind.__reduce__ is not object.__reduce__ or kind.__getstate__ is object.__getstate__:
            # Python's own way of taking an object apart; it fails for objects that keep state outside of Python.
            try:
                parts = value.__reduce_ex__(2)
            except Exception as error:
                name = path.rpartition(".")[2]
                # Inside a list of things it belongs to what is simulated; an attribute may be a window or a lock.
                advice = (
                    ""
                    if "[" in path
                    else f" Only if nothing that happens next depends on it, pass --world-option ignore={name}."
                )
                raise WorldError(
                    f"{path} holds a {kind.__name__}, whose state cannot be read (it lies outside of Python), so that "
                    f"states cannot be told apart and no exact level can be made.{advice}"
                ) from error
            if kind.__reduce__ is not object.__reduce__:
                # Arguments and state, then the items of a list or a dictionary, which come as iterators.
                self.visit([*parts[1:3], *(list(items or ()) for items in parts[3:5])], path)
                return
        slots = {name: getattr(value, name) for each in kind.__mro__ for name in _slots(each) if hasattr(value, name)}
        self.visit_mapping({**getattr(value, "__dict__", {}), **slots}, path)


def fields(
    value: Any, *, ignore: frozenset[str] = frozenset(), opaque: tuple[type, ...] = ()
) -> dict[str, tuple[bytes, float | None]]:
    """Returns what an object holds by the names of its attributes, wherever they occur in it: the names `ignore` takes.

    **Arguments:** as of `fingerprint`.

    **Returns:** for each name a digest of its values, and their size if they have one: the sum of whole numbers, or of
    the lengths of containers.
    """
    found: dict[str, list[tuple[bytes, float | None]]] = {}
    met: set[int] = set()

    def enter(holder: Any) -> None:
        if id(holder) in met:
            return
        met.add(id(holder))
        for name, held in (holder if isinstance(holder, dict) else vars(holder)).items():
            if name in ignore:
                continue
            if _holds_names(held) and not isinstance(held, opaque):
                enter(held)
            else:
                try:
                    # Plain data, such as a history, is digested fast; version 2 does not write what is shared.
                    digest = hashlib.blake2b(marshal.dumps(held, 2), digest_size=16).digest()
                except ValueError:
                    digest = fingerprint(held, ignore=ignore, opaque=opaque).state
                found.setdefault(name, []).append((digest, _size(held)))

    enter(value)
    return {
        name: (
            b"".join(digest for digest, _ in each),
            None if any(size is None for _, size in each) else float(sum(size or 0.0 for _, size in each)),
        )
        for name, each in found.items()
    }


def _holds_names(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(isinstance(key, str) for key in value)
    plain = (int, float, str, type, ModuleType, FunctionType, np.random.Generator, np.random.RandomState, random.Random)
    return isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, (*plain, np.ndarray))


def _size(value: Any) -> float | None:
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return float(value)
    return float(len(value)) if isinstance(value, list | tuple | dict | set | str) else None


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
