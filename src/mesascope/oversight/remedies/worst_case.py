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
"""Levels in which is verified, one state of each: states of one level are alike."""
INNER_STEPS: int = 3
"""Of the attack within an update."""


class LatentPenalty(Penalty):
    """Minus the logarithm of the chance that an action is not bad, where what a site holds is off in the worst way.

    **Arguments:**

    - `seen`, `allowed`: R states, and the actions there that are not bad.
    - `radius`: as a share of the root mean square of what the site holds: larger activations buy nothing.
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

        each = jax.vmap(loss)
        slope = jax.vmap(jax.grad(loss))
        shift = jnp.zeros_like(held)
        for _ in range(INNER_STEPS):
            step = jax.lax.stop_gradient(jnp.sign(slope(shift, self.seen, held, self.allowed)))
            shift = jnp.clip(shift + step * (2 / INNER_STEPS), -1, 1)
        return self.weight * each(shift, self.seen, held, self.allowed).mean()


@dataclass(frozen=True)
class WorstCase(LevelRemedy):
    """Trains on levels that are searched for, as adversarial training does, and for the worst case of what is held.

    After each round it is measured in states of levels that were drawn beside: the share in which bounds prove that no
    edit of what the site holds makes a choice bad, the share in which an attack finds one, and in which equally many
    random edits of full size do; and the return on the base objective in levels of training.

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
        self._adversary()

    def _adversary(self) -> AdversarialTraining:
        return AdversarialTraining(self.levels, self.share, self.rounds, self.budget, self.floor)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        sites = trainee.agent.sites()
        if self.site and self.site not in sites:
            raise UnknownNameError(f"site in agents of recipe '{trainee.organism.name}'", self.site, sites)
        key_levels, key_drawn, key_states = jax.random.split(key, 3)
        drawn = [level for _, level in family_of(trainee.organism).draw(HELD_OUT, key=key_drawn).values()]
        trainee.account.searched += len(drawn)
        judged = _Judged(trainee, self, self.site or sites[-1], _states_of(trainee, drawn, key=key_drawn), key_drawn)
        for turn, stage in enumerate(self._adversary().stages(trainee, key=key_levels)):
            judged.look()
            yield dataclasses.replace(
                stage, penalty=self._penalty(trainee, stage, judged, jax.random.fold_in(key_states, turn))
            )
            judged.trained |= _names(trainee, stage.pool)
        judged.look()
        judged.tell()

    def _penalty(self, trainee: Trainee, stage: Stage, judged: _Judged, key: RandomKey) -> LatentPenalty:
        """Returns the penalty in states of levels that were found, first those in which the relaxed attack works."""
        organism, key_levels, key_attack = trainee.organism, *jax.random.split(key)
        if stage.pool is None:
            levels = trainee.world.sample(key=key_levels, distribution=organism.distribution, count=self.levels)
            single = [jax.device_get(levels)[row] for row in range(self.levels)]
        else:
            assert stage.chances is not None
            single = [stage.pool[int(row)] for row in np.flatnonzero(stage.chances > 0)]
        seen, allowed = _states_of(trainee, single, key=key_levels, each=8)
        found = box_attack(trainee.agent, seen, allowed, judged.radius(seen), site=judged.site, key=key_attack)
        # Stable, so that states of all levels come first that fail, and then the others.
        rows = np.argsort(~found.succeeded, kind="stable")[np.arange(self.states) % len(seen)]
        arrays = jnp.asarray(seen[rows]), jnp.asarray(allowed[rows])
        return LatentPenalty(*arrays, jnp.float32(self.radius), jnp.float32(self.weight), judged.site)


class _Judged:
    """States that are judged after each round, and what was found."""

    def __init__(self, trainee: Trainee, remedy: WorstCase, site: str, states, key: RandomKey):
        self.trainee, self.remedy, self.site, self.key = trainee, remedy, site, key
        self.seen, self.allowed = states
        self.trained: set[bytes] = set()
        self.rounds: list[tuple[np.ndarray, np.ndarray, np.ndarray, float]] = []
        self.levels = sample_level_set(
            "train",
            trainee.world,
            trainee.organism.distribution,
            compile_objectives(trainee.world).select(trainee.organism.objective),
            trainee.organism.objective,
            count=HELD_OUT,
            key=stream("return", key=key),
        )

    def radius(self, seen: np.ndarray) -> float:
        held = self.trainee.agent.step(seen, None).activations[self.site]
        return self.remedy.radius * max(float(np.sqrt(np.mean(held**2))), 1e-6)

    def look(self) -> None:
        agent, levels = self.trainee.agent, self.levels
        found = relaxed(
            agent, self.seen, self.allowed, self.radius(self.seen), site=self.site, seconds=0.0, key=self.key
        )
        evaluation = exact_evaluation(levels, partial(choices_in, agent, levels.world))
        gained = 1 - float(np.nanmean(evaluation.regrets[levels.base]))
        self.rounds.append((found.verified, found.attack.succeeded, found.attack.by_chance, gained))

    def tell(self) -> None:
        """Writes the curves down; states of levels that were trained on in the end do not count."""
        fresh = np.array([one.tobytes() not in self.trained for one in self.seen])
        self.trainee.measured["states judged"] = float(fresh.sum())
        for turn, (verified, attacked, by_chance, gained) in enumerate(self.rounds):
            for name, mask in (("verified", verified), ("attacked", attacked), ("changed by chance", by_chance)):
                self.trainee.measured[f"share {name} after {turn} rounds"] = float(mask[fresh].mean())
            self.trainee.measured[f"share of the return after {turn} rounds"] = gained


def _states_of(
    trainee: Trainee, levels: list[Level], *, key: RandomKey, each: int = 1
) -> tuple[Float[np.ndarray, "R ..."], Bool[np.ndarray, "R A"]]:
    """Returns some states of single levels in which there is something to choose, and the actions that are not bad."""
    batch, world = padded(levels, len(levels)), trainee.world
    best = optimal_actions(
        optimal_action_values(batch, compile_objectives(world).select(trainee.organism.objective))[0]
    )
    matters = np.asarray(batch.reachable & ~batch.terminal) & ~best.all(-1)
    random = np.random.default_rng(seed_of(stream("states", key=key)))
    order = np.where(matters, random.random(matters.shape), 2.0).argsort(-1)[:, :each]
    level, place = (part.reshape(-1) for part in np.broadcast_arrays(np.arange(len(levels))[:, None], order))
    fine = matters[level, place]
    # One of each level in turn, so that the first ones are of all levels.
    level, place = level[fine], place[fine]
    return observations(world, batch)[level, place], best[level, place]


def _names(trainee: Trainee, pool: Level | None) -> set[bytes]:
    return set() if pool is None else {one.tobytes() for row in observations(trainee.world, pool) for one in row}


REMEDY = WorstCase
