"""The tensors of a policy, taken one by one with the shapes they must have."""

from __future__ import annotations

import numpy as np

from mesascope.core.errors import UntrustedModelError
from mesascope.core.text import quoted, shown


class Tensors:
    """What is left of the tensors of a file while layers are made of them.

    **Arguments:**

    - `tensors`: by name, as in the `state_dict` of the policy.
    - `path`: the file, for messages.
    - `advice`: what to do if they are not what they must be; empty if nothing helps.

    **Raises:** `UntrustedModelError` for numbers that are not finite.
    """

    def __init__(self, tensors: dict[str, np.ndarray], path: object, advice: str):
        self.left, self.path, self.advice = dict(tensors), path, advice
        for name, tensor in tensors.items():
            if not np.isfinite(tensor).all():
                raise self.refusal("this tensor has numbers that are not finite", name)

    def __contains__(self, name: str) -> bool:
        return name in self.left

    def refusal(self, reason: str, name: str | None = None, advice: str = "") -> UntrustedModelError:
        """Returns the refusal of the file for a tensor."""
        field = "policy.pth" if name is None else f"policy.pth > {shown(name, limit=100)}"
        return UntrustedModelError(f"{reason}.{advice}", path=self.path, field=field)

    def take(self, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
        """Returns a tensor and marks it as used.

        **Arguments:**

        - `name`: of the tensor.
        - `shape`: that it must have; `None` where any size will do.

        **Raises:** `UntrustedModelError` if it is missing or has another shape.
        """
        tensor = self.left.pop(name, None)
        if tensor is None:
            raise self.refusal("this tensor is missing", name, self.advice)
        fits = len(tensor.shape) == len(shape) and all(
            wanted in (None, size) for size, wanted in zip(tensor.shape, shape, strict=True)
        )
        if not fits:
            wanted = ["any" if size is None else size for size in shape]
            raise self.refusal(
                f"this tensor has the shape {list(tensor.shape)}; the description of the policy implies {wanted}", name
            )
        return np.ascontiguousarray(tensor, np.float32)

    def affine(self, name: str, inputs: int, outputs: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Returns weight `[outputs, inputs]` and bias `[outputs]` of a dense layer."""
        weight = self.take(f"{name}.weight", (outputs, inputs))
        return weight, self.take(f"{name}.bias", (len(weight),))

    def check_rest(self, without_effect: tuple[str, ...]) -> None:
        """Raises `UntrustedModelError` for a tensor that was not used and may have an effect."""
        for name in self.left:
            if not name.startswith(without_effect):
                raise self.refusal(
                    f"a tensor {quoted(name)} is not part of the policy classes that are read", advice=self.advice
                )
