"""The reversi network of ludax-agents, raw and under a tree search, as a user would bring it.

The weights are read from the wheel without unpickling them; the network is written down here after the package's own
description of it. The search is mctx's Gumbel MuZero over our own rules. Budget 0 is the network's policy itself.
"""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from games.reversi_steps import after_actions, legal_actions

from mesascope.agents.adapters.pickled_arrays import read_pickled_arrays
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import softmax
from mesascope.agents.reading import Archive, read_model_file
from mesascope.core.errors import UntrustedModelError, UsageError

MEMBER = "ludax_agents/checkpoints/reversi.ckpt"
RECORDS = frozenset({"__main__ Config", "optax._src.transform ScaleByAdamState", "optax._src.base EmptyState"})
CHANNELS, BLOCKS, ROWS = 64, 4, 100
"""Of the network; and how many positions are searched at once, so that each budget is compiled once."""

NEVER = -1e9


def read_network(path: Path) -> tuple[dict, dict]:
    """Returns parameters and running means of the network in the wheel, after checking every shape."""
    content = Archive(read_model_file(path), path=path).read(MEMBER)
    found = read_pickled_arrays(content, path=path, records=RECORDS)
    parameters, running = found["model"]
    expected = {"az_net/conv2_d": (3, 3, 2, CHANNELS), "az_net/conv2_d_1": (1, 1, CHANNELS, 2)}
    expected |= {"az_net/conv2_d_2": (1, 1, CHANNELS, 1), "az_net/linear": (128, 65)}
    expected |= {"az_net/linear_1": (64, CHANNELS), "az_net/linear_2": (CHANNELS, 1)}
    for block in range(BLOCKS):
        for name in ("conv2_d", "conv2_d_1"):
            expected[f"az_net/block_{block}/{name}"] = (3, 3, CHANNELS, CHANNELS)
    for name, shape in expected.items():
        if name not in parameters or parameters[name]["w"].shape != shape:
            raise UntrustedModelError(f"its layer is not of the shape {list(shape)}.", path=path, field=name)
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((parameters, running))):
        raise UntrustedModelError("it has numbers that are not finite.", path=path, field=MEMBER)
    return parameters, running


