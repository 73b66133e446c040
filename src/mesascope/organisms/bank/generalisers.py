"""Networks that do well in levels they have never seen: reflexes that look around themselves, and convolutions.

All have the outer shape of `map_networks`: maps without the agent, and a choice where it stands, so that one pass over
a level gives the choices of all its squares, and they are trained on all of them at once. A bounded view with a
direction cannot search, however many levels it was trained on: nothing is passed on from square to square. Of stacked
convolutions that were trained on many levels nobody knows: their kind is unknown, and they are never used as truth.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Convolution, Dense
from mesascope.agents.networks.network import Memory, Network, NetworkSpec
from mesascope.agents.sites import at_site
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.core.random import RandomKey, root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.bank.map_networks import MapNetwork, by_worth, chosen_at_agent
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.maze import Maze

SHOWN: int = 512
"""Levels that are shown, drawn from so many mazes as it is trained on, at most as many."""

HIDDEN: int = 96
CHANNELS: int = 24
LAYERS: int = 6


@dataclass(frozen=True)
class GeneraliserSpec(NetworkSpec):
    """What a trained network of maps is made of; it is made by `trained`, not built.

    **Arguments:**

    - `kind`: `"view"`, `"successor"` or `"convolutions"`.
    - `size`: side of the view, or number of convolutions.
    """

    architecture: ClassVar[str] = "generaliser"

    kind: str = "view"
    size: int = 5


class View(Network):
    """A reflex: walls in a square window, and the direction of the goal, by one hidden layer.

    **Arguments:**

    - `size`: side of the window, odd.
    - `key`: consumed.
    """

    inner: Dense
    outer: Dense
    size: int = eqx.field(static=True)

    def __init__(self, size: int, *, key: RandomKey):
        key_inner, key_outer = jax.random.split(key)
        self.inner = Dense(size * size + 11, HIDDEN, gain=2**0.5, key=key_inner)
        self.outer = Dense(HIDDEN, 5, key=key_outer)
        self.size = size

    def logits(self, planes: Float[Array, "H W 2"]) -> Float[Array, "H W 5"]:
        """Returns what it would do in each square, of walls and goal."""
        seen = jnp.concatenate([windows(planes[..., 0], self.size), direction(planes[..., 1])], -1)
        hidden = at_site("view", jax.nn.relu(seen @ self.inner.weight + self.inner.bias))
        return hidden @ self.outer.weight + self.outer.bias

    def __call__(self, observation: Float[Array, "H W C"], memory: Memory):
        return _read(at_site("choices", self.logits(observation[..., :2])), observation, memory)


class Convolutions(Network):
    """Residual 3x3 convolutions over walls and goal, and a choice in each square.

    **Arguments:**

    - `layers`: how many.
    - `key`: consumed.
    """

    layers: tuple[Convolution, ...]
    outer: Dense

    def __init__(self, layers: int, *, key: RandomKey):
        key_outer, *keys = jax.random.split(key, 1 + layers)
        self.layers = tuple(Convolution(CHANNELS if place else 2, CHANNELS, key=one) for place, one in enumerate(keys))
        self.outer = Dense(CHANNELS, 5, key=key_outer)

    def logits(self, planes: Float[Array, "H W 2"]) -> Float[Array, "H W 5"]:
        """Returns what it would do in each square, of walls and goal."""
        image = planes
        for place, layer in enumerate(self.layers):
            change = jax.nn.relu(layer(image))
            image = at_site(f"layer-{place}", image + change if place else change)
        return image @ self.outer.weight + self.outer.bias

    def __call__(self, observation: Float[Array, "H W C"], memory: Memory):
        return _read(at_site("choices", self.logits(observation[..., :2])), observation, memory)


class Successor(Network):
    """A reflex by successor features: how often a random walk from each square came to the goal's, in training levels.

    **Arguments:**

    - `visits`: mean over them, by square and square.
    """

    visits: Float[Array, "squares squares"]

    def __call__(self, observation: Float[Array, "H W C"], memory: Memory):
        free, goal = 1.0 - observation[..., 0], observation[..., 1]
        worth = at_site("worth", (self.visits @ goal.reshape(-1)).reshape(*goal.shape, 1))
        return *chosen_at_agent(by_worth(worth[..., 0], free), observation), memory


def _read(logits: Float[Array, "H W 5"], observation: Float[Array, "H W C"], memory: Memory):
    here = jnp.einsum("hwa,hw->a", logits, observation[..., -1])
    return here, here.max(), memory


def windows(walls: Float[Array, "H W"], size: int) -> Float[Array, "H W D"]:
    """Returns the walls in the square window around each square; beyond the border all is wall."""
    height, width = walls.shape
    padded = jnp.pad(walls, size // 2, constant_values=1.0)
    parts = [padded[down : down + height, right : right + width] for down in range(size) for right in range(size)]
    return jnp.stack(parts, -1)


def direction(goal: Float[Array, "H W"]) -> Float[Array, "H W 11"]:
    """Returns from each square in which of nine directions the goal lies, and how far down and right."""
    height, width = goal.shape
    place = jnp.argmax(goal.reshape(-1))
    down = (place // width - jnp.arange(height))[:, None] + jnp.zeros((height, width), jnp.int32)
    right = (place % width - jnp.arange(width))[None] + jnp.zeros((height, width), jnp.int32)
    case = (jnp.sign(down) + 1) * 3 + jnp.sign(right) + 1
    return jnp.concatenate([jax.nn.one_hot(case, 9), jnp.stack([down, right], -1) / height], -1)


@functools.lru_cache(maxsize=4)
def training_levels(world: Maze, levels: int, *, seed: int) -> LevelSet:
    """Returns `SHOWN` levels of so many mazes, with the goal anywhere.

    **Arguments:**

    - `world`: whose kind of walls they have.
    - `levels`: different mazes.
    - `seed`: of which.
    """
    some = Maze(walls=world.walls, density=world.density, training_mazes=levels, maze_seed=100 + seed)
    objectives = compile_objectives(some).select("goal")
    return sample_level_set("shown", some, "train", objectives, "goal", count=SHOWN, key=root_key(seed))


def lessons(level_set: LevelSet) -> tuple[np.ndarray, np.ndarray]:
    """Returns walls and goals of levels, `[N, H, W, 2]`, and what is optimal in each square, `[N, H, W, 5]`, 0 in
    walls."""
    world, levels = level_set.world, level_set.levels
    cells = level_set.cells(0)
    best = optimal_actions(level_set.optimal_action_values[0]).astype(np.float32)
    best /= best.sum(-1, keepdims=True)
    counted = (level_set.active & ~level_set.fulfilled[0])[..., None]
    wanted = np.zeros((levels.count, *world.observation_shape[:2], 5), np.float32)
    wanted[:, cells[:, 0], cells[:, 1]] = np.where(counted, best, 0.0)
    planes = np.zeros((levels.count, *world.observation_shape[:2], 2), np.float32)
    planes[..., 0] = np.asarray(levels.layout.walls)
    planes[:, cells[:, 0], cells[:, 1], 1] = np.asarray(levels.layout.objects)[..., 0]
    return planes, wanted


def taught(teacher: MapNetwork, planes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns what a search chooses in all squares of levels in which something is to be chosen.

    **Arguments:**

    - `teacher`: memoryless.
    - `planes`, `wanted`: from `lessons`.
    """

    scores = np.asarray(jax.jit(jax.vmap(teacher.scores))(jnp.asarray(planes)))
    best = (scores >= (1 - 1e-4) * scores.max(-1, keepdims=True)).astype(np.float32)
    return best / best.sum(-1, keepdims=True) * wanted.any(-1, keepdims=True)


