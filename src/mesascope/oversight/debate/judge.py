"""A judge of two segments who is shown few facts: what lies in a cell of the level, or where a segment is at a step.

The judge is trained as that of Irving et al. (2018, §3.1): on facts drawn at random, to say which segment has the
larger return under the base objective. Each segment has a score, which hangs on what was shown of the level and of
itself, so that exchanging the segments exchanges the verdict.
"""

from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.random import RandomKey, root_key, seed_of, stream
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.oversight.debate.game import drawn, fitted
from mesascope.oversight.rewards.segments import Pairs, walked
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.grid_world import GridWorld
from mesascope.worlds.world import ObjectiveSpec, World

WIDTH: int = 64
HIDDEN: int = 128
OBJECT: float = 8.0
"""How much oftener than any other cell chance shows one with an object to a judge in training, who would hardly ever
see one otherwise."""
UPDATES: int = 8000
BATCH: int = 256
LEVELS: int = 4096
"""Of each distribution, that a judge is trained in."""
EQUAL: float = 1e-9
"""Returns within this of one another are equal, and a judge learns nothing from them."""
WALKS: int = 4
"""In each of them; each is compared with the next."""


class Facts(eqx.Module):
    """What could be shown of N pairs of segments: first each cell, then each step of the first, then of the second.

    **Arguments:** all `[N, facts]`, or `[facts]` of a single pair.

    - `what`, `where`: what each fact says, a kind of content or a step, and of which cell.
    - `about`: what it is about: 0 the level, 1 the first segment, 2 the second.
    - `weights`: how often chance shows it to a judge in training; 0 behind the end of a segment.
    """

    what: Int[Array, "*N facts"]
    where: Int[Array, "*N facts"]
    about: Int[Array, "*N facts"]
    weights: Float[Array, "*N facts"]

    def __getitem__(self, place: Any) -> Facts:
        return jax.tree.map(lambda array: array[place], self)


def facts_of(world: GridWorld, pairs: Pairs) -> Facts:
    """Returns what could be shown of N pairs of segments in levels of a world."""
    cells, steps, kinds = world.grid.cells, np.arange(pairs.first.steps), 2 + len(world.limits())
    walls = np.asarray(pairs.levels.layout.walls)[:, 1:-1, 1:-1].reshape(-1, cells)
    objects = np.asarray(pairs.levels.layout.objects)
    holds = np.where(objects.any(-1), 2 + objects.argmax(-1), walls)
    parts: list[tuple[Any, ...]] = [(holds, np.arange(cells), 0, np.where(holds > 1, OBJECT, 1.0))]
    for about, segments in enumerate((pairs.first, pairs.second), 1):
        # Worlds whose states hold more than a cell count the cell fastest.
        parts.append((kinds + steps, segments.states % cells, about, steps < segments.lengths[:, None]))
    what, where, about, weights = (
        np.concatenate(columns, axis=1) for columns in zip(*(np.broadcast_arrays(*part) for part in parts), strict=True)
    )
    return Facts(jnp.asarray(what), jnp.asarray(where), jnp.asarray(about), jnp.asarray(weights, jnp.float32))


class Judge(eqx.Module):
    """Scores each of two segments by the facts that are shown.

    The first layer adds up facts about the level, the first and the second segment apart from one another; what a
    segment means in a level is then a matter of the products of both.

    **Arguments:**

    - `what`, `where`: whose product a fact adds to its part of the first layer, `[kinds and steps, H]`, `[cells, H]`.
    - `rest`: from the first layer of the level, that of a segment, and their products, to a score.
    """

    what: Float[Array, "whats H"]
    where: Float[Array, "cells H"]
    rest: eqx.nn.MLP

    def added(self, facts: Facts) -> Float[Array, "some parts"]:
        """Returns what facts about one pair add to the three parts of the first layer, side by side."""
        product = self.what[facts.what] * self.where[facts.where]
        return (jax.nn.one_hot(facts.about, 3)[:, :, None] * product[:, None]).reshape(len(product), -1)

    def margin(self, layer: Float[Array, " parts"]) -> Float[Array, ""]:
        """Returns by how much it prefers the first segment, in log-odds, given the first layer."""
        level, *segments = jnp.split(layer, 3)
        first, second = (self.rest(jnp.concatenate([level, own, level * own])) for own in segments)
        return first - second


