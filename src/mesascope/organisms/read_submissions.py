"""Submissions from a folder, a file or a module: what others wrote is run behind the boundary, and what is bad is
named."""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UsageError
from mesascope.core.registry import folder_importable, load_named_by_user
from mesascope.core.text import quoted, shown
from mesascope.organisms.code_digest import code_reached, digest_of, files_of_module, is_installed
from mesascope.organisms.submission import Submission

ATTRIBUTE: str = "submissions"
"""What a module of submissions has: a list of them, or a function without arguments that returns one."""
MOST: int = 10_000
"""Submissions that a module may hold."""


@dataclass(frozen=True)
class Refused:
    """What was brought and is no submission.

    **Arguments:**

    - `name`: where it stands.
    - `reason`: why it is none, and what to do.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Brought:
    """What a folder, a file or a module holds.

    **Arguments:**

    - `submissions`: checked, with unique names.
    - `refused`: what is none.
    - `digest`: of all code that they hang on: what was read, what that imports and is not installed, and the files and
      modules that agents and worlds are named by. Not of data that their code reads, which nobody can know beforehand.
    """

    submissions: tuple[Submission, ...]
    refused: tuple[Refused, ...]
    digest: str


def read_submissions(text: str) -> Brought:
    """Returns the submissions that a text means.

    **Arguments:**

    - `text`: a folder of `.py` files, of which those whose names begin with `_` are helpers of the others; one such
      file; or a module that Python finds, `"package.module"` or `"package.module:attribute"`.

    **Raises:** `UsageError` if there is no such thing, or no submission in it.
    """
    path, before = Path(text), set(sys.modules)
    if path.is_dir():
        files = sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        if not files:
            raise UsageError(f"{quoted(path, limit=200)} holds no .py file that could hold submissions.")
        sources = [(file.name, _reader(file)) for file in files]
        code = sorted(path.glob("*.py"))
    elif path.suffix == ".py":
        if not path.is_file():
            raise UsageError(f"There is no file {quoted(path, limit=200)}.")
        sources, code = [(path.name, _reader(path))], [path]
    else:
        target = text if ":" in text else f"{text}:{ATTRIBUTE}"
        found = load_named_by_user(target)
        sources, code = [(text, lambda: found)], _files_of([target.partition(":")[0]])
    kept: dict[str, Submission] = {}
    refused: list[Refused] = []
    for name, read in sources:
        try:
            entries = _entries(name, read())
        except UsageError as error:
            refused.append(Refused(name, str(error)))
            continue
        for place, entry in enumerate(entries, 1):
            reason = _fault(entry, kept)
            if reason is None:
                assert isinstance(entry, Submission)
                kept[entry.name] = entry
            else:
                own = shown(getattr(entry, "name", ""), limit=80) if isinstance(entry, Submission) else ""
                refused.append(Refused(own or f"{name}, submission {place}", reason))
    if not kept:
        told = "; ".join(f"{one.name}: {one.reason}" for one in refused[:3]) or "it is empty"
        raise UsageError(f"There is no submission in {quoted(text, limit=200)}: {told}")
    # Modules that were imported by a name made up at run time are there by now.
    code += _files_of(set(sys.modules) - before)
    return Brought(tuple(kept.values()), tuple(refused), _digest(code, kept.values()))


def _reader(file: Path) -> Callable[[], object]:
    def read() -> object:
        name = f"submitted_{file.stem}"
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise UsageError(f"{quoted(file, limit=200)} is no Python file.")
        module = importlib.util.module_from_spec(spec)
        # Dataclasses look their module up.
        sys.modules[name] = module
        with (
            folder_importable(str(file.parent.resolve())),
            code_of_others(f"Module {quoted(file.name)}", "when it was imported", error=UsageError),
        ):
            spec.loader.exec_module(module)
        if not hasattr(module, ATTRIBUTE):
            raise UsageError(
                f"It has no `{ATTRIBUTE}`: a list of `mesascope.Submission(...)`, or a function that returns one. A "
                "file that only helps others begins with an underscore."
            )
        return getattr(module, ATTRIBUTE)

    return read


def _entries(name: str, found: object) -> list[object]:
    with code_of_others(f"Module {quoted(name)}", "when asked for its submissions", error=UsageError):
        entries = found() if callable(found) and not isinstance(found, Submission) else found
        if isinstance(entries, Submission):
            return [entries]
        listed = list(itertools.islice(iter(entries), MOST + 1))  # pyright: ignore[reportArgumentType, reportCallIssue]
    if len(listed) > MOST:
        raise UsageError(f"It holds more than {MOST:,} submissions; bring some of them.")
    return listed


def _fault(entry: object, kept: dict[str, Submission]) -> str | None:
    """Returns why something is no submission; `None` if it is one."""
    if not isinstance(entry, Submission):
        kind = shown(type(entry).__name__, limit=80)
        return f"It is a {kind}; make each one with `mesascope.Submission(name=..., kind=..., world=..., truth=...)`."
    try:
        # A class of theirs may be derived from ours.
        with code_of_others("A submission", "when it was looked at", error=UsageError):
            entry.check()
    except UsageError as error:
        return str(error)
    return "Another submission has the same name; each needs one of its own." if entry.name in kept else None


def _files_of(modules: Iterable[str]) -> list[Path]:
    """Returns the files of modules that were imported."""
    found = [sys.modules.get(name) for name in modules]
    files = [vars(one).get("__file__") for one in found if isinstance(one, ModuleType)]
    return [Path(file) for file in files if isinstance(file, str) and os.path.isfile(file)]


def _digest(code: list[Path], submissions: Iterable[Submission]) -> str:
    """Returns a digest of code that was read, and of all that it and submissions name.

    **Arguments:**

    - `code`: files, the first of which is where the submissions stand.
    """
    homes = {file.parent.resolve() for file in code if not is_installed(file)}
    homes |= {file.parent.resolve() for file in code[:1]}
    folders = [*map(Path, sys.path), *sorted(homes), Path()]
    for named in (text for one in submissions for text in (one.agent, one.world, one.deploy_world)):
        if isinstance(named, str):
            code += [Path(named)] if os.path.isfile(named) else []
            code += files_of_module(named.partition(":")[0], folders) if ":" in named else []

    def counts(file: Path) -> bool:
        # Whoever brings a package that is installed brings what lies beside it.
        return file.parent in homes or not is_installed(file)

    files = code_reached(filter(counts, code), folders=folders, counts=counts)
    try:
        return digest_of(files, root=code[0].parent.resolve() if code else Path())
    except OSError as error:
        raise UsageError(f"Cannot read {quoted(error.filename, limit=200)}: {error.strerror or error}.") from error
