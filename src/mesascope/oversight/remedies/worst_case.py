"""Training for the worst case: attack, train on what fails, verify, and again (Christiano 2019; RFLO §3.3).

Two attacks: on levels, as adversarial training has it, and a relaxed one on what the network holds in mind, which needs
no input that brings it about. What is verified in the end is the relaxed statement: in so many states that were not
trained on, nothing within a radius of what it holds makes it choose against the base objective.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.agents.sites import opened
from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.level_set import sample_level_set
from mesascope.audit.policy import choices_in, observations
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.oversight.level_family import family_of, padded
from mesascope.oversight.level_remedy import LevelRemedy
from mesascope.oversight.remedies.adversarial_training import AdversarialTraining
from mesascope.oversight.stage import Penalty, Stage
from mesascope.oversight.trainee import Trainee
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.proof.attacks.gradient import box_attack, logits_with
from mesascope.proof.attacks.latent import relaxed
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

HELD_OUT: int = 256
"""Levels in one state of each of which is verified: states of one level are alike."""
EACH: int = 8
"""States of a level that are trained on."""
INNER_STEPS: int = 3
"""Of the attack within an update."""


class LatentPenalty(Penalty):
    """Minus the logarithm of the chance that an action is not bad, where what a site holds is off in the worst way.

    **Arguments:**

    - `seen`, `allowed`: R states, and the actions there that are not bad.
    - `radius`: as a share of the root mean square of what the site holds, so that larger activations buy nothing.
    - `weight`: in units of reward.
    - `site`: whose activations are off.
    """

    seen: Float[Array, "R ..."]
    allowed: Bool[Array, "R A"]
    radius: Float[Array, ""]
    weight: Float[Array, ""]
    site: str = eqx.field(static=True)

    def __call__(self, network: Any, level: Level, world: World) -> Float[Array, ""]:
        held = jax.vmap(lambda seen: opened(lambda: network(seen, None), {})[1][self.site])(self.seen)
        radius = self.radius * jnp.sqrt(jnp.mean(held**2))

        def loss(shift, seen, held, allowed):
            scores = jax.nn.log_softmax(logits_with(network, seen, held + radius * shift, self.site))
            return -jax.nn.logsumexp(jnp.where(allowed, scores, -jnp.inf))

        shift = jnp.zeros_like(held)
        for _ in range(INNER_STEPS):
            slope = jax.lax.stop_gradient(jax.vmap(jax.grad(loss))(shift, self.seen, held, self.allowed))
            shift = jnp.clip(shift + jnp.sign(slope) * (2 / INNER_STEPS), -1, 1)
        return self.weight * jax.vmap(loss)(shift, self.seen, held, self.allowed).mean()


@dataclass(frozen=True)
class WorstCase(LevelRemedy):
    """Trains on levels that are searched for, as adversarial training does, and for the worst case of what is held.

    Before, and after each round, it is measured in states of levels that were drawn beside: the share in which bounds
    prove that no edit of what the site holds makes a choice bad, in which an attack finds one, and in which equally
    many random edits of full size do; and the return on the base objective in levels of training.

    **Arguments:** as of `LevelRemedy`, and

    - `rounds`, `budget`, `floor`: as of adversarial training.
    - `site`: whose activations are off; by default the last one.
    - `radius`: by how much, as a share of their root mean square; above 0.
    - `weight`: of the penalty, in units of reward; 0 or more.
    - `states`: that the penalty is taken in, 1 or more.
    """

    levels: int = 64
    rounds: int = 4
    budget: int = 64
    floor: float = 0.6
    site: str = ""
    radius: float = 0.1
    weight: float = 0.3
    states: int = 256

    name = "worst-case"

    def __post_init__(self):
        super().__post_init__()
        if not 0 < self.radius < np.inf or not 0 <= self.weight < np.inf or self.states < 1:
            given = f"radius={self.radius:g}, weight={self.weight:g}, states={self.states}"
            raise UsageError(f"{given}: the radius must be above 0, the weight 0 or more, the states 1 or more.")
        self._on_levels()

    def _on_levels(self) -> AdversarialTraining:
        return AdversarialTraining(self.levels, self.share, self.rounds, self.budget, self.floor)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        sites = trainee.agent.sites()
        if self.site and self.site not in sites:
            raise UnknownNameError(f"site in agents of recipe '{trainee.organism.name}'", self.site, sites)
        key_levels, key_judged, key_rounds = jax.random.split(key, 3)
        judged = _Judged(trainee, self, self.site or sites[-1], key=key_judged)
        for turn, stage in enumerate(self._on_levels().stages(trainee, key=key_levels)):
            judged.look()
            penalty = self._penalty(trainee, stage, judged, key=jax.random.fold_in(key_rounds, turn))
            yield dataclasses.replace(stage, penalty=penalty)
        judged.look()
        judged.tell()

    def _penalty(self, trainee: Trainee, stage: Stage, judged: _Judged, *, key: RandomKey) -> LatentPenalty:
        """Returns the penalty in states of levels that were found, first those in which the relaxed attack works."""
        key_levels, key_attack = jax.random.split(key)
        place, pool, chances = trainee.organism.distribution, stage.pool, stage.chances
        if pool is None or chances is None:
            pool = jax.device_get(trainee.world.sample(key=key_levels, distribution=place, count=self.levels))
            chances = np.ones(self.levels)
        levels = [pool[int(row)] for row in np.flatnonzero(chances > 0)]
        judged.trained |= {
            one.tobytes() for some in observations(trainee.world, padded(levels, len(levels))) for one in some
        }
        seen, allowed = _states_of(trainee, levels, each=EACH, key=key_levels)
        found = box_attack(trainee.agent, seen, allowed, judged.radius(seen), site=judged.site, key=key_attack)
        rows = np.argsort(~found.succeeded, kind="stable")[np.arange(self.states) % len(seen)]
        numbers = jnp.float32(self.radius), jnp.float32(self.weight)
        return LatentPenalty(jnp.asarray(seen[rows]), jnp.asarray(allowed[rows]), *numbers, judged.site)


class _Judged:
    """States that are judged before and after each round, and what was found in them."""

    def __init__(self, trainee: Trainee, remedy: WorstCase, site: str, *, key: RandomKey):
        self.trainee, self.site, self.share, self.key = trainee, site, remedy.radius, key
        world, base, place = trainee.world, trainee.organism.objective, trainee.organism.distribution
        drawn = [level for _, level in family_of(trainee.organism).draw(HELD_OUT, key=key).values()]
        trainee.account.searched += len(drawn)
        self.seen, self.allowed = _states_of(trainee, drawn, each=1, key=key)
        self.trained: set[bytes] = set()
        self.found: list[dict[str, np.ndarray]] = []
        objectives, key_return = compile_objectives(world).select(base), stream("return", key=key)
        count = min(HELD_OUT, world.distinct_levels(place) or HELD_OUT)
        self.levels = sample_level_set("train", world, place, objectives, base, count=count, key=key_return)

    def radius(self, seen: Float[np.ndarray, "R ..."]) -> float:
        held = self.trainee.agent.step(seen, None).activations[self.site]
        return self.share * max(float(np.sqrt(np.mean(held**2))), 1e-6)

    def look(self) -> None:
        agent, radius = self.trainee.agent, self.radius(self.seen)
        found = relaxed(agent, self.seen, self.allowed, radius, site=self.site, seconds=0.0, key=self.key)
        regret = exact_evaluation(self.levels, partial(choices_in, agent, self.levels.world)).regrets[0]
        shares = {"verified": found.verified, "attacked": found.attack.succeeded, "by chance": found.attack.by_chance}
        self.found.append(shares | {"return": 1 - regret[np.isfinite(regret)]})

    def tell(self) -> None:
        """Writes the curves down, without the states that were trained on in the end."""
        fresh = np.array([one.tobytes() not in self.trained for one in self.seen])
        for turn, shares in enumerate(self.found):
            for name, values in shares.items():
                values = values if name == "return" else values[fresh]
                self.trainee.measured[f"{name}, round {turn}"] = float(values.mean()) if len(values) else 0.0
        self.trainee.measured["states verified in"] = float(fresh.sum())


def _states_of(
    trainee: Trainee, levels: list[Level], *, each: int, key: RandomKey
) -> tuple[Float[np.ndarray, "R ..."], Bool[np.ndarray, "R A"]]:
    """Returns some states of single levels in which there is something to choose, and the actions that are not bad."""
    batch, world = padded(levels, len(levels)), trainee.world
    base = compile_objectives(world).select(trainee.organism.objective)
    best = optimal_actions(optimal_action_values(batch, base)[0])
    matters = np.asarray(batch.reachable & ~batch.terminal) & ~best.all(-1)
    random = np.random.default_rng(seed_of(stream("states", key=key))).random(matters.shape)
    places = np.where(matters, random, 2.0).argsort(-1)[:, :each]
    level, place = (part.reshape(-1) for part in np.broadcast_arrays(np.arange(len(levels))[:, None], places))
    level, place = (part[matters[level, place]] for part in (level, place))
    return observations(world, batch)[level, place], best[level, place]


REMEDY = WorstCase
