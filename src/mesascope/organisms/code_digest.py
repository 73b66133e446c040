"""What code an answer hangs on: the files that others import, and a digest of what stands in them."""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import site
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from mesascope.core.provenance import versions

PACKAGE: Path = Path(__file__).resolve().parents[1]
"""Where the auditor's own code lies."""


def digest_of(paths: Iterable[Path], *, root: Path, endings: tuple[str, ...] = ("py", "json")) -> str:
    """Returns a digest of the names and contents of files, and of those in folders that end in some way.

    **Arguments:**

    - `paths`: in any order.
    - `root`: the folder from which files are named, so that the same tree elsewhere has the same digest.
    - `endings`: of files that count in a folder.

    **Raises:** `OSError` if a file cannot be read.
    """
    files = set[Path]()
    for path in paths:
        files |= {path} if path.is_file() else {file for ending in endings for file in path.rglob(f"*.{ending}")}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(Path(os.path.relpath(file, root)).as_posix().encode(errors="surrogateescape") + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def auditor_digest() -> str:
    """Returns a digest of the auditor's own code, of the numbers it was given, and of the versions that it runs on."""
    return f"{digest_of([PACKAGE], root=PACKAGE)} {versions()}"


def code_reached(files: Iterable[Path], *, folders: Sequence[Path], counts: Callable[[Path], bool]) -> set[Path]:
    """Returns some files and all that they import, directly or not, wherever in them the import stands.

    What is imported by a name that is only made while code runs is not found.

    **Arguments:**

    - `files`: from which to go; they count in any case.
    - `folders`: where modules are looked for, in order.
    - `counts`: whether an imported file does; what that imports in turn is not asked otherwise.
    """
    left, found = [_absolute(file) for file in files], set[Path]()
    while left:
        file = left.pop()
        if file in found:
            continue
        found.add(file)
        for name, level in _imports(file):
            where = folders if level == 0 else file.parents[level - 1 : level]
            left += [one for one in files_of_module(name, where) if counts(one)]
    return found


def files_of_module(name: str, folders: Sequence[Path]) -> list[Path]:
    """Returns the files of a module, and of the packages that it lies in.

    **Arguments:**

    - `name`: with dots; its end may be a name in a module.
    - `folders`: as of `code_reached`.
    """
    parts = name.split(".")
    for folder in folders:
        stems = [folder.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
        files = [file for stem in stems for file in (stem / "__init__.py", stem.parent / f"{stem.name}.py")]
        if found := [_absolute(file) for file in files if os.path.isfile(file)]:
            return found
    return []


def is_installed(file: Path) -> bool:
    """Returns whether a file is Python's, of an installed package, or the auditor's: what versions and digest name."""
    return not _installed().isdisjoint(file.resolve().parents)


@functools.cache
def _installed() -> frozenset[Path]:
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    return frozenset({PACKAGE, *(Path(folder).resolve() for folder in folders)})


def _imports(file: Path) -> Iterator[tuple[str, int]]:
    """Yields the names that a file imports, and how many folders up each one starts; 0 for those found anywhere."""
    if file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        # Python cannot import it either.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((one.name, 0) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            # What comes from a package may be a module of it.
            yield from ((".".join(filter(None, (node.module, one.name))), node.level) for one in node.names)


def _absolute(file: Path) -> Path:
    # A link stands for a file beside those that are beside the link.
    return file.parent.resolve() / file.name
