"""Sites: named places in an agent where activations are read and replaced, without a cost where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mesascope.core.errors import AgentError


@dataclass
class _Opened:
    replaced: Mapping[str, Any]
    agent: str | None
    seen: dict[str, Any] = field(default_factory=dict)


_opened: ContextVar[_Opened | None] = ContextVar("the step that is open", default=None)


def at_site(site: str, value: Any) -> Any:
    """Returns an activation, or what replaces it while somebody looks; agents call this where they may be opened.

    **Arguments:**

    - `site`: name of the place, unique within one step.
    - `value`: the activation.

    **Raises:** `AgentError` if a site fires twice in a step, or a replacement has another shape.
    """
    step = _opened.get()
    if step is None:
        return value
    if site in step.seen:
        raise AgentError(f"Site '{site}' fires twice in one step: what is read there would be ambiguous.")
    if site in step.replaced:
        check_fits(step.replaced[site], value.shape, site=site, agent=step.agent)
        value = step.replaced[site].astype(value.dtype)
    # A copy, because layers that hand on their input would show one array under two names.
    step.seen[site] = value.copy() if isinstance(value, np.ndarray) else value
    return value


def opened(
    step: Callable[[], Any], replaced: Mapping[str, Any], *, agent: str | None = None
) -> tuple[Any, dict[str, Any]]:
    """Runs one step of an agent with its sites open.

    **Arguments:**

    - `step`: runs it.
    - `replaced`: activations by site that take the place of the agent's own.
    - `agent`: its name, for messages; `None` while one observation goes through a network.

    **Returns:** what the step returned, and the activation at every site, replaced ones included.

    **Raises:** as `at_site`.
    """
    found = _Opened(replaced, agent)
    token = _opened.set(found)
    try:
        return step(), found.seen
    finally:
        _opened.reset(token)


def check_fits(patch: Any, shape: tuple[int, ...], *, site: str, agent: str | None) -> None:
    """Raises `AgentError` unless a patch has the shape of the agent's own activations, which it replaces."""
    if patch.shape != shape:
        where = "where activations of one observation have the shape"
        if agent is not None:
            site, where = f"{site}' of agent '{agent}", "which returns"
        raise AgentError(f"A patch of shape {list(patch.shape)} does not fit site '{site}', {where} {list(shape)}.")
