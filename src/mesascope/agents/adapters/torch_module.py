"""A PyTorch module of others as an agent: what it returns is read where it is plain, else said how to bring it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from mesascope.agents.adapters.torch_hooks import HookedAgent, Hooks, answer_of, submodules_of
from mesascope.agents.adapters.torch_memory import given, kept, parted, takes_memory
from mesascope.agents.probabilities import checked_probabilities, count_of, softmax
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, MissingExtraError, UnknownNameError, UsageError
from mesascope.core.text import quoted, shown

OUTPUTS: tuple[str, ...] = ("logits", "probabilities", "numbers")
"""What a module may return."""
CATEGORICAL: tuple[str, ...] = ("Categorical", "OneHotCategorical", "RelaxedOneHotCategorical")
"""Distributions over actions, by name in `torch.distributions`."""
LISTED: int = 12


class TorchAgent(HookedAgent):
    """An agent that is a `torch.nn.Module`, run in evaluation mode and without gradients.

    The module is called on a batch of observations in the shape of the world, single precision, on the device of its
    parameters; a view turns their axes or scales them. It may return a tensor, a categorical distribution, or several
    things of which one is about actions. Between calls it is in the mode its owner chose.

    A module whose `forward` is given a memory beside the observation (`hidden`, `state`, `memory`, …) returns it as the
    last part of what it returns. An episode begins with what its `initial_state(batch)` returns, and without one with
    `None`.

    It is `Inspectable`; how activations are shown, and which modules cannot be opened, says `Hooks`. Submodules that
    run twice in a step (a shared rectifier), not at all, or return something else than a tensor are left out of what
    was read; to read or patch one is an error that says so.

    **Arguments:**

    - `name`: for people.
    - `module`: the module.
    - `actions`: how many there are, or their names; of `numbers`, how many an answer has.
    - `output`: what it returns, one of `OUTPUTS`.

    **Raises:** `MissingExtraError` without PyTorch, `UnknownNameError` for another `output`.
    """

    kind = "torch module"
    foreign = True
    rows_at_once = sys.maxsize

    def __init__(
        self,
        name: str,
        module: Any,
        actions: int | Sequence[str],
        *,
        output: Literal["logits", "probabilities", "numbers"] = "logits",
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
        self.memoryless = not takes_memory(module, who=f"Agent {quoted(name)}")

    def initial_state(self, batch: int) -> Any:
        begin = getattr(self._module, "initial_state", None)
        if self.memoryless or not callable(begin):
            return None
        who = f"Agent {quoted(self.name)}"
        with code_of_others(who, "when an episode began", error=AgentError), self._torch.no_grad():
            return kept(self._torch, begin(batch), who=who)

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the submodules whose outputs can be read and replaced, in the order in which they fire.

        Which these are shows in a `step`; before the first, all submodules are named, in the order of their definition.
        """
        return submodules_of(self._module) if self._fired is None else self._fired

    def asked(self, observations: np.ndarray, state: Any, hooks: Hooks | None) -> tuple[np.ndarray, Any]:
        torch, rows, who = self._torch, len(observations), f"Agent {quoted(self.name)}"
        doing = f"on a batch of observations of shape {list(observations.shape)}"
        after: list[Any] = []
        with code_of_others(who, doing, error=AgentError):
            parameter = next(iter(self._module.parameters()), None)
            device = parameter.device if parameter is not None else torch.device("cpu")

            def ask() -> Any:
                # Anew each time, because a module may work in place.
                seen = torch.from_numpy(np.array(observations, np.float32)).to(device)
                memory = () if self.memoryless else (given(torch, state, device),)
                returned = self._module(seen, *memory)
                if memory:
                    returned, found = parted(returned, who=who)
                    after.append(found)
                return _actions_of(torch, returned, rows=rows, actions=self.actions, output=self.output, who=who)

            returned = answer_of(torch, self._module, ask, name=self.name, hooks=hooks)
            # The first time that it was asked, patches were in place.
            memory = kept(torch, after[0], who=who) if after else None
        # Modules of one interface may be given a memory that they have no use for.
        self.memoryless = self.memoryless or memory is None
        return self._checked(returned, rows), memory

    def _checked(self, returned: Any, rows: int) -> Float[np.ndarray, "B A"]:
        torch, who = self._torch, f"Agent {quoted(self.name)}"
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
                f"{self.output} of shape [{rows}, {self.actions}] are needed."
            )
        if self.output == "numbers":
            return numbers
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


def torch_agent(name: str, found: Any, actions: int, *, output: Literal["logits", "numbers"] = "logits") -> TorchAgent:
    """Returns a module that returns logits or numbers, or a bound method of one, as an agent.

    **Arguments:**

    - `name`: `module:attribute`.
    - `found`: the module or method.
    - `actions`: how many there are; of `numbers`, how many an answer has.
    - `output`: what it returns.

    **Raises:** `UsageError` for a module that cannot be called.
    """
    torch = sys.modules["torch"]
    if isinstance(found, torch.nn.Module):
        _check_forward(torch, found, name=name, actions=actions)
        return TorchAgent(name, found, actions, output=output)
    return TorchAgent(name, _method_module(torch, found), actions, output=output)


def _actions_of(torch: Any, returned: Any, *, rows: int, actions: int, output: str, who: str) -> Any:
    """Returns the one tensor `[B, A]` about actions in what a module returned.

    A distribution over actions gives its logits or probabilities. In a tuple, list or dictionary the one part is taken
    that has a number for each observation and action; a value or a memory beside it is left out.

    **Raises:** `AgentError` if no part is about actions, or several are.
    """
    if not isinstance(returned, tuple | list | Mapping):
        return _tensor(torch, returned, output)
    pairs = returned.items() if isinstance(returned, Mapping) else enumerate(returned)
    parts = {shown(key, limit=40): part for key, part in pairs}
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


def _check_forward(torch: Any, module: Any, *, name: str, actions: int) -> None:
    """Raises `UsageError` for a module without `forward`, which says what of it could be named instead."""
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


def _method_module(torch: Any, method: Any) -> Any:
    """Returns a bound method of a module as a module of its own, so that it can be opened as one."""

    class Method(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.owner, self.forward = method.__self__, method

    return Method()
