"""What a network and its specification are: the code of an architecture, and the few numbers that fix its size."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import equinox as eqx
import jax
from jaxtyping import Array, Float

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey

MAXIMUM_WIDTH: int = 4096
"""Of any layer; a larger one is more likely a broken file than a wish."""
MAXIMUM_LAYERS: int = 32
"""Of any one kind in a network."""
MAXIMUM_PARAMETERS: int = 64_000_000
"""Of a whole network: 256 MB in single precision, as many as a file may have."""

Memory = Any
"""What a network carries from step to step: a pytree of arrays, or `None`."""


class Network(eqx.Module):
    """Parameters of a policy with a value head, called on one observation and batched from outside with `vmap`."""

    @abc.abstractmethod
    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        """Returns action logits, the value estimate and the memory after this observation.

        **Arguments:**

        - `observation`: one, `[H, W, C]` or `[D]`.
        - `memory`: from `initial_memory` or the last call.
        """

    @abc.abstractmethod
    def initial_memory(self) -> Memory:
        """Returns the memory with which one episode begins; `None` for a memoryless network."""


class Thinker(Protocol):
    """A network that thinks about a level first, and then chooses where it stands."""

    def think(self, observation: Float[Array, "..."], memory: Memory) -> tuple[Any, Memory]:
        """Returns the thought and the memory after it."""
        ...

    def choose(self, image: Any, observation: Float[Array, "..."]) -> tuple[Float[Array, " A"], Float[Array, ""]]:
        """Returns action logits and the value estimate, given a thought."""
        ...


@dataclass(frozen=True)
class NetworkSpec(abc.ABC):
    """The size of a network: a hashable value that says everything about it but its parameters."""

    architecture: ClassVar[str]
    """Name in the registry."""
    memoryless: ClassVar[bool] = True
    """Whether networks of this kind carry no memory."""

    @property
    def place_plane(self) -> int | None:
        """The plane that shows where the agent stands, if thoughts do not depend on it; `None` if they do.

        One thought then serves the choices of a whole level, and the networks are `Thinker`s.
        """
        return None

    @abc.abstractmethod
    def build(self, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey) -> Network:
        """Returns a network with fresh parameters.

        **Arguments:**

        - `observation_shape`: of one observation, `[H, W, C]` or `[D]`.
        - `actions`: how many there are, at least 1.
        - `key`: consumed.

        **Raises:** `UsageError` if this architecture cannot read observations of that shape.
        """


def transplant(network: Network, spec: NetworkSpec, observation_shape: tuple[int, ...], actions: int) -> Network:
    """Returns the network of another spec, or for other observations, that has the parameters of this one.

    **Arguments:**

    - `network`: whose parameters are taken.
    - `spec`, `observation_shape`, `actions`: what to build, as of `NetworkSpec.build`.

    **Raises:** `UsageError` if its parameters would have other shapes.
    """
    template = eqx.filter_eval_shape(spec.build, observation_shape, actions, key=jax.random.key(0))
    wanted, given = (jax.tree.leaves(tree) for tree in (template, network))
    if [leaf.shape for leaf in wanted] != [leaf.shape for leaf in given]:
        raise UsageError(
            f"The parameters of this network do not fit {spec} for observations {list(observation_shape)} and "
            f"{actions} actions: some of them depend on a size that is another there."
        )
    return jax.tree.unflatten(jax.tree.structure(template), given)


def check_size(owner: str, field: str, value: object, maximum: int = MAXIMUM_WIDTH) -> None:
    """Raises `UsageError` unless a field of a spec is a whole number between 1 and its maximum."""
    if type(value) is not int or not 1 <= value <= maximum:
        raise UsageError(f"{owner}: {field}={value!r} is not a whole number between 1 and {maximum:,}.")


def check_widths(owner: str, field: str, value: object) -> None:
    """Raises `UsageError` unless a field of a spec is a tuple of at most `MAXIMUM_LAYERS` widths."""
    if not isinstance(value, tuple) or len(value) > MAXIMUM_LAYERS:
        raise UsageError(f"{owner}: {field}={value!r} is not a tuple of at most {MAXIMUM_LAYERS} widths.")
    for width in value:
        check_size(owner, f"a width in {field}", width)
