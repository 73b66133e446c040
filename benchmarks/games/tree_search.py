"""AlphaZero's player: a tree search over the rules of a game, led by a policy-value network (Silver et al. 2018).

The search is the Gumbel variant (Danihelka et al. 2022), which improves on its network at any number of simulations, as
implemented by mctx. With a budget of 0 the network plays alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from games.rules import Rules
from games.search_trace import SearchTrace
from mesascope.agents.agent import Agent
from mesascope.agents.networks.network import Network
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.random import RandomKey, root_key
from mesascope.planning.monte_carlo_tree import mctx_library

BUDGETS: tuple[int, ...] = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Simulations that an agent can be given."""
CHUNK: int = 1024
"""States searched in one compiled call; fewer are filled up."""
ILLEGAL: float = -1e9
"""The logit of a move that cannot be made."""


class Searched(NamedTuple):
    """What a search found for B states.

    **Arguments:**

    - `action`: the move it decides on, `[B]`.
    - `weights`: the improved policy that a network is trained towards, `[B, A]`.
    - `value`: of the state for the player to move, in [-1, 1], `[B]`.
    - `scores`: the estimated value of each move; NaN for one that was not visited, `[B, A]`.
    - `lines`: after each move what the search looked at most, filled up with -1, `[B, A, D]`.
    - `depth`: moves that it looked ahead at most, `[B]`.
    """

    action: Int[Array, " B"]
    weights: Float[Array, "B A"]
    value: Float[Array, " B"]
    scores: Float[Array, "B A"]
    lines: Int[Array, "B A D"]
    depth: Int[Array, " B"]


def legal_logits(
    network: Network, rules: Rules, states: Int[Array, "B ..."]
) -> tuple[Float[Array, "B A"], Float[Array, " B"]]:
    """Returns a network's logits, those of illegal moves far below, and its values cut to [-1, 1].

    **Arguments:**

    - `network`: memoryless.
    - `rules`: of the game.
    - `states`: of the game.
    """
    logits, values, _ = jax.vmap(lambda state: network(rules.observe(state), None))(states)
    return jnp.where(jax.vmap(rules.legal)(states), logits, ILLEGAL), values.clip(-1, 1)


def search(
    network: Network,
    rules: Rules,
    states: Int[Array, "B ..."],
    *,
    simulations: int,
    noise: float,
    key: RandomKey,
) -> Searched:
    """Searches from several states; pure, to be called inside `jit`.

    **Arguments:**

    - `network`: memoryless; policy and value of the states in the tree.
    - `rules`: of the game; what the search moves by.
    - `states`: unfinished.
    - `simulations`: at least 1.
    - `noise`: scale of the Gumbel noise: 1 to explore in training, 0 to play.
    - `key`: consumed.

    **Raises:** `MissingExtraError` without mctx.
    """
    mctx = mctx_library()

    def step(network: Any, key: Any, action: Array, states: Array):
        following = jax.vmap(rules.step)(states, action)
        over, outcome = jax.vmap(rules.result)(following)
        logits, values = legal_logits(network, rules, following)
        output = mctx.RecurrentFnOutput(
            # Seen by who moved: what is good for the next player is bad for this one.
            reward=-outcome,
            discount=jnp.where(over, 0.0, -1.0),
            prior_logits=jnp.where(over[:, None], 0.0, logits),
            value=jnp.where(over, 0.0, values),
        )
        # What a search imagines after the end of a game counts for nothing, by the discount of 0.
        return output, following

    logits, values = legal_logits(network, rules, states)
    found = mctx.gumbel_muzero_policy(
        network,
        key,
        mctx.RootFnOutput(prior_logits=logits, value=values, embedding=states),
        step,
        simulations,
        invalid_actions=~jax.vmap(rules.legal)(states),
        max_depth=rules.longest,
        gumbel_scale=noise,
    )
    summary = found.search_tree.summary()
    scores = jnp.where(summary.visit_counts > 0, summary.qvalues, jnp.nan)
    lines, depth = jax.vmap(lambda tree: _lines(tree, rules))(found.search_tree)
    return Searched(found.action.astype(jnp.int32), found.action_weights, summary.value, scores, lines, depth)


