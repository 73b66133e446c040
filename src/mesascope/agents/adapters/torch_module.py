"""A PyTorch module as an agent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from mesascope.agents.adapters.torch_answers import actions_of
from mesascope.agents.adapters.torch_hooks import HookedAgent, Hooks, answer_of, submodules_of
from mesascope.agents.probabilities import checked_probabilities, count_of, softmax
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, MissingExtraError, UnknownNameError
from mesascope.core.text import quoted, shown

OUTPUTS: tuple[str, ...] = ("logits", "probabilities")
"""What a module may return."""


class TorchAgent(HookedAgent):
    """A memoryless agent that is a `torch.nn.Module`, run in evaluation mode and without gradients.

    The module is called on a batch of observations in the shape of the world, single precision, on the device of its
    parameters; a view turns their axes or scales them. It may return a tensor, a categorical distribution, or several
    things of which one is about actions. Between calls it is in the mode its owner chose.

    It is `Inspectable`; how activations are shown, and which modules cannot be opened, says `Hooks`. Submodules that
    run twice in a step (a shared rectifier), not at all, or return something else than a tensor are left out of what
    was read; to read or patch one is an error that says so.

    **Arguments:**

    - `name`: for people.
    - `module`: the module.
    - `actions`: how many there are, or their names.
    - `output`: what it returns, one of `OUTPUTS`.

    **Raises:** `MissingExtraError` without PyTorch, `UnknownNameError` for another `output`.
    """

    kind = "torch module"
    memoryless = True
    foreign = True
    rows_at_once = sys.maxsize

    def __init__(
        self,
        name: str,
        module: Any,
        actions: int | Sequence[str],
        *,
        output: Literal["logits", "probabilities"] = "logits",
    ):
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("A PyTorch module as an agent", "sb3", "torch") from error
        if output not in OUTPUTS:
            raise UnknownNameError("output of a torch module", output, OUTPUTS)
        super().__init__(module)
        self.name, self.actions, self.output = name, count_of(actions), output
        self._torch = torch

    def initial_state(self, batch: int) -> None:
        return None

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the submodules whose outputs can be read and replaced, in the order in which they fire.

        Which these are shows in a `step`; before the first, all submodules are named, in the order of their definition.
        """
        return submodules_of(self._module) if self._fired is None else self._fired

    def asked(self, observations: np.ndarray, state: Any, hooks: Hooks | None) -> tuple[np.ndarray, None]:
        return self._probabilities(observations, hooks), None

    def _probabilities(self, observations: np.ndarray, hooks: Hooks | None) -> Float[np.ndarray, "B A"]:
        torch, rows, who = self._torch, len(observations), f"Agent {quoted(self.name)}"
        doing = f"on a batch of observations of shape {list(observations.shape)}"
        with code_of_others(who, doing, error=AgentError):
            parameter = next(iter(self._module.parameters()), None)
            device = parameter.device if parameter is not None else torch.device("cpu")

            def ask() -> Any:
                # Anew each time, because a module may work in place.
                returned = self._module(torch.from_numpy(np.array(observations, np.float32)).to(device))
                return actions_of(torch, returned, rows=rows, actions=self.actions, output=self.output, who=who)

            returned = answer_of(torch, self._module, ask, name=self.name, hooks=hooks)
        if not isinstance(returned, torch.Tensor):
            raise AgentError(
                f"{who} returned {shown(type(returned).__name__, limit=80)}, not a tensor of action {self.output}."
            )
        if returned.is_complex():
            raise AgentError(f"{who} returned complex numbers ({returned.dtype}), not action {self.output}.")
        with code_of_others(who, "when what it returned was read", error=AgentError):
            precision = float(torch.finfo(returned.dtype).eps) if returned.is_floating_point() else 0.0
            numbers = returned.detach().to_dense().to("cpu", torch.float64).numpy()
        if self.output == "probabilities":
            return checked_probabilities(numbers, name=self.name, rows=rows, actions=self.actions, precision=precision)
        if numbers.shape != (rows, self.actions):
            raise AgentError(
                f"{who} returned a tensor of shape {list(numbers.shape)} for {rows} observations; "
                f"logits of shape [{rows}, {self.actions}] are needed."
            )
        # Minus infinity is how a choice that is not allowed is masked; every row needs one that is.
        wrong = np.isnan(numbers) | (numbers == np.inf) | np.isneginf(numbers).all(-1, keepdims=True)
        if wrong.any():
            row = int(wrong.any(-1).argmax())
            kind = "NaN" if np.isnan(numbers[row]).any() else "infinite"
            raise AgentError(
                f"{who} returned logits that are {kind} for {int(wrong.any(-1).sum())} of {rows} observations; the "
                f"first is row {row}."
            )
        if rows and (numbers >= 0).all() and np.allclose(numbers.sum(-1), 1, atol=max(1e-5, 4 * precision)):
            raise AgentError(
                f"{who} returned what look like probabilities, where logits are expected. Name "
                'TorchAgent(..., output="probabilities") instead of the module, or return the logits.'
            )
        return softmax(numbers)
