"""TreeQN and ATreeC: a network that grows a tree of imagined states and backs values up in it (Farquhar et al. 2018).

The equations are the paper's. The code that was published with it differs: there the weights of an action are applied
to the state before the step that all actions share, not after it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Dense, dense_layers
from mesascope.agents.networks.network import MAXIMUM_LAYERS, Memory, Network, NetworkSpec
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from planners.full_width_tree import BACKUPS, TreeModel, grow_tree, tree_backup

LARGEST_TREE: int = 4096
"""Leaves at most; they are imagined for every observation."""
CRITICS: tuple[str, ...] = ("tree", "linear")
"""Where the value of a state comes from: the tree (TreeQN), or a linear map of the encoded state (ATreeC)."""
SMALL: float = 1e-12
"""Keeps the derivative of a length finite at 0."""


@dataclass(frozen=True)
class TreeQNSpec(NetworkSpec):
    """Size of a `TreeQN`; `critic="linear"` makes it an ATreeC.

    **Arguments:**

    - `encoder`: widths of the hidden layers that read the flattened observation; an empty tuple is a linear encoder.
    - `width`: of an imagined state.
    - `reward_width`: of the hidden layer that predicts rewards.
    - `depth`: steps to look ahead.
    - `discount`: of one imagined step, in [0, 1].
    - `mixing`: how much of a state's value comes from below it in the tree, in [0, 1]; the paper's lambda.
    - `backup`: one of `planners.full_width_tree.BACKUPS`.
    - `temperature`: of the softmax over action values that is the policy, above 0.
    - `critic`: one of `CRITICS`.
    """

    architecture: ClassVar[str] = "tree-qn"

    encoder: tuple[int, ...] = (64,)
    width: int = 64
    reward_width: int = 64
    depth: int = 2
    discount: float = 0.99
    mixing: float = 0.8
    backup: str = "softmax"
    temperature: float = 1.0
    critic: str = "tree"

    def __post_init__(self):
        self.check_sizes("encoder")
        self.check_sizes("width", "reward_width")
        self.check_sizes("depth", maximum=MAXIMUM_LAYERS)
        for name in ("discount", "mixing"):
            value = getattr(self, name)
            if not isinstance(value, float) or not 0 <= value <= 1:
                raise UsageError(f"tree-qn: {name}={value!r} is not a decimal number between 0 and 1.")
        if not isinstance(self.temperature, float) or not 0 < self.temperature < math.inf:
            raise UsageError(f"tree-qn: temperature={self.temperature!r} is not a decimal number above 0.")
        self.check_named(backup=BACKUPS, critic=CRITICS)


class LearnedModel(eqx.Module):
    """The transitions, rewards and values that a TreeQN learns; a `TreeModel` of states of length 1.

    With n(z) = z / |z|: `z' = z + tanh(W z)` is the same for every action, `z_a = n(z' + tanh(W_a z'))` follows it;
    `r(z) = W_2 relu(W_1 z + b_1) + b_2` holds the reward of each action, and `V(z) = w z + b`.
    The hyperbolic tangents and lengths keep these equations from expressing a table exactly; a
    `planners.full_width_tree.TableModel` can stand in the place of this one.

    **Arguments:**

    - `width`: of a state.
    - `reward_width`: of the hidden layer for rewards.
    - `actions`: how many there are.
    - `key`: consumed.
    """

    shared: Float[Array, "Z Z"]
    action: Float[Array, "A Z Z"]
    reward_hidden: Dense
    reward_out: Dense
    value_out: Dense

    def __init__(self, width: int, reward_width: int, actions: int, *, key: RandomKey):
        key_shared, key_action, key_hidden, key_reward, key_value = jax.random.split(key, 5)
        orthogonal = jax.nn.initializers.orthogonal()
        self.shared = orthogonal(key_shared, (width, width), jnp.float32)
        keys = jax.random.split(key_action, actions)
        self.action = jnp.stack([orthogonal(one, (width, width), jnp.float32) for one in keys])
        self.reward_hidden = Dense(width, reward_width, gain=2**0.5, key=key_hidden)
        self.reward_out = Dense(reward_width, actions, gain=0.1, key=key_reward)
        self.value_out = Dense(width, 1, gain=0.5, key=key_value)

    def transition(self, states: Float[Array, "N Z"]) -> Float[Array, "N A Z"]:
        after = states + jnp.tanh(states @ self.shared)
        return normalised(after[:, None] + jnp.tanh(jnp.einsum("nz,azy->nay", after, self.action)))

    def reward(self, states: Float[Array, "N Z"]) -> Float[Array, "N A"]:
        return jax.vmap(lambda state: self.reward_out(jax.nn.relu(self.reward_hidden(state))))(states)

    def value(self, states: Float[Array, "N Z"]) -> Float[Array, " N"]:
        return jax.vmap(self.value_out)(states)[:, 0]


class TreeQN(Network):
    """An encoder, the tree of all sequences of actions from there, and the backup of values in it; memoryless.

    Logits are the backed-up action values over the temperature. Sites: `encoded`, then for each level `reward-l`,
    `state-l` (`[A**l, width]`) and `value-l`, last `action-values`.
    """

    hidden: tuple[Dense, ...]
    encoder: Dense
    model: TreeModel
    critic: Dense | None
    spec: TreeQNSpec = eqx.field(static=True)

    def __init__(self, spec: TreeQNSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        if actions**spec.depth > LARGEST_TREE:
            raise UsageError(
                f"tree-qn: {actions} actions to depth {spec.depth} have {actions**spec.depth:,} leaves, more than "
                f"{LARGEST_TREE:,}. Give a smaller depth."
            )
        key_model, key_critic, key_encoder, *keys = jax.random.split(key, 3 + len(spec.encoder))
        sizes = (math.prod(observation_shape), *spec.encoder)
        self.hidden = dense_layers(sizes, gain=2**0.5, keys=keys)
        self.encoder = Dense(sizes[-1], spec.width, key=key_encoder)
        self.model = LearnedModel(spec.width, spec.reward_width, actions, key=key_model)
        self.critic = Dense(spec.width, 1, key=key_critic) if spec.critic == "linear" else None
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        features = observation.reshape(-1)
        for layer in self.hidden:
            features = jax.nn.relu(layer(features))
        encoded = at_site("encoded", normalised(self.encoder(features)))
        tree = grow_tree(self.model, encoded, self.spec.depth, watch=at_site)
        settings = {"discount": self.spec.discount, "mixing": self.spec.mixing, "backup": self.spec.backup}
        action_values = at_site("action-values", tree_backup(tree.rewards, tree.values, **settings))
        value = BACKUPS[self.spec.backup](action_values) if self.critic is None else self.critic(encoded)[0]
        return action_values / self.spec.temperature, value, memory


TreeQNSpec.network = TreeQN


def normalised(states: Float[Array, "*batch Z"]) -> Float[Array, "*batch Z"]:
    """Returns states of length 1; one of length 0 stays as it is.

    **Arguments:**

    - `states`: of any length.
    """
    square = (states**2).sum(-1, keepdims=True)
    return states * jax.lax.rsqrt(jnp.maximum(square, SMALL))