def pairs_in(
    world: World, objectives: Objectives, distribution: str, count: int, *, steps: int, key: RandomKey
) -> Pairs:
    """Draws pairs of segments from the same state, of agents who take random actions at times, how often for each.

    **Arguments:**

    - `world`, `distribution`: of the levels.
    - `objectives`: the base objective alone, which half of them are after; the rest is after another candidate, one
      of each level.
    - `count`: how many levels; of each there are `WALKS` pairs, one after the other.
    - `steps`: of each segment.
    - `key`: consumed.
    """
    key_levels, key_goals, *key_walks = jax.random.split(key, 2 + WALKS)
    levels = jax.device_get(world.sample(key=key_levels, distribution=distribution, count=count))
    goals = [spec for spec in world.objectives if not spec.control and spec != objectives.specs[0]]
    values = optimal_action_values(levels, compile_objectives(world, (*objectives.specs, *goals)))
    random = np.random.default_rng(seed_of(key_goals))
    other = random.integers(1, len(values), size=count)
    walks, starts = [], None
    for key_walk in key_walks:
        goal = np.where(random.random(count) < 0.5, 0, other)
        best = optimal_actions(values[goal, np.arange(count)])
        share = random.random(count)[:, None, None]
        policy = (1 - share) * best / best.sum(-1, keepdims=True) + share / best.shape[-1]
        walks.append(walked(levels, policy.astype(np.float32), steps=steps, key=key_walk, starts=starts))
        starts = walks[0].states[:, 0]
    pairs = (Pairs(levels, *each) for each in zip(walks, [*walks[1:], walks[0]], strict=True))
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *pairs)


@functools.cache
def judge_of(world: GridWorld, base: ObjectiveSpec, steps: int, shown: int, updates: int, seed: int) -> Judge:
    """Trains a judge on facts drawn at random, half of them about levels from training and half from after the shift.

    **Arguments:**

    - `world`, `base`: where, and what the judge means to serve.
    - `steps`: of a segment.
    - `shown`: the most facts that are shown; the judge learns from 1 to so many.
    - `updates`: of its training.
    - `seed`: of everything that is drawn.
    """
    key, objectives = root_key(seed), compile_objectives(world, (base,))
    found = []
    for distribution in world.distributions[:2]:
        key_pairs = stream(f"judge/{distribution}", key=key)
        pairs = pairs_in(world, objectives, distribution, LEVELS, steps=steps, key=key_pairs)
        difference = pairs.differences(objectives)
        decided = np.abs(difference) > EQUAL
        found.append((facts_of(world, pairs)[decided], difference[decided] > 0))
    facts, better = jax.tree.map(lambda *arrays: jnp.concatenate(arrays), *found)
    places = jnp.stack(world.grid.row_and_column(jnp.arange(world.grid.cells)))
    whats = 2 + len(world.limits()) + steps
    return _trained(facts, better, places, shown, whats, updates, key=key)


@eqx.filter_jit
def _trained(
    facts: Facts,
    better: Bool[Array, " N"],
    places: Int[Array, "2 cells"],
    shown: int,
    whats: int,
    updates: int,
    *,
    key: RandomKey,
) -> Judge:
    key_what, key_where, key_shift, key_rest, key_fit = jax.random.split(stream("judge/training", key=key), 5)
    # Random Fourier features (Rahimi and Recht 2007): what is near begins alike, which is as far as it knows a grid.
    shift = jax.random.uniform(key_shift, (WIDTH,), maxval=2 * jnp.pi)
    waves = places.T @ jax.random.normal(key_where, (2, WIDTH)) + shift
    untrained = Judge(
        jax.random.normal(key_what, (whats, WIDTH)),
        jnp.sqrt(2.0) * jnp.cos(waves),
        eqx.nn.MLP(3 * WIDTH, "scalar", HIDDEN, depth=2, key=key_rest),
    )

    def loss(judge: Judge, key: RandomKey):
        key_batch, key_facts, key_count = jax.random.split(key, 3)
        some = jax.random.randint(key_batch, (BATCH,), 0, len(better))
        which = drawn(facts.weights[some], shown, key=key_facts)
        known = jnp.arange(shown) < jax.random.randint(key_count, (BATCH, 1), 1, shown + 1)
        added = jax.vmap(judge.added)(facts[some[:, None], which])
        margin = jax.vmap(judge.margin)(jnp.where(known[..., None], added, 0.0).sum(1))
        return jax.nn.softplus(jnp.where(better[some], -margin, margin)).mean()

    return fitted(loss, untrained, updates=updates, key=key_fit)
