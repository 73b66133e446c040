"""What can be read off a network: how well a linear probe of one site tells what each action is worth to an objective.

The probe is that of the audit (`audit.search.probes`), fitted in half of the levels and judged in the other, in closed
form, so that what it finds can be differentiated through the fit. A probe that stood still would be evaded by turning
the activations.
"""

from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from mesascope.agents.sites import opened
from mesascope.audit.policy import observations
from mesascope.audit.search.probes import PENALTIES
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

RIDGE: float = PENALTIES[1]
"""Of the penalties that the audit's probes try, the middle one."""


class Readout(eqx.Module):
    """States of levels in which something was moved, and what shall be read in them.

    **Arguments:**

    - `seen`: what is seen in R states, those of a level side by side.
    - `targets`: worth of each action there to O objectives, less the mean over actions.
    """

    seen: Float[Array, "R ..."]
    targets: Float[Array, "O R A"]

    def shares(self, features: Float[Array, "R D"]) -> Float[Array, " O"]:
        """Returns the share of the variance of each objective's targets that a linear probe reads off features.

        **Arguments:**

        - `features`: activations in the states.

        **Returns:** at most 1; below 0 where the mean would do better.
        """
        half = len(features) // 2
        mean = features[:half].mean(0)
        fitted, judged = features[:half] - mean, features[half:] - mean
        gram = fitted.T @ fitted
        gram = gram + (RIDGE * jnp.trace(gram) / half + 1e-9) * jnp.eye(features.shape[1])

        def share(targets: Float[Array, "R A"]) -> Float[Array, ""]:
            wanted = targets - targets[:half].mean(0)
            weights = jax.scipy.linalg.solve(gram, fitted.T @ wanted[:half], assume_a="pos")
            left = ((judged @ weights - wanted[half:]) ** 2).sum()
            return 1 - left / jnp.maximum((wanted[half:] ** 2).sum(), 1e-9)

        return jax.vmap(share)(self.targets)

    def read(self, network: Any, site: str) -> Float[Array, " O"]:
        """Returns what is read off a site that fires in a network; may be called inside `jit`.

        **Arguments:**

        - `network`: called with one observation and a memory of `None`.
        - `site`: its name.
        """

        def at(observation: Float[Array, "..."]) -> Float[Array, " D"]:
            return opened(lambda: network(observation, None), {})[1][site].reshape(-1)

        return self.shares(jax.vmap(at)(self.seen))


def moved_readout(
    world: World, distribution: str, objectives: tuple[str, ...], *, levels: int, states: int, key: RandomKey
) -> Readout:
    """Returns states of levels of a distribution in which one object was moved, and worths of actions in them.

    **Arguments:**

    - `world`: one that is rearrangeable.
    - `distribution`: of its levels.
    - `objectives`: names of them.
    - `levels`: how many, 2 or more; an even number.
    - `states`: of each level, 1 or more.
    - `key`: consumed.
    """
    key_levels, key_moves, key_states = jax.random.split(key, 3)
    drawn = world.sample(key=key_levels, distribution=distribution, count=levels)
    moved = jax.device_get(_moved(world, drawn, jax.random.split(key_moves, levels)))
    random = np.random.default_rng(seed_of(stream("states", key=key_states)))
    active = moved.reachable & ~moved.terminal
    places = [random.choice(np.flatnonzero(one), states, replace=one.sum() < states) for one in active]
    level, state = np.repeat(np.arange(levels), states), np.concatenate(places)
    worth = optimal_action_values(moved, compile_objectives(world).select(*objectives))[:, level, state]
    return Readout(
        jnp.asarray(observations(world, moved)[level, state], jnp.float32),
        jnp.asarray(worth - worth.mean(-1, keepdims=True), jnp.float32),
    )


@functools.partial(jax.jit, static_argnums=0)
def _moved(world: World, levels: Level, keys: Key[Array, " N"]) -> Level:
    return jax.vmap(lambda level, key: world.rearrange(level, key=key)[0])(levels, keys)
