"""Gradient attacks: a small change of all that is seen, or of all that a site holds, that makes a choice bad.

Projected gradient ascent in a box (Madry et al. 2018): a few starts, steps along the sign of the gradient, and the best
point on the way. On activations it is the relaxed attack of Christiano (2019): what is held there need not be what any
input brings about.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.agents.agent import Agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.sites import opened
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted
from mesascope.core.verdicts import Estimate

STEPS, STARTS = 20, 4
AT_ONCE: int = 256
"""Rows in one compiled call, always as many."""
FAR: float = 1e9
"""Stands for no action at all, where every action is allowed or none is."""


@dataclass(frozen=True, eq=False)
class BoxAttack:
    """What a gradient attack found in some states.

    **Arguments:**

    - `site`: of the activations that were changed; empty where what is seen was.
    - `radius`: the most by which each number was changed.
    - `values`: what is seen or held after the attack, `[R, ...]`; as it was where nothing was found.
    - `succeeded`, `by_chance`, `clean`: whether the likeliest action (or one as likely) is bad after the attack, after
      the best of equally many random changes of full size, and as it was.
    """

    site: str
    radius: float
    values: Float[np.ndarray, "R ..."]
    succeeded: Bool[np.ndarray, " R"]
    by_chance: Bool[np.ndarray, " R"]
    clean: Bool[np.ndarray, " R"]

    def shares(self, clusters: Int[np.ndarray, " R"] | None = None) -> tuple[Estimate, Estimate, Estimate]:
        """Returns the shares of states in which the attack, chance and nothing at all make a choice bad.

        **Arguments:**

        - `clusters`: the level of each state, which are the units; by default states are.
        """
        unit = "states" if clusters is None else "levels"
        masks = (self.succeeded, self.by_chance, self.clean)
        return tuple(bootstrap_mean(mask.astype(float), clusters=clusters, unit=unit) for mask in masks)  # pyright: ignore[reportReturnType]


def box_attack(
    agent: Agent,
    seen: Float[np.ndarray, "R ..."],
    allowed: Bool[np.ndarray, "R A"],
    radius: float,
    *,
    site: str = "",
    key: RandomKey,
) -> BoxAttack:
    """Attacks an agent's choices in some states by gradients, and by chance.

    **Arguments:**

    - `agent`: a network of Mesascope's without memory: others show no gradients.
    - `seen`: R observations.
    - `allowed`: the actions that are not bad there.
    - `radius`: the most by which each number is changed, above 0.
    - `site`: of activations to change; by default what is seen is.
    - `key`: consumed.

    **Raises:** `UsageError` for an agent without gradients or a radius that is none, `UnknownNameError` for a site that
    it does not have.
    """
    network = network_of(agent)
    if site and site not in network.sites():
        raise UnknownNameError(f"site in agent '{agent.name}'", site, network.sites())
    if not (np.isfinite(radius) and radius > 0):
        raise UsageError(f"A radius of {radius} leaves nothing to be changed; give a finite one above 0.")
    centre = network.step(seen, None).activations[site] if site else np.asarray(seen, np.float32)
    best, chance = [], []
    for first in range(0, len(seen), AT_ONCE):
        rows = np.minimum(np.arange(first, first + AT_ONCE), len(seen) - 1)
        keys = jax.random.split(jax.random.fold_in(key, first), AT_ONCE)
        found = _climbed(network.network, seen[rows], centre[rows], allowed[rows], jnp.float32(radius), keys, site)
        for list_, values in zip((best, chance), found, strict=True):
            list_.append(np.asarray(values)[: len(seen) - first])
    values, random = np.concatenate(best), np.concatenate(chance)
    bad = functools.partial(_bad, network, seen, allowed, site)
    succeeded, by_chance, clean = bad(values), bad(random), bad(centre)
    succeeded = succeeded | clean
    kept = succeeded & ~clean
    return BoxAttack(
        site,
        radius,
        np.where(kept.reshape(-1, *[1] * (centre.ndim - 1)), values, centre),
        succeeded,
        by_chance | clean,
        clean,
    )


def network_of(agent: Agent) -> NetworkAgent:
    """Returns an agent as one that has gradients; `UsageError` says why it has none."""
    if not isinstance(agent, NetworkAgent) or not agent.memoryless:
        what = "has a memory" if isinstance(agent, NetworkAgent) else f"is of kind '{agent.kind}'"
        raise UsageError(
            f"Agent {quoted(agent.name)} {what}: gradients are those of Mesascope's own networks without memory. Edits "
            "of cells need none."
        )
    return agent


def is_bad(probabilities: Float[np.ndarray, "*R A"], allowed: Bool[np.ndarray, "*R A"]) -> Bool[np.ndarray, "*R"]:
    """Returns where an action that is not allowed is the likeliest, or as likely to single precision."""
    worst = np.where(allowed, -1.0, probabilities).max(-1)
    return worst >= probabilities.max(-1) * (1 - 1e-6)


def _bad(agent: NetworkAgent, seen: np.ndarray, allowed: np.ndarray, site: str, values: np.ndarray) -> np.ndarray:
    """Returns where a choice is bad, by the agent's own way to act."""
    found = agent.step(seen, None, {site: values}) if site else agent.step(values, None)
    return is_bad(found.probabilities, allowed)


