"""Submissions from a folder, a file or a module: what others wrote is run behind the boundary, and what is bad is
named."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UsageError
from mesascope.core.registry import folder_importable, load_named_by_user
from mesascope.core.text import quoted, shown
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
    - `digest`: of the code that was read; not of what that imports from elsewhere.
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
    path = Path(text)
    if path.is_dir():
        files = sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        if not files:
            raise UsageError(f"{quoted(path, limit=200)} holds no .py file that could hold submissions.")
        sources = [(file.name, _reader(file)) for file in files]
        digest = _digest(path)
    elif path.suffix == ".py":
        if not path.is_file():
            raise UsageError(f"There is no file {quoted(path, limit=200)}.")
        sources, digest = [(path.name, _reader(path))], _digest(path)
    else:
        target = text if ":" in text else f"{text}:{ATTRIBUTE}"
        found = load_named_by_user(target)
        sources, digest = [(text, lambda: found)], _digest(_file_of(sys.modules.get(target.partition(":")[0])))
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
    return Brought(tuple(kept.values()), tuple(refused), digest)


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


def _file_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if isinstance(file, str) else None


def _digest(path: Path | None) -> str:
    digest = hashlib.sha256()
    files = [] if path is None else sorted(path.glob("*.py")) if path.is_dir() else [path]
    for file in files:
        try:
            digest.update(file.name.encode(errors="surrogateescape") + b"\0" + file.read_bytes())
        except OSError as error:
            raise UsageError(f"Cannot read {quoted(file, limit=200)}: {error.strerror or error}.") from error
    return digest.hexdigest()
