"""Networks of one outer shape, whose mechanism is known: maps of a grid, layer by layer, and a choice where the agent
is.

All see walls and goal, never the agent, and hold one map after the other, `[H, W, channels]`; the last, `choices`, is
read at the agent's place. What goes on in between was written down. Searches compute what alternatives are worth at
run time, along open ways, and compare them; the others do not. Their channels are turned at random, so that none
stands for anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.network import Memory, Network, NetworkSpec
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey

SHARPNESS: float = 200.0
"""Of choices, relative to the best score: five in a hundred are ten units of log-odds."""

SMALLEST: float = 1e-5
"""Numbers below this are rounding of turned channels."""

CHANNELS: int = 12
_MOVES: tuple[tuple[int, int], ...] = ((-1, 0), (1, 0), (0, -1), (0, 1))


@dataclass(frozen=True)
class MapSpec(NetworkSpec):
    """What goes on in a network of maps.

    **Arguments:**

    - `mechanism`: one of `MECHANISMS`.
    - `depth`: layers, or ticks of one step.
    - `remembers`: whether worth is carried on to the next step.
    """

    architecture: ClassVar[str] = "map"

    mechanism: str = "sweeps"
    depth: int = 8
    remembers: bool = False

    @property
    def memoryless(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it carries no memory."""
        return not self.remembers

    def build(self, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey) -> MapNetwork:
        """Returns the network; only how its channels are turned is drawn."""
        if len(observation_shape) != 3 or observation_shape[2] < 3 or actions != len(_MOVES) + 1:
            raise UsageError(f"Networks of maps read grids with walls, goal and agent, not {list(observation_shape)}.")
        return MapNetwork(self, observation_shape[:2], key=key)


