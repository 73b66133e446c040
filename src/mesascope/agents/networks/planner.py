"""Networks that search by construction: a model read off the observation, and a search of bounded depth over it.

Nothing is learned here but what could be written down: which plane shows what. They are the positive controls of search
detection: what is inside is known exactly, and so is how far it looks ahead. Each step of the search is a site.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.agents.networks.network import Memory, Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.planning.monte_carlo_tree import MOST_SIMULATIONS, simulated_values

MOST_LEAVES: int = 4096
"""Of a tree; deeper ones are refused."""

ROLLOUTS: int = 64
"""Sequences of actions that are tried after each first action."""

MOST_DEPTH: int = 64

_MOVES: tuple[tuple[int, int], ...] = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))


@dataclass(frozen=True)
class PlannerSpec(NetworkSpec):
    """What a planner searches, how and how far.

    **Arguments:**

    - `search`: `"sweeps"` of value iteration over all states, a `"tree"` of all sequences of actions, `"rollouts"` of
      random sequences, a `"frontier"` that spreads from the agent, or `"simulations"` of a Monte Carlo tree search.
    - `depth`: how many steps it looks ahead at most, 1 or more.
    - `simulations`: of a Monte Carlo tree search; the others have none.
    - `model`: how transitions are read: `"grid"` (walls in the first plane, agent in the last) or `"graph"` (one plane
      for each edge, then goal and agent on the diagonals).
    - `goal`: the plane that shows the goal, for grids.
    """

    architecture: ClassVar[str] = "planner"

    search: str = "sweeps"
    depth: int = 8
    simulations: int = 32
    model: str = "grid"
    goal: int = 1

    def __post_init__(self):
        self.check_named(search=SEARCHES, model=MODELS)
        if type(self.depth) is not int or not 1 <= self.depth <= MOST_DEPTH:
            raise UsageError(f"planner: depth={self.depth!r} is not a whole number from 1 to {MOST_DEPTH}.")
        self.check_sizes("simulations", maximum=MOST_SIMULATIONS)
        if type(self.goal) is not int:
            raise UsageError(f"planner: goal={self.goal!r} is not the number of a plane.")


@registered(PlannerSpec)
class Planner(Network):
    """A search of bounded depth over the model that an observation shows; memoryless. Only roll-outs are drawn."""

    discount: Float[Array, ""]
    sharpness: Float[Array, ""]
    sequences: Float[Array, "rollouts depth"]
    spec: PlannerSpec = eqx.field(static=True)

    def __init__(self, spec: PlannerSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        fits = len(observation_shape) == 3 and observation_shape[2] >= 3
        if spec.model == "grid":
            fits = fits and actions == len(_MOVES) and 0 < spec.goal < observation_shape[2] - 1
        else:
            fits = fits and observation_shape[0] == observation_shape[1] and observation_shape[2] == actions + 2
        if not fits:
            raise UsageError(
                f"A planner of model '{spec.model}' cannot read observations of shape {list(observation_shape)} with "
                f"{actions} actions and the goal in plane {spec.goal}."
            )
        if spec.search == "tree" and actions**spec.depth > MOST_LEAVES:
            raise UsageError(
                f"A tree of depth {spec.depth} over {actions} actions has more than {MOST_LEAVES} leaves; take less."
            )
        self.discount, self.sharpness = jnp.float32(0.95), jnp.float32(1000.0)
        drawn = jax.random.randint(key, (ROLLOUTS if spec.search == "rollouts" else 0, spec.depth - 1), 0, actions)
        # An agent file holds numbers of single precision only.
        self.sequences = drawn.astype(jnp.float32)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "H W C"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        scores = self.search(observation)
        # Roll-outs of equal scores tie, and so are chosen alike.
        return self.sharpness * scores, scores.max(), memory

    def search(self, observation: Float[Array, "H W C"]) -> Float[Array, " A"]:
        """Returns the score of each first action: the discount to the power of the steps to the goal, 0 beyond."""
        successors, goal, here = MODELS[self.spec.model](observation, self.spec)
        board = observation.shape[:2] if self.spec.model == "grid" else observation.shape[:1]
        goal = at_site("goal", goal.astype(jnp.float32).reshape(*board, 1)).reshape(-1)
        return SEARCHES[self.spec.search](self, successors, goal, here, board)


Model = Callable[[Array, PlannerSpec], tuple[Int[Array, "S A"], Bool[Array, " S"], Int[Array, ""]]]


def _grid(observation: Float[Array, "H W C"], spec: PlannerSpec):
    height, width, _ = observation.shape
    cells = jnp.arange(height * width).reshape(height, width)
    walls = observation[..., 0] > 0.5
    targets = []
    for down, right in _MOVES:
        target = jnp.roll(cells, (-down, -right), (0, 1))
        blocked = jnp.roll(walls, (-down, -right), (0, 1))
        targets.append(jnp.where(blocked, cells, target).reshape(-1))
    here = jnp.argmax(observation[..., -1].reshape(-1))
    return jnp.stack(targets, -1), observation[..., spec.goal].reshape(-1) > 0.5, here


def _graph(observation: Float[Array, "N N C"], spec: PlannerSpec):
    successors = jnp.argmax(observation[..., :-2], axis=1)
    goal, agent = (jnp.diagonal(observation[..., plane]) for plane in (-2, -1))
    return successors, goal > 0.5, jnp.argmax(agent)


def entering(discount: Array, goal: Array, values: Array, successors: Array) -> Array:
    """Returns the value of each action: 1 for entering the goal, after which nothing counts."""
    return (goal + discount * (1 - goal) * values)[successors]


def _sweeps(planner: Planner, successors: Array, goal: Array, here: Array, board: tuple[int, ...]) -> Array:
    values = jnp.zeros_like(goal)
    for sweep in range(1, planner.spec.depth):
        values = entering(planner.discount, goal, values, successors).max(-1)
        values = at_site(f"sweep-{sweep}", values.reshape(*board, 1)).reshape(-1)
    return entering(planner.discount, goal, values, successors)[here]


def _tree(planner: Planner, successors: Array, goal: Array, here: Array, board: tuple[int, ...]) -> Array:
    actions, places = successors.shape[-1], [here[None]]
    for _ in range(planner.spec.depth):
        places.append(successors[places[-1]].reshape(-1))
    values = jnp.zeros(len(places[-1]))
    for level in range(planner.spec.depth, 0, -1):
        entered = goal[places[level]]
        values = at_site(f"level-{level}", entered + planner.discount * (1 - entered) * values)
        if level > 1:
            values = values.reshape(-1, actions).max(-1)
    return values


def _rollouts(planner: Planner, successors: Array, goal: Array, here: Array, board: tuple[int, ...]) -> Array:
    actions, sequences = successors.shape[-1], planner.sequences.astype(jnp.int32)

    def follow(place, sequence):
        def step(place, action):
            return successors[place, action], goal[place]

        last, entered = jax.lax.scan(step, place, sequence)
        entered = jnp.append(entered, goal[last])
        # The first entry counts.
        first = jnp.where(entered.cumsum() - entered > 0, 0.0, entered)
        return (first * planner.discount ** jnp.arange(len(first))).sum()

    scores = jax.vmap(lambda place: jax.vmap(lambda sequence: follow(place, sequence))(sequences))(successors[here])
    return at_site("rollouts", scores.reshape(actions, len(sequences))).max(-1)


def _frontier(planner: Planner, successors: Array, goal: Array, here: Array, board: tuple[int, ...]) -> Array:
    actions, states = successors.shape[-1], len(goal)
    reached = jax.nn.one_hot(successors[here], states)
    scores = reached @ goal
    for step in range(1, planner.spec.depth):
        spread = jax.vmap(
            lambda row: jnp.zeros(states).at[successors.reshape(-1)].max(jnp.repeat(row * (1 - goal), actions))
        )(reached)
        reached = at_site(f"frontier-{step}", spread.T.reshape(*board, actions)).reshape(-1, actions).T
        scores = jnp.maximum(scores, planner.discount**step * (reached @ goal))
    return scores


def _simulations(planner: Planner, successors: Array, goal: Array, here: Array, board: tuple[int, ...]) -> Array:
    spec = planner.spec
    found = simulated_values(
        successors, goal, here, discount=planner.discount, simulations=spec.simulations, depth=spec.depth
    )
    return at_site("simulated", found)


MODELS: dict[str, Model] = {"grid": _grid, "graph": _graph}
SEARCHES: dict[str, Callable[..., Float[Array, " A"]]] = {
    "sweeps": _sweeps,
    "tree": _tree,
    "rollouts": _rollouts,
    "frontier": _frontier,
    "simulations": _simulations,
}
"""Ways to search, by name."""
