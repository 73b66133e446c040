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
from typing import Generic, TypeVar

from mesascope.core.errors import UnknownNameError, UsageError

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
    """Imports `"module:attribute"`.

    **Raises:** `UsageError` if the form is wrong or the module or attribute does not exist.
    """
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise UsageError(f"'{target}' is not of the form module:attribute.")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Cannot import '{module_name}' (from '{target}'): {error}. "
            "Run from the folder that holds it, or set PYTHONPATH."
        ) from error
    except Exception as error:
        raise UsageError(
            f"Importing '{module_name}' (from '{target}') failed: {type(error).__name__}: {error}"
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        public = [name for name in vars(module) if not name.startswith("_")]
        raise UnknownNameError(f"attribute in module {module_name}", attribute, public) from None


@contextlib.contextmanager
def current_folder_importable() -> Iterator[None]:
    """Lets modules of the current folder be imported: a console script, unlike `python -m`, does not look there."""
    folder = os.getcwd()
    added = folder not in sys.path and "" not in sys.path
    if added:
        sys.path.insert(0, folder)
    try:
        yield
    finally:
        if added:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)


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
