"""Linear self-attention over examples: one layer can make one step of gradient descent, and L layers L steps.

A token is an example, its input and its value; the question is a token whose value is not known yet (von Oswald et al.
2022, §2). There is no softmax, no normalisation and nothing beside attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.network import MAXIMUM_LAYERS, Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class LinearAttentionSpec(NetworkSpec):
    """Size of a `LinearAttention`.

    **Arguments:**

    - `layers`: each with weights of its own.
    - `context`: examples that are remembered; older ones are forgotten.
    - `scale`: standard deviation of fresh weights.
    """

    architecture: ClassVar[str] = "linear-attention"
    memoryless: ClassVar[bool] = False

    layers: int = 1
    context: int = 10
    scale: float = 0.1

    def __post_init__(self):
        self.check_sizes("layers", maximum=MAXIMUM_LAYERS)
        self.check_sizes("context")


@registered(LinearAttentionSpec)
class LinearAttention(Network):
    """Layers of linear self-attention with one head each; `products` are of keys and queries, `maps` of values.

    An observation is an input, and the last input with its value: `[inputs, inputs, outputs]`, as `Regression` shows
    it. What is remembered are the latest examples, zero where there is none yet. The answer is minus what the last
    layer left in the place of the question's value.
    """

    products: Float[Array, "layers width width"]
    maps: Float[Array, "layers width width"]
    spec: LinearAttentionSpec = eqx.field(static=True)
    inputs: int = eqx.field(static=True)

    def __init__(self, spec: LinearAttentionSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        if len(observation_shape) != 1 or observation_shape[0] <= actions or (observation_shape[0] - actions) % 2:
            raise UsageError(
                f"linear-attention reads an input, the last input and its {actions} values, not observations of shape "
                f"{list(observation_shape)}. Use the architecture 'small-gpt', which reads any list of numbers."
            )
        self.inputs = (observation_shape[0] - actions) // 2
        width = self.inputs + actions
        self.products, self.maps = spec.scale * jax.random.normal(key, (2, spec.layers, width, width))
        self.spec = spec

    def __call__(
        self, observation: Float[Array, " D"], memory: Float[Array, "context width"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Float[Array, "context width"]]:
        question, example = observation[: self.inputs], observation[self.inputs :]
        remembered = at_site("tokens", jnp.concatenate([memory[1:], example[None]]))
        asked = jnp.concatenate([question, jnp.zeros(len(example) - self.inputs)])

        def layer(carry, weights):
            tokens, asked = carry
            product, mapped = weights
            # Nobody attends to the question. Where there is no example yet, zeros add nothing. Sums are divided by the
            # context, however many there are: nobody counts.
            moments = mapped @ tokens.T @ tokens @ product / self.spec.context
            return (tokens + tokens @ moments.T, asked + moments @ asked), None

        (_, asked), _ = jax.lax.scan(layer, (remembered, asked), (self.products, self.maps))
        answer = at_site("answer", -asked[self.inputs :])
        return answer, jnp.zeros(()), remembered

    def initial_memory(self) -> Float[Array, "context width"]:
        return jnp.zeros((self.spec.context, self.products.shape[1]))
