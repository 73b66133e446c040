"""Full-width look-ahead: every sequence of actions to a depth, and the backup of what they lead to.

Equations of TreeQN (Farquhar et al. 2018), with the model left open: a learned one makes a network of it
(`planners.tree_qn`), the exact table of a deterministic decision problem makes it d Bellman backups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.worlds.level import AnyArray

BACKUPS: dict[str, Callable[[Float[Array, "*nodes A"]], Float[Array, "*nodes"]]] = {
    "max": lambda action_values: action_values.max(-1),
    "softmax": lambda action_values: (jax.nn.softmax(action_values) * action_values).sum(-1),
}
"""The value of a node from the values of its actions: the best, or their mean weighted by their softmax (TreeQN)."""


@runtime_checkable
class TreeModel(Protocol):
    """What a tree is grown with: states `[N, *state]` are whatever the model makes of them."""

    def transition(self, states: Float[Array, "N ..."]) -> Float[Array, "N A ..."]:
        """Returns the state after each action."""
        ...

    def reward(self, states: Float[Array, "N ..."]) -> Float[Array, "N A"]:
        """Returns the reward of each action."""
        ...

    def value(self, states: Float[Array, "N ..."]) -> Float[Array, " N"]:
        """Returns the estimated value of each state."""
        ...


class TableModel(eqx.Module):
    """The exact model of a deterministic decision problem; a state is one-hot, `[S]`.

    Where outcomes are random a state becomes a law over states, and a maximum over values of laws is not a backup:
    the identity with Bellman backups holds for deterministic problems only.

    **Arguments:**

    - `transitions`: 1 where an action leads, `[S, A, S]`; an action that ends the episode leads nowhere, all 0.
    - `rewards`: of each action in each state, `[S, A]`.
    - `values`: of each state, `[S]`.
    """

    transitions: Float[AnyArray, "S A S"]
    rewards: Float[AnyArray, "S A"]
    values: Float[AnyArray, " S"]

    def transition(self, states: Float[Array, "N S"]) -> Float[Array, "N A S"]:
        return jnp.einsum("ns,sat->nat", states, self.transitions, precision="highest")

    def reward(self, states: Float[Array, "N S"]) -> Float[Array, "N A"]:
        return jnp.matmul(states, self.rewards, precision="highest")

    def value(self, states: Float[Array, "N S"]) -> Float[Array, " N"]:
        return jnp.matmul(states, self.values, precision="highest")


class Tree(NamedTuple):
    """A grown tree; the children of a node stand together, one for each action in order.

    **Arguments:**

    - `states`: of level 0 (the root alone) to d, each `[A**level, *state]`.
    - `rewards`: of the actions of each level but the last, each `[A**level, A]`.
    - `values`: estimates of the levels below the root, each `[A**level]`.
    """

    states: tuple[Array, ...]
    rewards: tuple[Array, ...]
    values: tuple[Array, ...]


def _unwatched(site: str, value: Any) -> Any:
    return value


def grow_tree(
    model: TreeModel,
    root: Float[Array, "..."],
    depth: int,
    *,
    watch: Callable[[str, Any], Any] = _unwatched,
) -> Tree:
    """Grows the tree of all sequences of actions.

    **Arguments:**

    - `model`: transitions, rewards and values.
    - `root`: one state, `[*state]`.
    - `depth`: steps to look ahead, at least 1.
    - `watch`: is shown everything under a name (`state-1`, `reward-0`, `value-1`, …) and returns what to go on with.

    **Raises:** `UsageError` for a depth below 1.
    """
    if depth < 1:
        raise UsageError(f"A tree of depth {depth} compares no actions; the depth must be at least 1.")
    states, rewards, values = [root[None]], [], []
    for level in range(depth):
        rewards.append(watch(f"reward-{level}", model.reward(states[-1])))
        children = model.transition(states[-1])
        children = watch(f"state-{level + 1}", children.reshape(-1, *children.shape[2:]))
        values.append(watch(f"value-{level + 1}", model.value(children)))
        states.append(children)
    return Tree(tuple(states), tuple(rewards), tuple(values))


def tree_backup(
    rewards: Sequence[Float[Array, "_ A"]],
    values: Sequence[Float[Array, " _"]],
    *,
    discount: float,
    mixing: float = 1.0,
    backup: str = "max",
) -> Float[Array, " A"]:
    """Returns the value of each action at the root: Farquhar et al. 2018, the mixed backup of TreeQN.

    From the leaves up, `Q(z, a) = r(z, a) + discount V'(z_a)` with `V' = V` at a leaf and
    `V'(z) = (1 - mixing) V(z) + mixing b(Q(z, .))` above. With the exact rewards, transitions and values of a
    deterministic problem, the maximum as `b` and `mixing` 1 this is as many Bellman backups of V as there are levels.

    **Arguments:**

    - `rewards`: of the actions of each level, each `[A**level, A]`, as in `Tree`.
    - `values`: of the levels below the root, each `[A**level]`, as in `Tree`.
    - `discount`: of one step.
    - `mixing`: how much of a node's value comes from below it, in [0, 1]; the paper's lambda.
    - `backup`: one of `BACKUPS`.

    **Raises:** `UnknownNameError` for another backup; `UsageError` if the levels do not fit each other.
    """
    if backup not in BACKUPS:
        raise UnknownNameError("backup", backup, BACKUPS)
    if len(rewards) != len(values) or not rewards:
        raise UsageError(
            f"A tree of {len(rewards)} levels of rewards has {len(values)} levels of values: give one for each level."
        )
    action_values = _action_values(rewards[-1], values[-1], discount)
    for reward, value in zip(rewards[-2::-1], values[-2::-1], strict=True):
        better = (1 - mixing) * value + mixing * BACKUPS[backup](action_values)
        action_values = _action_values(reward, better, discount)
    return action_values[0]


def _action_values(reward: Array, below: Array, discount: float) -> Array:
    if below.shape != (reward.size,):
        raise UsageError(f"{list(reward.shape)} rewards do not fit {list(below.shape)} values of the level below.")
    return reward + discount * below.reshape(reward.shape)
