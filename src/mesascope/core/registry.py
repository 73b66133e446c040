"""Registries: names to lazily imported things, open to other packages through entry points."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, TypeVar

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.text import quoted, shown

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One registered name.

    **Arguments:**

    - `name`: what users type.
    - `target`: `"module:attribute"`, imported only when it is used.
    - `summary`: one line for `mesascope list`.
    - `details`: further columns for `mesascope list`, JSON-ready.
    """

    name: str
    target: str
    summary: str
    details: tuple[tuple[str, str], ...] = ()


def load_target(target: str) -> object:
    """Imports `"module:attribute"`; the attribute may be one of an attribute (`"module:agent.actor"`).

    **Raises:** `UsageError` if the form is wrong, the module or attribute does not exist, or importing it fails in
    whatever way.
    """
    module_name, _, path = target.partition(":")
    if not module_name or not path:
        raise UsageError(f"{quoted(target)} is not of the form module:attribute.")
    module = load_module(module_name, source=target)
    found: object = module
    for attribute in path.split("."):
        owner = f"module {shown(module_name, limit=80)}" if found is module else f"the {type(found).__name__}"
        with code_of_others(owner.capitalize(), f"when asked for {quoted(attribute)}", error=UsageError):
            if not hasattr(found, attribute):
                public = [name for name in dir(found) if not name.startswith("_")]
                raise UnknownNameError(f"attribute in {owner}", attribute, public)
            found = getattr(found, attribute)
    return found


def load_module(name: str, *, source: str) -> ModuleType:
    """Imports a module.

    **Arguments:**

    - `name`: with dots.
    - `source`: the text that named it, for messages.

    **Raises:** `UsageError` if there is no such module, or importing it fails in whatever way.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"{quoted(name)} (from {quoted(source)}) cannot be the name of a module.")
    try:
        with code_of_others(f"Module {quoted(name)}", "when it was imported", error=UsageError):
            return importlib.import_module(name)
    except UsageError as error:
        if not isinstance(missing := error.__cause__, ModuleNotFoundError):
            raise
        raise UsageError(
            f"Cannot import {quoted(name)} (from {quoted(source)}): {shown(missing)}. "
            "Run from the folder that holds it, or set PYTHONPATH."
        ) from missing


@contextlib.contextmanager
def folder_importable(folder: str) -> Iterator[None]:
    """Lets modules of a folder be imported while something that the user named is resolved, and only then.

    It comes after everything that is installed: what lies beside a data file must not stand in for a library.

    **Arguments:**

    - `folder`: an absolute path.
    """
    # JAX looks for plug-ins when it starts, and must not find any in that folder.
    importlib.import_module("jax").devices()
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)


@contextlib.contextmanager
def current_folder_importable() -> Iterator[None]:
    """Lets modules of the current folder be imported; as `folder_importable`.

    **Raises:** `UsageError` if there is no current folder.
    """
    try:
        folder = os.getcwd()
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"The current folder cannot be read ({reason}); change to another one.") from error
    if "" in sys.path:
        yield
        return
    with folder_importable(folder):
        yield


def load_named_by_user(target: str) -> object:
    """Imports a `"module:attribute"` that the user typed, which may lie in the current folder; as `load_target`."""
    with current_folder_importable():
        return load_target(target)


class Registry(Generic[T]):
    """Names of one kind of thing.

    **Arguments:**

    - `kind`: singular, for messages (`"world"`).
    - `entries`: the built-in ones.
    - `group`: entry-point group that other packages register in (`"mesascope.worlds"`).
    """

    def __init__(self, kind: str, entries: tuple[Entry, ...], *, group: str):
        self.kind, self.group = kind, group
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            self._add(entry)
        self._discovered = False

    def _add(self, entry: Entry) -> None:
        if entry.name in self._entries:
            raise UsageError(
                f"Two {self.kind}s are named '{entry.name}': {self._entries[entry.name].target} and {entry.target}."
            )
        self._entries[entry.name] = entry

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        for point in importlib.metadata.entry_points(group=self.group):
            source = point.dist.name if point.dist else "another package"
            try:
                self._add(Entry(point.name, point.value, f"from {source}"))
            except UsageError as error:
                # A clash in someone else's package must not take every command down.
                warnings.warn(f"Ignoring the {self.kind} '{point.name}' of {source}: {error}", stacklevel=2)

    def __iter__(self) -> Iterator[Entry]:
        self._discover()
        return iter(self._entries.values())

    def names(self) -> tuple[str, ...]:
        """Returns every registered name, built-in ones first."""
        return tuple(entry.name for entry in self)

    def entry(self, name: str) -> Entry:
        """Returns the entry of a name; `UnknownNameError` suggests the nearest one."""
        self._discover()
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries)
        return self._entries[name]

    def load(self, name: str) -> T:
        """Imports and returns what a name stands for."""
        return load_target(self.entry(name).target)  # pyright: ignore[reportReturnType]