def _lines(tree: Any, rules: Rules) -> tuple[Array, Array]:
    """The most visited line after each move, and how deep the tree is; nodes beyond the end of a game do not count."""

    def follow(action):
        def one(carry, _):
            node, action, going = carry
            child = tree.children_index[node, action]
            going = going & (child >= 0)
            ended = tree.children_discounts[node, action] == 0
            visits = tree.children_visits[jnp.maximum(child, 0)]
            further = going & ~ended & (visits.max() > 0)
            return (jnp.maximum(child, 0), visits.argmax().astype(jnp.int32), further), jnp.where(going, action, -1)

        start = (jnp.int32(0), action, jnp.bool_(True))
        return jax.lax.scan(one, start, None, length=rules.longest)[1]

    lines = jax.vmap(follow)(jnp.arange(rules.actions, dtype=jnp.int32))

    def deepen(depths, node):
        parent, action = tree.parents[node], tree.action_from_parent[node]
        used = (parent >= 0) & (depths[parent] >= 0)
        # Minus one marks what hangs below the end of a game.
        depth = jnp.where(used, jnp.abs(depths[parent]) + 1, -1)
        ended = used & (tree.children_discounts[parent, action] == 0)
        return depths.at[node].set(jnp.where(ended, -depth - 1, depth)), jnp.where(used, depth, 0)

    size = tree.parents.shape[0]
    depths = jnp.full(size, -1).at[0].set(0)
    _, reached = jax.lax.scan(deepen, depths, jnp.arange(1, size))
    return lines, reached.max(initial=0)


@eqx.filter_jit
def _searched(network: Network, rules: Rules, states: Array, simulations: int) -> Searched:
    # Without noise the key decides between equals only.
    return search(network, rules, states, simulations=simulations, noise=0.0, key=root_key(0))


@eqx.filter_jit
def _favourites(network: Network, rules: Rules, states: Array) -> tuple[Array, Array]:
    return legal_logits(network, rules, states)


class TreeSearchAgent(Agent):
    """A network that searches before it moves and plays what it decided on; without a budget, its favourite move.

    It has variable compute (`with_budget`) and shows its searches (`trace`).

    **Arguments:**

    - `name`: for people.
    - `network`: memoryless; reads the observations of the rules.
    - `rules`: of the game.
    - `budget`: simulations before each move, one of `BUDGETS`.

    **Raises:** `UsageError` for another budget; acting raises `MissingExtraError` without mctx unless the budget is 0.
    """

    kind = "tree search"
    memoryless = True

    def __init__(self, name: str, network: Network, rules: Rules, *, budget: int = 32):
        if budget not in BUDGETS:
            raise UsageError(f"A budget of {budget} simulations is none of {', '.join(map(str, BUDGETS))}.")
        self.name, self.network, self.rules, self._budget = name, network, rules, budget

    @property
    def budget(self) -> int:
        """Simulations before each move."""
        return self._budget

    def budgets(self) -> tuple[int, ...]:
        """Returns the numbers of simulations that can be set; 0 is the network alone."""
        return BUDGETS

    def with_budget(self, budget: int) -> TreeSearchAgent:
        """Returns the same agent with another budget; see `VariableCompute`."""
        return TreeSearchAgent(self.name, self.network, self.rules, budget=budget)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        return np.eye(self.rules.actions)[self._look(observations).action], None

    def trace(self, observations: Float[np.ndarray, "B ..."], state: Any) -> SearchTrace:
        """Returns the search behind the choices that `act` would make; see `Traced`.

        A candidate is a first move with the most visited line after it; without a budget, a legal move alone, scored by
        its logit.
        """
        found = self._look(observations)
        return SearchTrace(found.lines, found.scores, found.action, int(found.depth.max(initial=0)))

    def _look(self, observations: np.ndarray) -> Any:
        if observations.shape[1:] != self.rules.observation_shape:
            raise AgentError(
                f"Agent '{self.name}' reads observations of shape {list(self.rules.observation_shape)}; it was shown "
                f"{list(observations.shape[1:])}."
            )
        parts = []
        for start in range(0, max(len(observations), 1), CHUNK):
            rows = observations[start : start + CHUNK]
            # The rest of many is filled up like the others, so that one shape is compiled.
            size = CHUNK if start else 1 << max(len(rows) - 1, 0).bit_length()
            padded = np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])
            states = jax.vmap(self.rules.read)(jnp.asarray(padded, jnp.float32))
            part = self._searched(states)
            kept = slice(len(rows))
            parts.append(jax.tree.map(lambda leaf, kept=kept: np.asarray(leaf)[kept], part))
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)

    def _searched(self, states: Array) -> Searched:
        if self.budget:
            return _searched(self.network, self.rules, states, self.budget)
        logits, values = _favourites(self.network, self.rules, states)
        legal: Bool[Array, "B A"] = logits > ILLEGAL
        moves = jnp.arange(self.rules.actions, dtype=jnp.int32)
        return Searched(
            logits.argmax(-1).astype(jnp.int32),
            jax.nn.softmax(logits),
            values,
            jnp.where(legal, logits, jnp.nan),
            jnp.where(legal, moves, -1)[..., None],
            jnp.zeros(len(states), jnp.int32),
        )
