"""Asking a PyTorch module so that the same observation gets the same answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from mesascope.core.errors import AgentError

SAME: float = 1e-5
"""Answers to the same observations differ by less than this."""


@contextmanager
def evaluating(torch: Any, module: Any) -> Iterator[None]:
    """Puts a module into evaluation mode without gradients, and each of its submodules back into its own mode.

    **Arguments:**

    - `torch`: the package.
    - `module`: whose mode its owner may change at any time, for example to train it further.
    """
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

    - `torch`: the package.
    - `module`: the module.
    - `ask`: calls it.
    - `name`: of the agent, for the message.
    - `hooks`: in place for the first call only.

    **Raises:** `AgentError` if the same observations get two answers.
    """
    with evaluating(torch, module):
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