def forward(model: tuple[dict, dict], own: jax.Array, other: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns logits `[B, 65]` and the expected outcome `[B]` for the player to move."""
    parameters, running = model

    def convolved(x, name):
        layer = parameters[f"az_net/{name}"]
        windows = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, layer["w"], (1, 1), "SAME", dimension_numbers=windows) + layer["b"]

    def normalised(x, name):
        layer = parameters[f"az_net/{name}"]
        mean = running[f"az_net/{name}/~/mean_ema"]["average"]
        variance = running[f"az_net/{name}/~/var_ema"]["average"]
        return (x - mean) * layer["scale"] * jax.lax.rsqrt(variance + 1e-5) + layer["offset"]

    def linear(x, name):
        layer = parameters[f"az_net/{name}"]
        return x @ layer["w"] + layer["b"]

    x = convolved(jnp.stack([own, other], -1).astype(jnp.float32), "conv2_d")
    for block in range(BLOCKS):
        inner = convolved(jax.nn.relu(normalised(x, f"block_{block}/batch_norm")), f"block_{block}/conv2_d")
        x += convolved(jax.nn.relu(normalised(inner, f"block_{block}/batch_norm_1")), f"block_{block}/conv2_d_1")
    x = jax.nn.relu(normalised(x, "batch_norm"))
    policy = jax.nn.relu(normalised(convolved(x, "conv2_d_1"), "batch_norm_1")).reshape(len(x), -1)
    value = jax.nn.relu(normalised(convolved(x, "conv2_d_2"), "batch_norm_2")).reshape(len(x), -1)
    value = jnp.tanh(linear(jax.nn.relu(linear(value, "linear_1")), "linear_2"))[:, 0]
    return linear(policy, "linear"), value


@partial(jax.jit, static_argnames=("budget", "scrambled"))
def search(model: Any, own: jax.Array, other: jax.Array, *, budget: int, scrambled: bool) -> jax.Array:
    """Returns logits of the network at budget 0, else those of the one move that the search chooses, `[B, 65]`."""
    legal = legal_actions(own, other)
    logits, value = forward(model, own, other)
    logits = jnp.where(legal, logits, NEVER)
    if budget == 0:
        return logits
    import mctx

    def step(model, key, action, embedding):
        own, other = after_actions(*embedding, action)
        legal = legal_actions(own, other)
        logits, value = forward(model, own, other)
        # Nobody can place a disc: the game is over, and whoever moved last looks at the count.
        over = ~legal[:, :64].any(-1) & ~legal_actions(other, own)[:, :64].any(-1)
        outcome = jnp.sign(other.sum((1, 2)) - own.sum((1, 2))).astype(jnp.float32)
        reward, discount = jnp.where(over, outcome, 0.0), jnp.where(over, 0.0, -1.0)
        value = jnp.where(over, 0.0, value)
        if scrambled:
            # All that is found ahead belongs to another position: as much search, and nothing to be learnt from it.
            reward, discount, value = (jnp.roll(array, 1) for array in (reward, discount, value))
        logits = jnp.where(legal, logits, NEVER)
        return mctx.RecurrentFnOutput(reward=reward, discount=discount, prior_logits=logits, value=value), (own, other)

    root = mctx.RootFnOutput(prior_logits=logits, value=value, embedding=(own, other))
    found = mctx.gumbel_muzero_policy(
        params=model,
        rng_key=jax.random.key(0),
        root=root,
        recurrent_fn=step,
        num_simulations=budget,
        invalid_actions=~legal,
        # Without noise: the same position gets the same answer.
        gumbel_scale=0.0,
    )
    return jnp.where(jnp.arange(65) == found.action[:, None], 0.0, NEVER)


class ReversiNetwork(Agent):
    """The network of the wheel, with as many simulations before a move as its budget says.

    **Arguments:**

    - `model`: from `read_network`.
    - `budget`, `budgets`: simulations now, and those that can be set.
    - `scrambled`: whether what the search finds is exchanged between positions: a placebo.
    """

    kind = "network under search"
    memoryless = True

    def __init__(self, model: Any, budgets: tuple[int, ...], budget: int | None = None, *, scrambled: bool = False):
        self.model, self._budgets, self.scrambled = model, budgets, scrambled
        self.budget = budgets[0] if budget is None else budget
        self.name = f"ludax-agents reversi, {self.budget} simulations"

    def budgets(self) -> tuple[int, ...]:
        return self._budgets

    def with_budget(self, budget: int) -> ReversiNetwork:
        if budget not in self._budgets:
            raise UsageError(f"{budget} simulations cannot be set; one of {self._budgets} can.")
        return ReversiNetwork(self.model, self._budgets, budget, scrambled=self.scrambled)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, None]:
        boards = np.asarray(observations).astype(bool)
        answers = []
        for start in range(0, len(boards), ROWS):
            part = boards[start : start + ROWS]
            # Filled up by repetition, so that a scrambled search always has other positions beside it.
            rows = part[np.arange(ROWS) % len(part)]
            own, other = jnp.asarray(rows[..., 0]), jnp.asarray(rows[..., 1])
            found = search(self.model, own, other, budget=self.budget, scrambled=self.scrambled)
            answers.append(softmax(np.asarray(found)[: len(part)]))
        return np.concatenate(answers), None


class RawReversiNetwork(Agent):
    """The same network without anything that could be set: what a user has who was given only the policy."""

    kind = "network"
    memoryless = True
    name = "ludax-agents reversi, raw"

    def __init__(self, model: Any, simulations: int = 0):
        self._inner = ReversiNetwork(model, (simulations,))

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, None]:
        return self._inner.act(observations, state)


@lru_cache(maxsize=1)
def start_policy(path: Path) -> tuple[list[float], float]:
    """Returns probabilities of the four first moves and the value of the start: numbers known from the package."""
    from games.reversi import START, board_of

    board = board_of(*START)[None].astype(bool)
    logits, value = forward(read_network(path), jnp.asarray(board[..., 0]), jnp.asarray(board[..., 1]))
    legal = np.asarray(legal_actions(jnp.asarray(board[..., 0]), jnp.asarray(board[..., 1])))
    return softmax(np.where(legal, np.asarray(logits), NEVER))[legal].tolist(), float(value[0])