def logits_with(network, observation: Float[Array, "..."], value: Float[Array, "..."], site: str) -> Float[Array, " A"]:
    """Returns the logits of a network that sees or holds a value; may be called inside `jit`.

    **Arguments:**

    - `network`: without memory.
    - `observation`: what it sees.
    - `value`: in place of that, or of what the site holds.
    - `site`: empty for what is seen.
    """
    if not site:
        return network(value, None)[0]
    return opened(lambda: network(observation, None), {site: value})[0][0]


def lead(logits: Float[Array, " A"], allowed: Bool[Array, " A"]) -> Float[Array, ""]:
    """Returns by how much the likeliest bad action is ahead of the likeliest allowed one."""
    return jnp.where(allowed, -FAR, logits).max() - jnp.where(allowed, logits, -FAR).max()


@eqx.filter_jit
def _climbed(network, seen, centre, allowed, radius, keys, site: str) -> tuple[Array, Array]:
    """Returns the best point of an ascent, and the best of as many random corners, for each row."""

    def one(observation, middle, allowed, key):
        key_starts, key_corners = jax.random.split(key)
        ahead = lambda value: lead(logits_with(network, observation, value, site), allowed)  # noqa: E731
        shape = (STARTS, *middle.shape)
        starts = middle + radius * jax.random.uniform(key_starts, shape, minval=-1.0, maxval=1.0).at[0].set(0.0)

        def step(carry, rate):
            points, best, most = carry
            leads, slopes = jax.vmap(jax.value_and_grad(ahead))(points)
            best, most = _better(best, most, points, leads)
            return (jnp.clip(points + rate * jnp.sign(slopes), middle - radius, middle + radius), best, most), None

        rates = radius * jnp.linspace(1.0, 0.1, STEPS)
        (points, best, most), _ = jax.lax.scan(step, (starts, middle, ahead(middle)), rates)
        best, _ = _better(best, most, points, jax.vmap(ahead)(points))

        def draw(carry, key):
            corner = middle + radius * jax.random.rademacher(key, middle.shape, middle.dtype)
            best, most = carry
            return _better(best, most, corner[None], ahead(corner)[None]), None

        corners = jax.random.split(key_corners, STARTS * (STEPS + 1))
        (random, _), _ = jax.lax.scan(draw, (middle, ahead(middle)), corners)
        return best, random

    return jax.vmap(one)(jnp.asarray(seen, jnp.float32), jnp.asarray(centre), jnp.asarray(allowed), keys)


def _better(best, most, points, leads):
    place = jnp.argmax(leads)
    wins = leads[place] > most
    return jnp.where(wins, points[place], best), jnp.where(wins, leads[place], most)
