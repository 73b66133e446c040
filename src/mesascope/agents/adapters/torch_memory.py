"""The memory of a PyTorch module that is given one and returns it: `forward(observations, memory)`."""

from __future__ import annotations

import inspect
from typing import Any

import jax
import numpy as np

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError
from mesascope.core.text import shown

WORDS: tuple[str, ...] = ("state", "hidden", "memory", "carry")
"""One of these is in the name of what a module remembers by; `h` and `hx` are such names, too."""


def takes_memory(module: Any, *, who: str) -> bool:
    """Returns whether the second thing that `forward` is given is, by its name, a memory.

    **Arguments:**

    - `module`: of PyTorch.
    - `who`: for messages.
    """
    with code_of_others(who, "when its `forward` was looked up", error=AgentError):
        try:
            given = list(inspect.signature(module.forward).parameters.values())
        except (TypeError, ValueError):
            # Compiled modules do not say what they are given.
            return False
    if len(given) < 2 or given[1].kind > inspect.Parameter.POSITIONAL_OR_KEYWORD:
        return False
    name = given[1].name.lower()
    return name in ("h", "hx") or any(word in name for word in WORDS)


def parted(returned: Any, *, who: str) -> tuple[Any, Any]:
    """Returns what a module answered and its memory, which is the last part of what it returned.

    **Raises:** `AgentError` if there are no two parts.
    """
    if not isinstance(returned, tuple | list) or len(returned) < 2:
        raise AgentError(
            f"{who} is given a memory and returned a {shown(type(returned).__name__, limit=40)}; return a pair, what "
            "it answers and its memory. One that remembers nothing takes the observation alone."
        )
    return (returned[0] if len(returned) == 2 else returned[:-1]), returned[-1]


def kept(torch: Any, memory: Any, *, who: str) -> Any:
    """Returns a memory as numpy arrays, tuples and dictionaries as they were; `None` stays `None`.

    **Raises:** `AgentError` if something else than tensors is in it.
    """

    def one(leaf: Any) -> np.ndarray:
        if not isinstance(leaf, torch.Tensor) or not leaf.ndim:
            raise AgentError(
                f"The memory of {who[:1].lower()}{who[1:]} holds a {shown(type(leaf).__name__, limit=40)}; it must be "
                "tensors with an axis of episodes, or tuples or dictionaries of them."
            )
        return leaf.detach().to("cpu").numpy().copy()

    return jax.tree.map(one, memory)


def given(torch: Any, memory: Any, device: Any) -> Any:
    """Returns a memory from `kept` as tensors again, which the module may write into."""
    return jax.tree.map(lambda leaf: torch.from_numpy(np.array(leaf)).to(device), memory)