class MapNetwork(Network):
    """Maps that are worked out one after the other, and the choice where the agent stands."""

    turn: Float[Array, "channels parts"]
    spec: MapSpec = eqx.field(static=True)
    size: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, spec: MapSpec, size: tuple[int, ...], *, key: RandomKey):
        parts = MECHANISMS[spec.mechanism].parts
        self.turn = jax.nn.initializers.orthogonal()(key, (CHANNELS, parts), jnp.float32)
        self.spec, self.size = spec, size

    def __call__(
        self, observation: Float[Array, "H W C"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        state = self.worked_out(observation[..., :2], memory)
        found = chosen_at_agent(MECHANISMS[self.spec.mechanism].score(state), observation)
        return *found, state[..., -1] if self.spec.remembers else memory

    def worked_out(self, planes: Float[Array, "H W 2"], memory: Memory) -> Float[Array, "H W parts"]:
        """Returns the last map, of walls and goal."""
        mechanism = MECHANISMS[self.spec.mechanism]
        state = mechanism.start(1.0 - planes[..., 0], planes[..., 1])
        if self.spec.remembers:
            state = state.at[..., -1].set(memory)
        for layer in range(self.spec.depth + 1):
            state = state if layer == 0 else mechanism.spread(state)
            turned = at_site(f"layer-{layer}", state @ self.turn.T) @ self.turn
            state = jnp.where(jnp.abs(turned) < SMALLEST, 0.0, turned)
        return state

    def scores(self, planes: Float[Array, "H W 2"]) -> Float[Array, "H W 5"]:
        """Returns the score of each action in each square."""
        return MECHANISMS[self.spec.mechanism].score(self.worked_out(planes, self.initial_memory()))

    def initial_memory(self) -> Memory:
        return jnp.zeros(self.size) if self.spec.remembers else None


def chosen_at_agent(
    scores: Float[Array, "H W 5"], observation: Float[Array, "H W C"]
) -> tuple[Float[Array, " A"], Float[Array, ""]]:
    """Returns the logits of the choice where the agent stands, and the best score there.

    **Arguments:**

    - `scores`: of each action in each square, 0 or more.
    - `observation`: whose last plane shows the agent.
    """
    here = jnp.einsum("hwa,hw->a", at_site("choices", scores), observation[..., -1])
    return SHARPNESS * here / (here.max() + SMALLEST), here.max()


def beside(plane: Float[Array, "H W"]) -> Float[Array, "H W 4"]:
    """Returns what lies up, down, left and right of each square; the border is wall all around."""
    return jnp.stack([jnp.roll(plane, (-down, -right), (0, 1)) for down, right in _MOVES], -1)


def by_worth(worth: Float[Array, "H W"], free: Float[Array, "H W"]) -> Float[Array, "H W 5"]:
    """Returns scores that are the worth of the square that each move leads to, nothing for walls and for staying."""
    moves = beside(worth * free)
    return jnp.concatenate([moves, jnp.zeros_like(moves[..., :1])], -1)


@dataclass(frozen=True)
class Mechanism:
    """One way to work out choices.

    **Arguments:**

    - `parts`: planes that it holds.
    - `start`: makes them of free squares and goal.
    - `spread`: makes those of the next layer.
    - `score`: of each action in each square.
    """

    parts: int
    start: Callable[[Array, Array], Array]
    spread: Callable[[Array], Array]
    score: Callable[[Array], Array]


def _free_goal_worth(free: Array, goal: Array) -> Array:
    return jnp.stack([free, goal, jnp.zeros_like(goal)], -1)


def _sweep(discount: float) -> Callable[[Array], Array]:
    """Returns value iteration: a square is worth the best that lies beside it, discounted."""

    def spread(state: Array) -> Array:
        free, goal, worth = jnp.moveaxis(state, -1, 0)
        return jnp.stack([free, goal, free * jnp.maximum(goal, discount * beside(worth).max(-1))], -1)

    return spread


def _diffuse(state: Array) -> Array:
    """What seeps on along open ways: the mean of the free squares beside, a little less of it."""
    free, goal, worth = jnp.moveaxis(state, -1, 0)
    mean = beside(worth * free).sum(-1) / jnp.maximum(beside(free).sum(-1), 1.0)
    return jnp.stack([free, goal, free * (goal + 0.9 * mean)], -1)


def _scent(state: Array) -> Array:
    """What seeps through walls as through free squares."""
    free, goal, worth = jnp.moveaxis(state, -1, 0)
    return jnp.stack([free, goal, goal + 0.9 * beside(worth).mean(-1)], -1)


def _worth_scores(state: Array) -> Array:
    return by_worth(state[..., 2], state[..., 0])


def _first_pointers(free: Array, goal: Array) -> Array:
    return jnp.stack([free, goal, *[jnp.zeros_like(goal)] * 4], -1)


def _point(state: Array) -> Array:
    """Breadth-first: a free square that is not settled points to all settled ones beside it, and is settled."""
    free, settled, pointers = state[..., 0], state[..., 1], state[..., 2:]
    settled = jnp.where(settled > 0.5, 1.0, 0.0)
    new = (beside(settled) > 0.5) * (free * (1 - settled))[..., None]
    return jnp.concatenate([jnp.stack([free, jnp.maximum(settled, new.max(-1))], -1), jnp.maximum(pointers, new)], -1)


def _pointer_scores(state: Array) -> Array:
    pointers = state[..., 2:]
    return jnp.concatenate([pointers, jnp.zeros_like(pointers[..., :1])], -1)


MECHANISMS: dict[str, Mechanism] = {
    "sweeps": Mechanism(3, _free_goal_worth, _sweep(0.95), _worth_scores),
    "discounted": Mechanism(3, _free_goal_worth, _sweep(0.6), _worth_scores),
    "diffusion": Mechanism(3, _free_goal_worth, _diffuse, _worth_scores),
    "scent": Mechanism(3, _free_goal_worth, _scent, _worth_scores),
    "pointers": Mechanism(6, _first_pointers, _point, _pointer_scores),
}
"""By name: value sweeps, the same steeply discounted, a wave on open ways, one through walls, and breadth-first
pointers."""
