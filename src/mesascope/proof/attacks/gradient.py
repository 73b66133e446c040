"""Gradient attacks: a small change of all that is seen, or of all that a site holds, that makes a choice bad.

Projected gradient ascent in a box (Madry et al. 2018): a few starts, steps along the sign of the gradient, and the best
point on the way. On activations it is the relaxed attack of Christiano (2019): what is held there need not be what any
input brings about.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.agents.agent import Agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.sites import opened
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted

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
    - `values`: what is seen or held after the attack, `[R, ...]`; as it was where nothing was found.
    - `succeeded`, `by_chance`, `clean`: whether the likeliest action (or one as likely) is bad after the attack, after
      the best of equally many random changes of full size, and as it was.
    """

    site: str
    values: Float[np.ndarray, "R ..."]
    succeeded: Bool[np.ndarray, " R"]
    by_chance: Bool[np.ndarray, " R"]
    clean: Bool[np.ndarray, " R"]


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
    - `seen`: R observations, one or more.
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
    parts = []
    for first in range(0, len(seen), AT_ONCE):
        rows = np.minimum(np.arange(first, first + AT_ONCE), len(seen) - 1)
        keys = jax.random.split(jax.random.fold_in(key, first), AT_ONCE)
        found = _climbed(network.network, seen[rows], centre[rows], allowed[rows], jnp.float32(radius), keys, site)
        parts.append([np.asarray(values)[: len(seen) - first] for values in found])
    best, random = map(np.concatenate, zip(*parts, strict=True))

    def bad(values: np.ndarray) -> np.ndarray:
        # By the agent's own way to act.
        acted = network.step(seen, None, {site: values}) if site else network.step(values, None)
        return is_bad(acted.probabilities, allowed)

    succeeded, by_chance, clean = map(bad, (best, random, centre))
    kept = (succeeded & ~clean).reshape(-1, *[1] * (centre.ndim - 1))
    return BoxAttack(site, np.where(kept, best, centre), succeeded | clean, by_chance | clean, clean)


def network_of(agent: Agent) -> NetworkAgent:
    """Returns an agent as one that has gradients; `UsageError` says why it has none."""
    if not isinstance(agent, NetworkAgent) or not agent.memoryless:
        what = "has a memory" if isinstance(agent, NetworkAgent) else f"is of kind '{agent.kind}'"
        raise UsageError(
            f"Agent {quoted(agent.name)} {what}: gradients, and edits of activations (--latent), are of Mesascope's "
            "own networks without memory. `mesascope attack` edits what any agent sees."
        )
    return agent


def is_bad(probabilities: Float[np.ndarray, "*R A"], allowed: Bool[np.ndarray, "*R A"]) -> Bool[np.ndarray, "*R"]:
    """Returns where an action that is not allowed is the likeliest, or as likely to single precision."""
    return np.where(allowed, -1.0, probabilities).max(-1) >= probabilities.max(-1) * (1 - 1e-6)


def logits_with(network, observation: Float[Array, "..."], value: Float[Array, "..."], site: str) -> Float[Array, " A"]:
    """Returns the logits of a network without memory that sees a value, or holds it at a site; also inside `jit`."""
    if not site:
        return network(value, None)[0]
    return opened(lambda: network(observation, None), {site: value})[0][0]


@eqx.filter_jit
def _climbed(network, seen, centre, allowed, radius, keys, site: str) -> tuple[Array, Array]:
    """Returns the best point of an ascent, and the best of as many random corners, for each row."""

    def one(observation, middle, allowed, key):
        key_starts, key_corners = jax.random.split(key)

        def ahead(value):
            logits = logits_with(network, observation, value, site)
            return jnp.where(allowed, -FAR, logits).max() - jnp.where(allowed, logits, -FAR).max()

        def better(best, most, points, leads):
            place = jnp.argmax(leads)
            return jax.tree.map(
                lambda new, old: jnp.where(leads[place] > most, new[place], old), (points, leads), (best, most)
            )

        def step(carry, rate):
            points, best, most = carry
            leads, slopes = jax.vmap(jax.value_and_grad(ahead))(points)
            best, most = better(best, most, points, leads)
            return (jnp.clip(points + rate * jnp.sign(slopes), middle - radius, middle + radius), best, most), None

        def draw(carry, key):
            corner = middle + radius * jax.random.rademacher(key, middle.shape, middle.dtype)
            return better(*carry, corner[None], ahead(corner)[None]), None  # pyright: ignore[reportCallIssue]

        shifts = jax.random.uniform(key_starts, (STARTS, *middle.shape), minval=-1.0, maxval=1.0).at[0].set(0.0)
        rates = radius * jnp.linspace(1.0, 0.1, STEPS)
        start = (middle, ahead(middle))
        (points, best, most), _ = jax.lax.scan(step, (middle + radius * shifts, *start), rates)
        best, _ = better(best, most, points, jax.vmap(ahead)(points))
        (random, _), _ = jax.lax.scan(draw, start, jax.random.split(key_corners, STARTS * (STEPS + 1)))
        return best, random

    return jax.vmap(one)(jnp.asarray(seen, jnp.float32), jnp.asarray(centre), jnp.asarray(allowed), keys)
