"""Taps: named places in a network where activations can be read and replaced, without a cost where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from mesascope.core.errors import AgentError


@dataclass
class _Taps:
    replaced: Mapping[str, Any]
    seen: dict[str, Any] = field(default_factory=dict)


_open: ContextVar[_Taps | None] = ContextVar("open taps", default=None)


def tap(site: str, value: Any) -> Any:
    """Returns an activation, or what replaces it while somebody looks; networks call this where they may be opened.

    **Arguments:**

    - `site`: name of the place, unique within one step of the network.
    - `value`: the activation.

    **Raises:** `AgentError` if a site fires twice in a step, or a replacement has another shape.
    """
    taps = _open.get()
    if taps is None:
        return value
    if site in taps.seen:
        raise AgentError(f"Site '{site}' fires twice in one step: what is read there would be ambiguous.")
    if site in taps.replaced:
        replacement = taps.replaced[site]
        if replacement.shape != value.shape:
            raise AgentError(
                f"A patch of shape {list(replacement.shape)} does not fit site '{site}', where activations of one "
                f"observation have the shape {list(value.shape)}."
            )
        value = replacement.astype(value.dtype)
    taps.seen[site] = value
    return value


def tapped(step: Callable[[], Any], replaced: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Runs one step of a network with open taps.

    **Arguments:**

    - `step`: runs it.
    - `replaced`: activations by site that take the place of the network's own.

    **Returns:** what the step returned, and the activation at every site, replaced ones included.

    **Raises:** as `tap`.
    """
    taps = _Taps(replaced)
    token = _open.set(taps)
    try:
        return step(), taps.seen
    finally:
        _open.reset(token)
