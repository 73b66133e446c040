"""Bandits: arms that pay with probabilities of their own, and beside each reward a light that may go along with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream

MOST_UNIFORM: int = 64
"""Wins and losses of a prior up to which chances are ranks of even draws."""


class BanditTask(eqx.Module):
    """What is hidden.

    **Arguments:**

    - `pays`: chance of a reward, by arm.
    - `lights`: chance of a light of its own, by arm.
    """

    pays: Float[Array, " arms"]
    lights: Float[Array, " arms"]


@dataclass(frozen=True)
class Bandits(Stream):
    """Bernoulli bandits (Duan et al. 2016, §3.1): chances to pay are drawn anew for each episode.

    After each pull one sees which arm it was, whether it paid, and whether its light went on.

    **Arguments:**

    - `arms`: at least 2.
    - `horizon`: pulls in an episode.
    - `wins`, `losses`: of the beta law that each arm's chance is drawn from; 1 and 1 is uniform.
    - `correlated`: two arms whose chances add up to one.
    - `light`: share of pulls in which the light shows the reward; in the others it follows a chance of its own, by arm.
    - `brightness`: what a light adds to an observation; 0 hides it.
    - `reward_seen`: what a reward adds to an observation; 0 hides it.
    """

    arms: int = 5
    horizon: int = 10
    wins: float = 1.0
    losses: float = 1.0
    correlated: bool = False
    light: float = 0.0
    brightness: float = 0.0
    reward_seen: float = 1.0

    name = "bandits"
    summary = "Arms that pay with hidden chances; a light goes along with rewards, or does not."
    signals = ("reward", "light")

    def __post_init__(self):
        if self.arms < 2 or self.horizon < 1 or (self.correlated and self.arms != 2):
            raise WorldError(
                f"arms={self.arms} must be 2 or more (2 where they are correlated), and horizon={self.horizon} 1 or "
                "more."
            )
        if not (self.wins > 0 and self.losses > 0 and 0 <= self.light <= 1):
            raise WorldError(
                f"wins={self.wins} and losses={self.losses} must be above 0, and light={self.light} in [0, 1]."
            )

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(f"arm-{arm + 1}" for arm in range(self.arms))

    @property
    def observed(self) -> tuple[str, ...]:
        return (*(f"pulled {arm}" for arm in self.actions), "reward", "light")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"reward": (self.arms,), "light": (self.arms + 1,)}

    @property
    def steps(self) -> int:
        return self.horizon

    def sample(self, *, key: RandomKey) -> BanditTask:
        pays, lights = self._chances(key=key)
        if self.correlated:
            pays = jnp.stack([pays[0], 1 - pays[0]])
        return BanditTask(pays, lights)

    def _chances(self, *, key: RandomKey) -> Float[Array, "2 arms"]:
        """Draws the chances of rewards and of lights from the beta prior."""
        wins, losses, shape = round(self.wins), round(self.losses), (2, self.arms)
        if (wins, losses) != (self.wins, self.losses) or wins + losses > MOST_UNIFORM:
            return jax.random.beta(key, self.wins, self.losses, shape)
        if wins == losses == 1:
            return jax.random.uniform(key, shape)
        # Of so many even draws the one of that rank is of this law, and it compiles in a fraction of the time.
        return jnp.sort(jax.random.uniform(key, (*shape, wins + losses - 1)), axis=-1)[..., wins - 1]

    def begin(self, task: BanditTask, *, key: RandomKey) -> tuple[None, Float[Array, " D"]]:
        return None, jnp.zeros(self.arms + 2, jnp.float32)

    def step(
        self, task: BanditTask, state: None, answer: Int[Array, ""], *, key: RandomKey
    ) -> tuple[None, Float[Array, " D"], Float[Array, " N"]]:
        drawn = jax.random.uniform(key, (3,))
        reward = (drawn[0] < task.pays[answer]).astype(jnp.float32)
        own = (drawn[1] < task.lights[answer]).astype(jnp.float32)
        light = jnp.where(drawn[2] < self.light, reward, own)
        seen = jnp.stack([self.reward_seen * reward, self.brightness * light])
        observation = jnp.concatenate([jax.nn.one_hot(answer, self.arms, dtype=jnp.float32), seen])
        return None, observation, jnp.stack([reward, light])

    def expected(self, task: BanditTask, answer: Int[Array, ""]) -> Float[Array, " N"]:
        pays, own = task.pays[answer], task.lights[answer]
        return jnp.stack([pays, self.light * pays + (1 - self.light) * own])

    def shifts(self) -> Mapping[str, Stream]:
        found = {
            "longer": replace(self, horizon=3 * self.horizon),
            "rich": replace(self, wins=4.0 * self.wins),
            "poor": replace(self, losses=4.0 * self.losses),
        }
        if self.arms == 2:
            found["uncorrelated" if self.correlated else "correlated"] = replace(self, correlated=not self.correlated)
        if self.light:
            found["apart"] = replace(self, light=0.0)
        return found
