"""Where a verb's result goes, and which question it answers."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from mesascope.cli.command import Command
from mesascope.core.errors import OutputError
from mesascope.core.files import sha256_of
from mesascope.core.text import quoted

NOT_INPUTS = ("out", "force", "json", "quiet", "fail_on", "require", "most_episodes")
"""Fields that no result depends on."""


def request_of(command: Command) -> dict[str, Any]:
    """Returns every input that a verb's result depends on, JSON-ready.

    An agent's file goes in by its checksum: another agent under the same name is another question.
    """
    request: dict[str, Any] = {}
    for field in fields(command):  # pyright: ignore[reportArgumentType]
        value = getattr(command, field.name)
        if field.name not in NOT_INPUTS:
            request[field.name] = (
                list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value
            )
    agent = Path(request.get("agent") or "")
    if agent.is_file():
        request["agent_sha256"] = sha256_of(agent)
    return request


def result_folder(out: Path | None, agent: str, seed: int, kind: str = "") -> Path:
    """Returns the folder that a result goes to.

    **Arguments:**

    - `out`: what the user chose.
    - `agent`: as it was given, `seed` of the run and `kind` of the result: parts of the name otherwise.
    """
    if out is not None:
        return out
    name = Path(agent).stem if os.path.exists(agent) else agent
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:100]
    return Path("runs") / "-".join(filter(None, (name or "agent", str(seed), kind)))


def check_new(file: Path | None, *, force: bool) -> None:
    """Raises `OutputError` if a file that was asked for stands there already and may not be replaced."""
    if file is not None and os.path.lexists(file) and not force:
        raise OutputError(
            f"{quoted(file, limit=200)} exists already. Pass --force to replace it, or choose another place."
        )