def fitted(network: Any, planes: np.ndarray, wanted: np.ndarray, *, updates: int, key: RandomKey) -> Any:
    """Returns a network of maps that learnt choices in all squares, by cross-entropy.

    **Arguments:**

    - `network`: fresh, with `logits`.
    - `planes`, `wanted`: from `lessons`, or with a teacher's choices.
    - `updates`: of 32 levels each.
    - `key`: consumed.
    """
    rule = optax.adam(optax.cosine_decay_schedule(4e-3, updates))
    parameters, static = eqx.partition(network, eqx.is_array)

    def loss_of(parameters: Any, some: Array, target: Array) -> Array:
        logits = jax.vmap(eqx.combine(parameters, static).logits)(some)
        return -(target * jax.nn.log_softmax(logits)).sum() / target.sum()

    def update(carry: Any, rows: Array) -> tuple[Any, Array]:
        parameters, state = carry
        loss, slope = jax.value_and_grad(loss_of)(parameters, all_planes[rows], all_wanted[rows])
        change, state = rule.update(slope, state)
        return (optax.apply_updates(parameters, change), state), loss

    all_planes, all_wanted = jnp.asarray(planes), jnp.asarray(wanted)
    rows = jax.random.randint(key, (updates, 32), 0, len(planes))
    (parameters, _), _ = jax.jit(lambda carry, rows: jax.lax.scan(update, carry, rows))(
        (parameters, rule.init(parameters)), rows
    )
    return eqx.combine(parameters, static)


def successor(level_set: LevelSet) -> Successor:
    """Returns the reflex that goes by how often a random walk arrives, mean over the levels."""
    walls = np.unique(np.asarray(level_set.levels.layout.walls), axis=0)
    count, height, width = walls.shape
    free = ~walls.reshape(count, -1)
    index = np.arange(height * width).reshape(height, width)
    total = np.zeros((height * width, height * width))
    for open_squares in free:
        step = np.zeros_like(total)
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            target = np.roll(index, (-down, -right), (0, 1)).reshape(-1)
            both = open_squares & open_squares[target]
            step[np.flatnonzero(both), target[both]] += 1.0
        step /= np.maximum(step.sum(-1, keepdims=True), 1.0)
        total += np.linalg.inv(np.eye(len(step)) - 0.9 * step) * (open_squares[:, None] & open_squares[None])
    return Successor(jnp.asarray(total / count, jnp.float32))
