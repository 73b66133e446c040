import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.compact import CompactWorld, compacted
from mesascope.worlds.keys import Keys
from mesascope.worlds.level import Level, reachable_states
from mesascope.worlds.world import ObjectiveSpec, World, reach


@dataclasses.dataclass(frozen=True)
class Sparse(World):
    """Levels drawn at random, of whose states few can be reached."""

    states: int = 40
    ways: int = 1

    name = "sparse"
    actions = ("a", "b")
    attributes = ("here", "there")
    channels = ("number", "of", "state")
    base_objective = "here"
    objectives = (reach("here"), ObjectiveSpec("there", {"there": 1.0, "here": -0.5}))
    legend = {"#": "wall"}
    observation_shape = (3,)

    def sample(self, *, key, distribution, count):
        random = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        levels = [self._level(random) for _ in range(count)]
        return jax.tree.map(lambda *arrays: np.stack(arrays), *levels)

    def _level(self, random) -> Level:
        shape = (self.states, 2, 2)
        # Each block of states leads into itself only; episodes begin in one of them.
        block = np.arange(self.states) // 8
        successors = (random.integers(8, size=shape) + 8 * block[:, None, None]).astype(np.int32) % self.states
        probabilities = random.dirichlet([1.0, 1.0], size=shape[:2])
        attributes = (random.random((*shape, 2)) < 0.2).astype(np.float64)
        begins = random.permutation(self.states // 8)[: self.ways] * 8 + random.integers(8, size=self.ways)
        initial = np.bincount(begins, minlength=self.states) / self.ways
        terminal = (random.random(self.states) < 0.1) & (initial == 0)
        seen = reachable_states(*(jnp.asarray(one) for one in (successors, probabilities, initial, terminal)))
        layout = random.random((self.states, 3)).astype(np.float32)
        return Level(
            successors, probabilities, attributes, initial, terminal, np.asarray(seen), np.asarray(0.9), layout
        )

    def observe(self, level, state):
        return level.layout[state]

    def parse(self, text):
        raise NotImplementedError

    def format(self, level, state=None):
        return "." * level.states if state is None else "." * state + "A"

    def position(self, level, state):
        return (0, int(state))

    def legal(self, level):
        return jnp.broadcast_to(level.layout[..., :1] > 0.5, (*level.layout.shape[:-1], 2))


@given(st.integers(0, 2**31 - 1), st.integers(1, 2))
@settings(max_examples=6, deadline=None)
def test_everything_computed_is_the_same_state_by_state(seed, ways):
    world = Sparse(ways=ways)
    whole = world.sample(key=jax.random.key(seed), distribution="train", count=5)
    small, levels = compacted(world, whole)
    assert isinstance(small, CompactWorld)
    assert levels.states == int(whole.reachable.sum(-1).max()) <= 16
    objectives = compile_objectives(world)
    kept = np.minimum(levels.layout.states, whole.states - 1)
    there = levels.reachable
    np.testing.assert_array_equal(there.sum(-1), whole.reachable.sum(-1))
    policy = np.random.default_rng(seed).dirichlet([1.0, 1.0], size=(5, whole.states))
    own = np.take_along_axis(policy, kept[..., None], 1)

    def same(mine, theirs):
        picked = np.take_along_axis(theirs, kept.reshape(*(1,) * (theirs.ndim - 2), *kept.shape), -1)
        np.testing.assert_allclose(np.where(there, mine, 0), np.where(there, picked, 0), rtol=1e-12, atol=1e-12)

    same(policy_values(levels, own, objectives), policy_values(whole, policy, objectives))
    same(visits(levels, own), visits(whole, policy))
    for action in range(2):
        same(
            optimal_action_values(levels, objectives)[..., action],
            optimal_action_values(whole, objectives)[..., action],
        )
    np.testing.assert_allclose(
        returns(levels, policy_values(levels, own, objectives)),
        returns(whole, policy_values(whole, policy, objectives)),
        rtol=1e-12,
    )
    np.testing.assert_allclose(levels.probabilities.sum(-1), 1)
    np.testing.assert_allclose(levels.initial.sum(-1), 1)
    seen = jax.vmap(small.observe_states)(levels)
    np.testing.assert_array_equal(
        np.where(there[..., None], seen, 0),
        np.where(there[..., None], np.take_along_axis(whole.layout, kept[..., None], 1), 0),
    )
    legal = np.take_along_axis(np.asarray(world.legal(whole)), kept[..., None], 1)
    np.testing.assert_array_equal(np.asarray(small.legal(levels))[there], legal[there])


def test_the_world_draws_and_places_what_is_left():
    world = Sparse()
    whole = world.sample(key=jax.random.key(1), distribution="train", count=3)
    small, levels = compacted(world, whole)
    one = levels[1]
    for state in np.flatnonzero(one.reachable).tolist():
        number = int(one.layout.states[state])
        assert small.position(one, state) == (0, number)
        assert small.format(one, state) == "." * number + "A"
    assert small.format(one) == "." * whole.states
    assert all(small.position(one, int(state)) is None for state in np.flatnonzero(~one.reachable & one.terminal))
    assert hash(small) == hash(CompactWorld(world))
    assert small == CompactWorld(world)


class Users(Keys):
    """A world of the user's own that can be edited."""


def test_edited_levels_keep_the_meaning_of_their_states(monkeypatch):
    monkeypatch.setattr("mesascope.worlds.compact.WORTH", 1.0)
    world = Users(size=6)
    whole = jax.device_get(world.sample(key=jax.random.key(0), distribution="train", count=4))
    small, levels = compacted(world, whole)
    assert levels.states < whole.states
    objectives = compile_objectives(world)
    keys = jax.random.split(jax.random.key(1), 4)
    edited, places = jax.device_get(jax.jit(jax.vmap(lambda level, key: small.edit(level, key=key)))(levels, keys))
    truly, expected = jax.device_get(jax.jit(jax.vmap(lambda level, key: world.edit(level, key=key)))(whole, keys))
    np.testing.assert_array_equal(places, expected)
    before, after = levels.layout.states, edited.layout.states
    named = before < whole.states
    np.testing.assert_array_equal(before[named], after[named])
    mine, theirs = optimal_action_values(edited, objectives), optimal_action_values(truly, objectives)
    fits = edited.reachable.any(-1)
    assert fits.sum() >= 2
    for level in np.flatnonzero(fits):
        reached = np.flatnonzero(edited.reachable[level])
        assert set(after[level][reached].tolist()) == set(np.flatnonzero(truly.reachable[level]).tolist())
        np.testing.assert_allclose(
            mine[:, level, reached], theirs[:, level, after[level][reached]], rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("world", [Keys(size=6), Sparse(states=8)])
def test_what_would_spare_little_and_built_in_worlds_stay_as_they_are(world):
    whole = jax.device_get(world.sample(key=jax.random.key(0), distribution="train", count=2))
    assert compacted(world, whole) == (world, whole) or compacted(world, whole)[1] is whole
