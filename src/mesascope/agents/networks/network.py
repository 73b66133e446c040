"""What a network and its specification are: the code of an architecture, and the few numbers that fix its size."""

from __future__ import annotations

import abc
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey

MAXIMUM_WIDTH: int = 4096
"""Of any layer; a larger one is more likely a broken file than a wish."""
MAXIMUM_LAYERS: int = 32
"""Of any one kind in a network."""
MAXIMUM_PARAMETERS: int = 64_000_000
"""Of a whole network: 256 MB in single precision, as many as a file may have."""

Memory = Any
"""What a network carries from step to step: a pytree of arrays, or `None`."""

AnyNetwork = TypeVar("AnyNetwork", bound="Network")


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

    def initial_memory(self) -> Memory:
        """Returns the memory with which one episode begins; `None` for a memoryless network."""
        return None


class Thinker(Network):
    """A network that thinks about a level first, and then chooses where it stands."""

    @abc.abstractmethod
    def think(self, observation: Float[Array, "H W C"], memory: Memory) -> tuple[Float[Array, "H W read"], Memory]:
        """Returns the thought and the memory after it; where thoughts do not depend on the place of the agent, one
        serves the choices of a whole level.

        **Arguments:**

        - `observation`: one.
        - `memory`: from `initial_memory` or the last step.
        """

    @abc.abstractmethod
    def choose(
        self, image: Float[Array, "H W read"], observation: Float[Array, "H W C"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""]]:
        """Returns action logits and the value estimate.

        **Arguments:**

        - `image`: from `think`.
        - `observation`: the present one, for where the agent stands.
        """

    def __call__(
        self, observation: Float[Array, "H W C"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        image, memory = self.think(observation, memory)
        logits, value = self.choose(image, observation)
        return logits, value, memory


@dataclass(frozen=True)
class NetworkSpec:
    """The size of a network: a hashable value that says everything about it but its parameters."""

    architecture: ClassVar[str]
    """Name in the registry."""
    network: ClassVar[Callable[..., Network]]
    """What is built, called with this spec, an observation's shape, the number of actions and a key."""
    memoryless: ClassVar[bool] = True
    """Whether networks of this kind carry no memory."""
    slots: ClassVar[tuple[str, ...]] = ()
    """Fields that can be changed in a trained network, whose class has `respecified(spec)` for that."""

    @property
    def place_plane(self) -> int | None:
        """The plane that shows where the agent stands, if thoughts do not depend on it; `None` if they do.

        One thought then serves the choices of a whole level, and the networks are `Thinker`s.
        """
        return None

    def build(self, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey) -> Any:
        """Returns a network with fresh parameters.

        **Arguments:**

        - `observation_shape`: of one observation, `[H, W, C]` or `[D]`.
        - `actions`: how many there are, at least 1.
        - `key`: consumed.

        **Raises:** `UsageError` if this architecture cannot read observations of that shape.
        """
        return type(self).network(self, observation_shape, actions, key=key)

    def check_sizes(self, *names: str, maximum: int = MAXIMUM_WIDTH) -> None:
        """Raises `UsageError` unless these fields are whole numbers between 1 and their maximum; where there may be
        several, tuples of at most `MAXIMUM_LAYERS`.
        """
        for name in names:
            value, several = getattr(self, name), isinstance(getattr(type(self), name), tuple)
            if several and (not isinstance(value, tuple) or len(value) > MAXIMUM_LAYERS):
                what = f"a tuple of at most {MAXIMUM_LAYERS} widths"
                raise UsageError(f"{self.architecture}: {name}={value!r} is not {what}.")
            for size in value if several else (value,):
                if type(size) is not int or not 1 <= size <= maximum:
                    what = f"a width in {name}" if several else name
                    raise UsageError(
                        f"{self.architecture}: {what}={size!r} is not a whole number between 1 and {maximum:,}."
                    )

    def check_named(self, **known: Collection[str]) -> None:
        """Raises `UnknownNameError` unless each field is one of the names given for it."""
        for name, names in known.items():
            if getattr(self, name) not in names:
                raise UnknownNameError(name, str(getattr(self, name)), names)

    def check_image(self, observation_shape: tuple[int, ...], *, least: int = 1, otherwise: str) -> None:
        """Raises `UsageError` unless observations are images.

        **Arguments:**

        - `observation_shape`: of one observation.
        - `least`: height and width.
        - `otherwise`: an architecture that reads whatever there is.
        """
        if len(observation_shape) != 3 or min(observation_shape[:2]) < least:
            raise UsageError(
                f"{self.architecture} reads observations of shape [height, width, channels], not "
                f"{list(observation_shape)}. Use the architecture '{otherwise}', which flattens whatever it sees."
            )


NETWORKS: dict[str, type[NetworkSpec]] = {}
"""Architectures by name, as the modules of this package register them; a file supplies numbers only, never code."""


def registered(spec: type[NetworkSpec]) -> Callable[[type[AnyNetwork]], type[AnyNetwork]]:
    """Returns a decorator that makes a network the one that a spec builds, under the name of its architecture."""

    def register(network: type[AnyNetwork]) -> type[AnyNetwork]:
        assert spec.architecture not in NETWORKS, spec.architecture
        NETWORKS[spec.architecture], spec.network = spec, network
        return network

    return register


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
