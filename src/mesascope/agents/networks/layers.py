"""Layers that networks are made of, with the initialisation that policy gradients want."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.convolution import KERNEL, convolve
from mesascope.core.random import RandomKey

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": jax.nn.relu, "tanh": jnp.tanh}
"""The nonlinearities that a spec may name."""
HIDDEN_GAIN: float = 2**0.5
"""Scale of orthogonal weights before a rectifier; for tanh, too, the value that is usual in policy gradients."""
POLICY_GAIN: float = 0.01
"""Scale of the policy head: small, so that a new policy is nearly uniform (Andrychowicz et al. 2021, section 3.2)."""


class Dense(eqx.Module):
    """An affine map of vectors, with orthogonal weights.

    **Arguments:**

    - `inputs`, `outputs`: lengths of the vectors.
    - `gain`: scale of the weights.
    - `key`: consumed.
    """

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"]

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0, key: RandomKey):
        self.weight = jax.nn.initializers.orthogonal(gain)(key, (inputs, outputs), jnp.float32)
        self.bias = jnp.zeros(outputs, jnp.float32)

    def __call__(self, vector: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        return vector @ self.weight + self.bias


def dense_layers(sizes: Sequence[int], *, gain: float, keys: Sequence[RandomKey]) -> tuple[Dense, ...]:
    """Returns `Dense` layers from each size to the next, the first of which is that of the input; keys are consumed."""
    return tuple(
        Dense(inputs, outputs, gain=gain, key=key)
        for inputs, outputs, key in zip(sizes[:-1], sizes[1:], keys, strict=True)
    )


class Convolution(eqx.Module):
    """A 3x3 convolution of one image `[H, W, C]` that keeps its size, with He-normal kernels.

    **Arguments:**

    - `inputs`, `outputs`: numbers of channels.
    - `gain`: scale of the kernels relative to He's.
    - `key`: consumed.
    """

    kernel: Float[Array, "3 3 inputs outputs"]
    bias: Float[Array, " outputs"]

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0, key: RandomKey):
        shape = (KERNEL, KERNEL, inputs, outputs)
        self.kernel = gain * jax.nn.initializers.he_normal()(key, shape, jnp.float32)
        self.bias = jnp.zeros(outputs, jnp.float32)

    def __call__(self, image: Float[Array, "H W inputs"]) -> Float[Array, "H W outputs"]:
        return convolve(image[None], self.kernel)[0] + self.bias


class Heads(eqx.Module):
    """The two read-outs of a trunk: action logits and a value estimate.

    **Arguments:**

    - `inputs`: length of the trunk's output.
    - `actions`: how many there are.
    - `key`: consumed.
    """

    policy: Dense
    value: Dense

    def __init__(self, inputs: int, actions: int, *, key: RandomKey):
        key_policy, key_value = jax.random.split(key)
        self.policy = Dense(inputs, actions, gain=POLICY_GAIN, key=key_policy)
        self.value = Dense(inputs, 1, key=key_value)

    def __call__(self, features: Float[Array, " inputs"]) -> tuple[Float[Array, " A"], Float[Array, ""]]:
        return self.policy(features), self.value(features)[0]
