"""Value iteration networks: a learned reward map, and value iteration on it as layers (Tamar et al. 2016).

A trained network that searches by construction: rewards and transitions are learned, but what is done with them is the
maximum of Bellman's equation, again and again, with the same kernel. More iterations need no more parameters, so that a
network can look farther ahead than it was trained to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.convolution import KERNEL, convolve
from mesascope.agents.networks.layers import Convolution, Dense, Heads
from mesascope.agents.networks.network import Memory, NetworkSpec, Thinker, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey

MAXIMUM_ITERATIONS: int = 256
"""They are compiled one by one, so that each can be read."""
DISCOUNT: float = 0.99
"""Of one iteration in a new network, near 1 so that values reach far; training may change it."""
REWARD_GAIN: float = 0.7
"""Scale of the weights before the reward map: with smaller ones learning is slower, with larger ones a new network is
not nearly uniform."""
DECISIVENESS: float = 3.0
"""How sure the imagined actions of a new network are of where they lead: 0 is everywhere alike."""


@dataclass(frozen=True)
class ValueIterationNetworkSpec(NetworkSpec):
    """Size of a `ValueIterationNetwork`.

    **Arguments:**

    - `iterations`: of value iteration before each choice. No parameter depends on it.
    - `channels`: actions that are imagined: not those of the world. Where few are drawn, training begins without some
      direction.
    - `hidden`: channels between the observation and the reward map.
    """

    architecture: ClassVar[str] = "vin"

    iterations: int = 20
    channels: int = 20
    hidden: int = 64

    def __post_init__(self):
        self.check_sizes("iterations", maximum=MAXIMUM_ITERATIONS)
        self.check_sizes("channels", "hidden")

    @property
    def place_plane(self) -> int:
        """The last plane: see `NetworkSpec`."""
        return -1


@registered(ValueIterationNetworkSpec)
class ValueIterationNetwork(Thinker):
    """A reward map R, values V that begin at 0 and are iterated, and the two heads at the agent's place; memoryless.

    `Q_k = conv([R, V_{k-1}])` with one 3x3 kernel for all k, and `V_k` is the maximum of `Q_k` over its channels. As in
    the code of the paper the last convolution comes after K iterations, so that every one of them matters to the
    choice, and the heads read what it gives where the agent stands. Rewards and values do not depend on that place: the
    plane that shows the agent, the last one, is all that is kept from them. Sites: `reward`, then `iteration-k` for
    each k from 1 (`[H, W, 1]`), last `action-values` (`[channels]`).
    """

    reward_hidden: Convolution
    reward_out: Dense
    kernel: Float[Array, "3 3 2 channels"]
    heads: Heads
    spec: ValueIterationNetworkSpec = eqx.field(static=True)

    def __init__(
        self, spec: ValueIterationNetworkSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey
    ):
        spec.check_image(observation_shape, otherwise="mlp")
        planes = observation_shape[2]
        if planes < 2:
            raise UsageError(
                f"vin reads the agent's place from the last of several planes; observations {list(observation_shape)} "
                "have one. Use the architecture 'convnet', which needs no such plane."
            )
        key_hidden, key_reward, key_kernel, key_heads = jax.random.split(key, 4)
        self.reward_hidden = Convolution(planes - 1, spec.hidden, key=key_hidden)
        reward_out = Dense(spec.hidden, 1, gain=REWARD_GAIN, key=key_reward)
        # At first all that is seen costs, walls above all. Where it paid in a new network, heads learnt to prefer what
        # is worth less, to keep out of walls, and stayed so: but value iteration looks for the most, not for the least.
        self.reward_out = eqx.tree_at(lambda layer: layer.weight, reward_out, -jnp.abs(reward_out.weight))
        self.kernel = imagined_actions(spec.channels, key=key_kernel)
        self.heads = Heads(spec.channels, actions, key=key_heads)
        self.spec = spec

    def think(self, observation: Float[Array, "H W C"], memory: Memory) -> tuple[Float[Array, "H W channels"], Memory]:
        """Returns the action values of every place; see `Thinker`."""
        features = jax.nn.relu(self.reward_hidden(observation[..., :-1]))
        reward = at_site("reward", jax.vmap(jax.vmap(self.reward_out))(features))
        # Convolutions are linear: the part of rewards is the same in every iteration.
        rewarded = convolve(reward[None], self.kernel[:, :, :1])[0]
        found = rewarded
        for iteration in range(1, self.spec.iterations + 1):
            values = at_site(f"iteration-{iteration}", found.max(-1, keepdims=True))
            found = rewarded + convolve(values[None], self.kernel[:, :, 1:])[0]
        return found, memory

    def choose(
        self, image: Float[Array, "H W channels"], observation: Float[Array, "H W C"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""]]:
        return self.heads(at_site("action-values", jnp.einsum("hwc,hw->c", image, observation[..., -1])))


def imagined_actions(channels: int, *, key: RandomKey) -> Float[Array, "3 3 2 channels"]:
    """Returns a kernel by which every channel is a random action: it leads somewhere near, and earns what is there.

    Its weights are a probability distribution over the nine squares, discounted for values, which keeps values from
    exploding when they are iterated. Which way each channel leads is drawn, so that the moves of the world are learned.
    """
    chances = jax.nn.softmax(DECISIVENESS * jax.random.normal(key, (KERNEL * KERNEL, channels)), axis=0)
    chances = chances.reshape(KERNEL, KERNEL, channels)
    return jnp.stack([chances, DISCOUNT * chances], axis=2)
