"""Asking a PyTorch module: in evaluation mode, with hooks that read and replace what its submodules return."""

from __future__ import annotations

import abc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import numpy as np

from mesascope.agents.activations import Activations, AgentInParts, Captured
from mesascope.agents.sites import check_fits
from mesascope.core.errors import AgentError

_CONVOLUTIONS: tuple[str, ...] = ("Conv2d", "ConvTranspose2d")
_CHANNELS_LAST: tuple[str, ...] = ("Linear", "LayerNorm", "RMSNorm", "Embedding")
"""Layers that are about the last axis by what they compute."""


SAME: float = 1e-5
"""Answers to the same observations differ by less than this."""


class Hooks(ExitStack):
    """Hooks that are in place while the context lasts, and gone afterwards whatever happens.

    A submodule can be opened if it is called exactly once and returns one tensor of floating-point numbers with a row
    for each observation. Activations are in single precision. In a network with two-dimensional convolutions those with
    four axes are taken to be in PyTorch's order, channels first, and are shown and replaced channels last,
    `[B, H, W, C]`, as everywhere in Mesascope; only layers over the last axis (linear ones) are left as they are.

    **Arguments:**

    - `torch`: the package.
    - `module`: whose submodules are watched.
    - `replaced`: outputs by name of submodule that take the place of its own.
    - `agent`: its name, for messages.
    - `rows`: how many observations it is shown.
    """

    def __init__(self, torch: Any, module: Any, replaced: Mapping[str, np.ndarray], *, agent: str, rows: int):
        super().__init__()
        self._torch, self._module, self._replaced, self._agent, self._rows = torch, module, replaced, agent, rows
        self._seen: dict[str, np.ndarray] = {}
        self._called: dict[str, int] = {}
        self._wrong: dict[str, str] = {}
        submodules = list(module.modules())
        self._turns = any(isinstance(one, getattr(torch.nn, name)) for one in submodules for name in _CONVOLUTIONS)
        self._last = tuple(getattr(torch.nn, name) for name in _CHANNELS_LAST if hasattr(torch.nn, name))

    def __enter__(self) -> Hooks:
        try:
            for name, submodule in self._module.named_modules():
                if name:
                    self._called[name] = 0
                    self.enter_context(submodule.register_forward_hook(self._hook(name)))
        except Exception as error:
            self.close()
            raise AgentError(
                f"Agent '{self._agent}' cannot be opened: its {type(self._module).__name__} takes no hooks ({error}). "
                "Bring a compiled module as it was before."
            ) from error
        return self

    def _hook(self, name: str):
        def hook(module: Any, inputs: Any, output: Any) -> Any:
            self._called[name] += 1
            wrong = self._fault(output)
            if self._called[name] > 1:
                wrong = "it is called more than once in one step, and which call is meant is not said"
            if wrong:
                self._wrong[name] = wrong
                self._seen.pop(name, None)
                self._check_not_replaced(name)
                return None
            turned = self._turns and output.ndim == 4 and not isinstance(module, self._last)
            if name not in self._replaced:
                own = output.detach().to("cpu", self._torch.float32)
                # A copy, because the next module may work in place.
                self._seen[name] = (own.permute(0, 2, 3, 1) if turned else own).numpy().copy(order="C")
                return None
            value, shape = self._replaced[name], tuple(output.shape)
            check_fits(value, (shape[0], *shape[2:], shape[1]) if turned else shape, site=name, agent=self._agent)
            self._seen[name] = value.copy()
            value = value.transpose(0, 3, 1, 2) if turned else value
            return self._torch.from_numpy(np.array(value, order="C")).to(output)

        return hook

    def _fault(self, output: Any) -> str:
        """Returns why an output can be neither read nor replaced; empty if it can."""
        if not isinstance(output, self._torch.Tensor):
            return f"it returns {type(output).__name__}, not a tensor; open the module that takes what it returns"
        if not output.is_floating_point():
            return f"it returns numbers of type {output.dtype}, not floating-point ones"
        if output.ndim < 1 or len(output) != self._rows:
            return (
                f"it returns a tensor of shape {list(output.shape)}, whose first axis is not the {self._rows} "
                "observations"
            )
        return ""

    def _check_not_replaced(self, name: str) -> None:
        if name in self._replaced:
            raise AgentError(f"Site '{name}' of agent '{self._agent}' takes no patch: {self._wrong[name]}.")

    def activations(self) -> Activations:
        """Returns what was read, in the order in which the sites fired; other submodules say why they were not read.

        **Raises:** `AgentError` naming a patched site that was never called.
        """
        for name, times in self._called.items():
            if not times:
                self._wrong[name] = "it is never called as a module while the agent chooses"
                self._check_not_replaced(name)
        return Activations(self._seen, agent=self._agent, unreadable=self._wrong)


class HookedAgent(AgentInParts):
    """An agent that is a PyTorch module, which runs whenever it is asked, and whose submodules can be opened."""

    def __init__(self, module: Any):
        self._module = module
        self._fired: tuple[str, ...] | None = None

    @abc.abstractmethod
    def asked(self, observations: np.ndarray, state: Any, hooks: Hooks | None) -> tuple[np.ndarray, Any]:
        """Returns checked probabilities and the memory after acting, with hooks in place for one call."""

    def patchable(self) -> tuple[str, ...]:
        return submodules_of(self._module)

    def answer(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        hooks = None
        if patches is not None:
            hooks = Hooks(sys.modules["torch"], self._module, patches, agent=self.name, rows=len(observations))
        probabilities, memory = self.asked(observations, state, hooks)
        activations = {} if hooks is None else hooks.activations()
        if hooks is not None:
            self._fired = tuple(activations)
        return Captured(probabilities, memory, activations)


@contextmanager
def _evaluating(torch: Any, module: Any) -> Iterator[None]:
    # Each submodule goes back into its own mode: the owner may train some of them further.
    modes = [(submodule, submodule.training) for submodule in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for submodule, mode in modes:
            submodule.training = mode


def answer_of(
    torch: Any, module: Any, ask: Callable[[], Any], *, name: str, hooks: AbstractContextManager | None = None
) -> Any:
    """Returns what a module answers in evaluation mode.

    A module that draws random numbers even then (dropout as a function, noise) is asked twice more: its probabilities
    would be those of one draw.

    **Arguments:**

    - `torch`, `module`: the package, and what is asked.
    - `ask`: calls it.
    - `name`: of the agent, for the message.
    - `hooks`: in place for the first call only.

    **Raises:** `AgentError` if the same observations get two answers.
    """
    with _evaluating(torch, module):
        before = _random_state(torch)
        with hooks or nullcontext():
            answer = ask()
        if not all(torch.equal(one, other) for one, other in zip(before, _random_state(torch), strict=False)):
            first, second = ask(), ask()
            tensors = isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor)
            if tensors and not torch.allclose(first, second, atol=SAME, rtol=SAME, equal_nan=True):
                raise AgentError(
                    f"Agent '{name}' draws random numbers in evaluation mode, and answers the same observations "
                    "differently each time. Its probabilities must depend on the observation alone: use "
                    "torch.nn.Dropout, or functional.dropout(..., training=self.training), and no noise in `forward`."
                )
    return answer


def _random_state(torch: Any) -> list[Any]:
    states = [torch.get_rng_state()]
    if torch.cuda.is_initialized():
        states += torch.cuda.get_rng_state_all()
    return states


def submodules_of(module: Any) -> tuple[str, ...]:
    """Returns the names of all submodules of a PyTorch module, in the order of their definition."""
    return tuple(name for name, _ in module.named_modules() if name)
