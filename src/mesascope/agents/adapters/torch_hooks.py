"""Forward hooks on a PyTorch module that read and replace the outputs of its submodules for one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.core.errors import AgentError


class Hooks:
    """Hooks that are in place while the context lasts, and gone afterwards whatever happens.

    **Arguments:**

    - `torch`: the package.
    - `module`: whose submodules are watched.
    - `replaced`: outputs by name of submodule that take the place of its own.
    """

    def __init__(self, torch: Any, module: Any, replaced: Mapping[str, np.ndarray]):
        self._torch, self._module, self._replaced = torch, module, replaced
        self._seen: dict[str, np.ndarray] = {}
        self._fired: Counter[str] = Counter()
        self._handles: list[Any] = []

    def __enter__(self) -> Hooks:
        for name, submodule in self._module.named_modules():
            if name:
                self._handles.append(submodule.register_forward_hook(self._hook(name)))
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _hook(self, name: str):
        def hook(module: Any, inputs: Any, output: Any) -> Any:
            self._fired[name] += 1
            if not isinstance(output, self._torch.Tensor):
                if name in self._replaced:
                    raise AgentError(f"Site '{name}' returns {type(output).__name__}, not a tensor; it takes no patch.")
                return None
            if name not in self._replaced:
                self._seen[name] = output.detach().to("cpu").numpy().copy()
                return None
            if self._fired[name] > 1:
                raise AgentError(f"Site '{name}' fires twice in one step: which of them to patch is not said.")
            value = self._replaced[name]
            if value.shape != tuple(output.shape):
                raise AgentError(
                    f"A patch of shape {list(value.shape)} does not fit site '{name}', which returns "
                    f"{list(output.shape)}."
                )
            self._seen[name] = value
            return self._torch.from_numpy(value).to(output)

        return hook

    def activations(self, agent: str) -> dict[str, np.ndarray]:
        """Returns what was read at every site that fired exactly once.

        **Raises:** `AgentError` naming a patched site that never fired.
        """
        for name in self._replaced:
            if not self._fired[name]:
                raise AgentError(f"Site '{name}' of agent '{agent}' never fires, so that its patch changes nothing.")
        return {name: value for name, value in self._seen.items() if self._fired[name] == 1}
