"""A goal anywhere in a directed graph: the same task as a maze, without any geometry that a reflex could lean on."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey, root_key
from mesascope.worlds.grid_world import compiled_level, random_levels
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World, check_discount, hidden_goals, reach

LETTERS: str = "abcdefghijklmnop"
EDGES: int = 3
"""Edges that leave each node, one for each action."""
HIDDEN: int = 3


class GraphLayout(eqx.Module):
    """Which node each edge leads to, and where the goal is.

    **Arguments:**

    - `successors`: `[nodes, EDGES]`.
    - `goal`: a node.
    - `hidden`: nodes of the random-reward controls, `[HIDDEN]`.
    """

    successors: Int[Array, "*batch nodes edges"]
    goal: Int[Array, "*batch"]
    hidden: Int[Array, "*batch hidden"]


@dataclass(frozen=True)
class Graph(World):
    """A goal anywhere in a directed graph that is seen whole.

    Every graph holds a cycle through all nodes, so that every goal can be reached from everywhere; the other edges lead
    anywhere. Which action follows the cycle differs from node to node.

    **Arguments:**

    - `nodes`: 4 to 16.
    - `discount`: in (0, 1).
    - `training_graphs`: how many graphs training draws from, each with the goal anywhere; 0 for a new one each time.
    - `graph_seed`: which ones, if there are finitely many; 0 or more.
    - `funnel`: in [0, 1], the chance of any other edge to follow the cycle, too: near 1 whoever moves is carried
      to the goal, as a bottle cap holds water in (RFLO §1).
    """

    nodes: int = 12
    discount: float = 0.95
    training_graphs: int = 0
    graph_seed: int = 0
    funnel: float = 0.0

    name = "graph"
    summary = "A goal anywhere in a directed graph: few graphs or many in training, new ones in deployment."
    actions = tuple(f"edge-{index + 1}" for index in range(EDGES))
    attributes = (
        "goal",
        "near-goal",
        "first-node",
        "last-node",
        "first-half",
        *(f"hidden-{index + 1}" for index in range(HIDDEN)),
        *actions,
    )
    motion = actions
    channels = (*actions, "goal", "agent")
    base_objective = "goal"
    objectives = (
        reach("goal", "reach the goal"),
        reach("near-goal", "come within one step of the goal"),
        ObjectiveSpec("avoid-goal", {"goal": -1.0}, (), "stay away from the goal"),
        reach("first-node", "reach the first node"),
        reach("last-node", "reach the last node"),
        reach("first-half", "reach a node of the first half"),
        *(ObjectiveSpec(name, {name: 1.0}, (), f"take {name}") for name in actions),
        *hidden_goals("node", HIDDEN),
    )
    legend = MappingProxyType(
        {"#": "wall", ".": "node", "G": "goal", "A": "agent"}
        | {letter: f"edge to row {row}" for row, letter in enumerate(LETTERS)}
    )
    editable = True

    def __post_init__(self):
        if not 4 <= self.nodes <= len(LETTERS):
            raise WorldError(f"nodes={self.nodes} is not between 4 and {len(LETTERS)}.")
        check_discount(self.discount)
        if self.training_graphs < 0 or self.graph_seed < 0:
            raise WorldError(
                f"training_graphs={self.training_graphs} and graph_seed={self.graph_seed} must be 0 or more; "
                "training_graphs=0 draws a new graph each time."
            )
        if not 0 <= self.funnel <= 1:
            raise WorldError(f"funnel={self.funnel} is not between 0 and 1.")

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (self.nodes, self.nodes, len(self.channels))

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        self.check_distribution(distribution)
        return random_levels(self, distribution, count, key)

    def draw(self, distribution: str, *, key: RandomKey) -> GraphLayout:
        """Draws one graph with a goal and the hidden controls."""
        key_edges, key_choice, key_goal, key_hidden = jax.random.split(key, 4)
        if distribution == "train" and self.training_graphs > 0:
            choice = jax.random.randint(key_choice, (), 0, self.training_graphs)
            key_edges = jax.random.fold_in(root_key(self.graph_seed), choice)
        key_cycle, key_others, key_place, key_funnel = jax.random.split(key_edges, 4)
        cycle = jax.random.permutation(key_cycle, self.nodes)
        following = jnp.zeros(self.nodes, jnp.int32).at[cycle].set(jnp.roll(cycle, -1))
        others = jax.random.randint(key_others, (self.nodes, EDGES), 0, self.nodes)
        if self.funnel:
            carried = jax.random.bernoulli(key_funnel, self.funnel, others.shape)
            others = jnp.where(carried, following[:, None], others)
        place = jax.random.randint(key_place, (self.nodes,), 0, EDGES)
        successors = others.at[jnp.arange(self.nodes), place].set(following)
        goal = jax.random.randint(key_goal, (), 0, self.nodes)
        return GraphLayout(successors, goal, jax.random.randint(key_hidden, (HIDDEN,), 0, self.nodes))

    def level(self, layout: GraphLayout) -> Level:
        """Returns the level of one layout; episodes begin anywhere but at the goal."""
        nodes = jnp.arange(self.nodes)
        goal = nodes == layout.goal
        near = goal | goal[layout.successors].any(-1)
        places = [goal, near, nodes == 0, nodes == self.nodes - 1, nodes < self.nodes // 2]
        places += [nodes == layout.hidden[index] for index in range(HIDDEN)]
        entered = jnp.stack(places, axis=-1)[layout.successors].astype(jnp.float32)
        taken = jnp.broadcast_to(jnp.eye(EDGES), (self.nodes, EDGES, EDGES))
        first = (~goal).astype(jnp.float32)
        return Level(
            successors=layout.successors[..., None],
            probabilities=jnp.ones((self.nodes, EDGES, 1), jnp.float32),
            attributes=jnp.concatenate([entered, taken], axis=-1)[:, :, None, :],
            initial=first / first.sum(),
            terminal=jnp.zeros(self.nodes, bool),
            reachable=jnp.ones(self.nodes, bool),
            discount=jnp.float32(self.discount),
            layout=layout,
        )

    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, "nodes nodes channels"]:
        """Returns one plane for each action with a 1 where row leads to column, then goal and agent on the diagonal."""
        edges = jax.nn.one_hot(level.layout.successors, self.nodes, dtype=jnp.float32)
        marks = [jnp.diag(jnp.arange(self.nodes) == place) for place in (level.layout.goal, state)]
        planes = [*jnp.moveaxis(edges, 1, 0), *(mark.astype(jnp.float32) for mark in marks)]
        return jnp.stack(planes, axis=-1)

    def edit(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns the level with one edge leading elsewhere, and the row of its node."""
        key_node, key_edge, key_target = jax.random.split(key, 3)
        node = jax.random.randint(key_node, (), 0, self.nodes)
        edge = jax.random.randint(key_edge, (), 0, EDGES)
        shift = jax.random.randint(key_target, (), 1, self.nodes)
        layout = level.layout
        target = (layout.successors[node, edge] + shift) % self.nodes
        successors = layout.successors.at[node, edge].set(target)
        edited = compiled_level(self, GraphLayout(successors, layout.goal, layout.hidden))
        return edited, jnp.stack([node, jnp.zeros_like(node)])

    def parse(self, text: str) -> Level:
        rows = [row.strip() for row in text.strip().splitlines()]
        if len(rows) != self.nodes or any(len(row) != 1 + EDGES for row in rows):
            raise WorldError(
                f"A level of world 'graph' has {self.nodes} rows of {1 + EDGES} characters: '.' or 'G', then the rows "
                "that its edges lead to, as letters."
            )
        known = LETTERS[: self.nodes]
        for index, row in enumerate(rows):
            wrong = [letter for letter in row[1:] if letter not in known]
            if row[0] not in ".GA" or wrong:
                raise WorldError(f"Row {index}, '{row}', is not one of '.GA' and {EDGES} letters of '{known}'.")
        goals = [index for index, row in enumerate(rows) if row[0] == "G"]
        if len(goals) != 1:
            raise WorldError(f"A level of world 'graph' has one goal 'G'; this text has {len(goals)}.")
        successors = jnp.array([[known.index(letter) for letter in row[1:]] for row in rows])
        return compiled_level(self, GraphLayout(successors, jnp.int32(goals[0]), jnp.full(HIDDEN, 0)))

    def format(self, level: Level, state: int | None = None) -> str:
        goal = int(level.layout.goal)
        marks = ["G" if node == goal else "." for node in range(self.nodes)]
        if state is not None:
            marks[state] = "A"
        edges = np.asarray(level.layout.successors)
        return "\n".join(
            mark + "".join(LETTERS[target] for target in row) for mark, row in zip(marks, edges, strict=True)
        )

    def position(self, level: Level, state: int) -> tuple[int, int]:
        return state, 0
