"""What PyTorch modules of others return: read where it is plain, else said how to bring it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.text import quoted, shown

CATEGORICAL: tuple[str, ...] = ("Categorical", "OneHotCategorical", "RelaxedOneHotCategorical")
"""Distributions over actions, by name in `torch.distributions`."""
LISTED: int = 12


def actions_of(torch: Any, returned: Any, *, rows: int, actions: int, output: str, who: str) -> Any:
    """Returns the one tensor `[B, A]` about actions in what a module returned.

    A distribution over actions gives its logits or probabilities. In a tuple, list or dictionary the one part is taken
    that has a number for each observation and action; a value or a memory beside it is left out.

    **Arguments:**

    - `torch`: the package.
    - `returned`: anything.
    - `rows`, `actions`: B and A.
    - `output`: `"logits"` or `"probabilities"`.
    - `who`: the agent, as the subject of a sentence.

    **Raises:** `AgentError` if no part is about actions, or several are.
    """
    if not _is_several(returned):
        return _tensor(torch, returned, output)
    parts = dict(_parts(returned))
    fitting = {
        key: tensor
        for key, part in parts.items()
        if isinstance(tensor := _tensor(torch, part, output), torch.Tensor)
        and tuple(tensor.shape) == (rows, actions)
        and tensor.is_floating_point()
    }
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    listed = ", ".join(f"{key}: {_described(torch, part)}" for key, part in list(parts.items())[:LISTED])
    found = "none of which is" if not fitting else f"of which {' and '.join(fitting)} are"
    raise AgentError(
        f"{who} returned a {shown(type(returned).__name__, limit=40)} of {len(parts)} parts ({listed}), {found} a "
        f"tensor [{rows}, {actions}] about actions. Name the submodule that returns action logits, as in "
        "my_module:agent.actor, or a function of yours that picks them."
    )


def _is_several(returned: Any) -> bool:
    return isinstance(returned, tuple | list | Mapping)


def _parts(returned: Any) -> Iterator[tuple[str, Any]]:
    pairs = returned.items() if isinstance(returned, Mapping) else enumerate(returned)
    for key, part in pairs:
        yield shown(key, limit=40), part


def _tensor(torch: Any, part: Any, output: str) -> Any:
    kinds = tuple(getattr(torch.distributions, name) for name in CATEGORICAL)
    if isinstance(part, torch.distributions.Independent):
        part = part.base_dist
    if not isinstance(part, kinds):
        return part
    return part.logits if output == "logits" else part.probs


def _described(torch: Any, part: Any) -> str:
    if isinstance(part, torch.Tensor):
        return f"{str(part.dtype).removeprefix('torch.')} {list(part.shape)}"
    return shown(type(part).__name__, limit=40)


def check_forward(torch: Any, module: Any, *, name: str, actions: int) -> None:
    """Checks that a module can be called.

    **Arguments:**

    - `torch`: the package.
    - `module`: a `torch.nn.Module`.
    - `name`: `module:attribute`, for the message.
    - `actions`: how many logits are wanted.

    **Raises:** `UsageError` for a module without `forward`, which says what of it could be named instead.
    """
    with code_of_others(f"Agent {quoted(name)}", "when its `forward` was looked up", error=AgentError):
        own = getattr(type(module), "forward", None)
        if own is not getattr(torch.nn.Module, "forward", None) or "forward" in vars(module):
            return
        children = [(key, child) for key, child in module.named_children() if _outputs(torch, child) is not None]
        methods = [
            key
            for kind in type(module).__mro__
            if kind.__module__.partition(".")[0] != "torch"
            for key, value in vars(kind).items()
            if callable(value) and not key.startswith("_")
        ]
    likely = [key for key, child in children if _outputs(torch, child) == actions]
    listed = ", ".join(f"{shown(key, limit=40)} ({_outputs(torch, child)} outputs)" for key, child in children[:LISTED])
    has = f" Its submodules are {listed}." if children else ""
    defines = f" It defines {', '.join(shown(key, limit=40) for key in methods[:LISTED])}." if methods else ""
    base = name if ":" in name else "my_module:agent"
    example = f"{shown(base, limit=80)}.{shown(likely[0], limit=40) if likely else 'actor'}"
    why = f", whose last layer has an output for each of the {actions} actions" if likely else ""
    raise UsageError(
        f"{quoted(name)} is a torch module without `forward`, so it cannot be called.{has}{defines} Name the part that "
        f"returns action logits: {example}{why}; a method that returns logits or a distribution can be named likewise."
    )


def _outputs(torch: Any, module: Any) -> int | None:
    """Returns how many numbers the last linear layer of a module gives, `None` if it has none."""
    layers = [one for one in module.modules() if isinstance(one, torch.nn.Linear)]
    return layers[-1].out_features if layers else None


def method_module(torch: Any, method: Any) -> Any:
    """Returns a bound method of a module as a module of its own, so that it can be opened as one.

    **Arguments:**

    - `torch`: the package.
    - `method`: of a `torch.nn.Module`.
    """

    class Method(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.owner = method.__self__

        def forward(self, observations: Any) -> Any:
            return method(observations)

    return Method()
