"""A PyTorch module as an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Captured, checked_patches
from mesascope.agents.adapters.torch_answers import actions_of
from mesascope.agents.adapters.torch_evaluation import answer_of
from mesascope.agents.adapters.torch_hooks import Hooks, submodules_of
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_probabilities, softmax
from mesascope.core.errors import AgentError, MissingExtraError, UnknownNameError
from mesascope.core.text import quoted

OUTPUTS: tuple[str, ...] = ("logits", "probabilities")
"""What a module may return."""


class TorchAgent(Agent):
    """A memoryless agent that is a `torch.nn.Module`, run in evaluation mode and without gradients.

    The module is called on a batch of observations in the shape of the world, single precision, on the device of its
    parameters; a view turns their axes or scales them. It may return a tensor, a categorical distribution, or several
    things of which one is about actions. Between calls it is in the mode its owner chose.

    It is `Inspectable`; how activations are shown, and which modules cannot be opened, says `Hooks`.

    **Arguments:**

    - `name`: for people.
    - `module`: the module.
    - `actions`: how many there are.
    - `output`: what it returns, one of `OUTPUTS`.

    **Raises:** `MissingExtraError` without PyTorch, `UnknownNameError` for another `output`.
    """

    kind = "torch module"
    memoryless = True

    def __init__(self, name: str, module: Any, actions: int, *, output: Literal["logits", "probabilities"] = "logits"):
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("A PyTorch module as an agent", "sb3", "torch") from error
        if output not in OUTPUTS:
            raise UnknownNameError("output of a torch module", output, OUTPUTS)
        self.name, self.actions, self.output = name, actions, output
        self._torch = torch
        self._module = module
        self._fired: tuple[str, ...] | None = None

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        return self._probabilities(observations), None

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the submodules whose outputs can be read and replaced, in the order in which they fire.

        Which these are shows in a `step`; before the first, all submodules are named, in the order of their definition.
        """
        return submodules_of(self._module) if self._fired is None else self._fired

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        """Acts once, reading all sites; see `Inspectable`.

        Submodules that run twice in a step (a shared rectifier), not at all, or return something else than a tensor are
        left out of what was read; to read or patch one is an error that says so.
        """
        rows = len(observations)
        replaced = checked_patches(self, patches, rows=rows, sites=submodules_of(self._module))
        hooks = Hooks(self._torch, self._module, replaced, agent=self.name, rows=rows)
        probabilities = self._probabilities(observations, hooks)
        activations = hooks.activations()
        self._fired = tuple(activations)
        return Captured(probabilities, None, activations)

    def _probabilities(
        self, observations: Float[np.ndarray, "B ..."], hooks: Hooks | None = None
    ) -> Float[np.ndarray, "B A"]:
        torch, rows = self._torch, len(observations)
        parameter = next(iter(self._module.parameters()), None)
        device = parameter.device if parameter is not None else torch.device("cpu")

        def ask() -> Any:
            # Anew each time, because a module may work in place.
            returned = self._module(torch.from_numpy(np.array(observations, np.float32)).to(device))
            who = f"Agent {quoted(self.name)}"
            return actions_of(torch, returned, rows=rows, actions=self.actions, output=self.output, who=who)

        try:
            returned = answer_of(torch, self._module, ask, name=self.name, hooks=hooks)
        except AgentError:
            raise
        except Exception as error:
            raise AgentError(
                f"Agent '{self.name}' raised {type(error).__name__} on a batch of observations of shape "
                f"{list(observations.shape)}: {error}"
            ) from error
        if not isinstance(returned, torch.Tensor):
            raise AgentError(
                f"Agent '{self.name}' returned {type(returned).__name__}, not a tensor of action {self.output}."
            )
        numbers = returned.detach().to("cpu", torch.float64).numpy()
        if self.output == "probabilities":
            return checked_probabilities(numbers, name=self.name, rows=rows, actions=self.actions)
        if numbers.shape != (rows, self.actions) or not np.isfinite(numbers).all():
            raise AgentError(
                f"Agent '{self.name}' returned a tensor of shape {list(numbers.shape)} for {rows} observations; finite "
                f"logits of shape [{rows}, {self.actions}] are needed."
            )
        if rows and (numbers >= 0).all() and np.allclose(numbers.sum(-1), 1, atol=1e-5):
            raise AgentError(
                f"Agent '{self.name}' returned what look like probabilities, where logits are expected. Name "
                'TorchAgent(..., output="probabilities") instead of the module, or return the logits.'
            )
        return softmax(numbers)
