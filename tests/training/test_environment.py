"""Stepping agrees with the level: look-ups, ends, truncations, laws of first states and outcomes, observations."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.training.environment import NOISE, Environment, make_pool
from mesascope.worlds.corner import Corner
from tests.training.tiny import Cue

CORNER = Corner(size=6)


@functools.cache
def pool_of(world, count, seed=0, distribution="train"):
    objectives = compile_objectives(world, world.objectives[:1])

    @jax.jit
    def draw(key):
        levels = world.sample(key=key, distribution=distribution, count=count)
        return make_pool(world, objectives, levels), levels

    return *draw(jax.random.key(seed)), objectives


@eqx.filter_jit
def walk(environment, positions, actions, noise):
    def one(positions, step):
        following, transition = environment.step(positions, *step)
        return following, (positions, transition)

    last, history = jax.lax.scan(one, positions, (actions, noise))
    return last, *history


@eqx.filter_jit
def begin(environment, noise):
    return environment.begin(noise)


def random_walk(environment, episodes, steps, seed=1):
    random = np.random.default_rng(seed)
    positions = begin(environment, random.random((episodes, NOISE), np.float32))
    actions = random.integers(0, len(environment.world.actions), (steps, episodes), np.int32)
    noise = random.random((steps, episodes, NOISE), np.float32)
    last, positions, transition = walk(environment, positions, jnp.asarray(actions), jnp.asarray(noise))
    return last, jax.tree.map(np.asarray, positions), actions, jax.tree.map(np.asarray, transition)


def test_steps_agree_with_a_loop_over_the_level():
    pool, levels, _ = pool_of(CORNER, 5, distribution="deploy")
    limit = 7
    _, positions, actions, transition = random_walk(Environment(CORNER, pool, limit), 6, 60)
    successors, cheese = np.asarray(levels.successors), np.asarray(levels.attributes)[..., 0]
    rested = ended_early = 0
    for episode in range(6):
        gained, time = 0.0, 0
        for step in range(59):
            here = {name: getattr(positions, name)[step, episode] for name in ("level", "state", "time")}
            now = {
                name: getattr(transition, name)[step, episode] for name in ("reward", "counted", "begins", "discount")
            }
            after = {name: getattr(positions, name)[step + 1, episode] for name in ("level", "state", "time")}
            assert here["time"] == time
            if time == limit:
                assert not now["counted"]
                assert now["begins"]
                assert now["reward"] == 0
                assert after["time"] == 0
                rested += 1
                gained, time = 0.0, 0
                continue
            place = here["level"], here["state"], actions[step, episode], 0
            assert now["counted"]
            assert now["reward"] == cheese[place]
            gained += 0.95**time * now["reward"]
            time += 1
            assert transition.gained[step, episode] == pytest.approx(gained, rel=1e-5)
            assert transition.finished[step, episode] == (cheese[place] == 1 or time == limit)
            if cheese[place]:
                assert now["discount"] == 0
                assert now["begins"]
                ended_early += 1
                gained, time = 0.0, 0
            else:
                assert now["discount"] == np.float32(0.95)
                assert not now["begins"]
                assert after["state"] == successors[place]
                assert after["level"] == here["level"]
    assert rested > 5
    assert ended_early > 5


def test_mean_reward_of_an_episode_is_the_exact_return():
    pool, levels, objectives = pool_of(CORNER, 5, distribution="deploy")
    _, _, _, transition = random_walk(Environment(CORNER, pool, 400), 256, 1200)
    # All episodes that began in the first 800 steps have finished: no bias towards short ones.
    finished, begun = [], np.zeros(256, int)
    for step in range(1200):
        done = transition.finished[step] & (begun < 800)
        finished.append(transition.gained[step][done])
        begun = np.where(transition.begins[step], step + 1, begun)
    gained = np.concatenate(finished)
    uniform = np.full((5, levels.states, 5), 0.2)
    exact = returns(levels, policy_values(levels, uniform, objectives)).mean()
    assert len(gained) > 1000
    # The level is drawn per episode; the difference is a mean of independent terms.
    assert abs(gained.mean() - exact) < 4 * gained.std() / np.sqrt(len(gained))


def test_outcomes_and_first_states_follow_their_laws():
    world = Cue(slip=0.3)
    pool, _, _ = pool_of(world, 3)
    _, positions, _, transition = random_walk(Environment(world, pool, 1000), 64, 400)
    first = positions.state[1:][transition.begins[:-1]]
    assert set(first) == {0, 1}
    assert stats.binomtest(int((first == 1).sum()), len(first), 0.75).pvalue > 1e-4
    corridor = np.isin(positions.state[:-1], (2, 3))
    slipped = (positions.state[1:] == positions.state[:-1])[corridor]
    assert stats.binomtest(int(slipped.sum()), len(slipped), 0.3).pvalue > 1e-4
    # A terminal state is never stood in: entering it ended the episode.
    assert positions.state.max() == 3
    level = positions.level[1:][transition.begins[:-1]]
    assert stats.chisquare(np.bincount(level, minlength=3)).pvalue > 1e-4


def test_what_has_no_probability_is_never_drawn():
    world = Cue(slip=0.0)
    pool, _, _ = pool_of(world, 1)
    environment = Environment(world, pool, 10)
    extreme = jnp.array([[noise] * NOISE for noise in (0.0, 0.5, 1 - 2**-24)], jnp.float32)
    assert set(np.asarray(environment.begin(extreme).state).tolist()) == {0, 1}
    corridor = eqx.tree_at(lambda p: p.state, environment.begin(extreme), jnp.array([2, 2, 2]))
    following, transition = environment.step(corridor, jnp.zeros(3, jnp.int32), extreme)
    assert transition.finished.all()
    assert set(np.asarray(following.state).tolist()) <= {0, 1}


@pytest.mark.parametrize(("world", "kept"), [(CORNER, False), (Cue(), True), (Cue(wide=5), True)])
def test_observations_are_the_worlds(world, kept):
    pool, levels, _ = pool_of(world, 5, distribution="deploy")
    assert (pool.observations is not None) is kept
    level, state = jnp.array([[0, 2], [1, 1]]), jnp.array([[3, 1], [0, 2]])
    seen = Environment(world, pool, 10).observe(level, state)
    for row in range(2):
        for column in range(2):
            one = jax.tree.map(lambda leaf, place=level[row, column]: leaf[place], levels)
            assert (seen[row, column] == world.observe(one, state[row, column])).all()


def test_episodes_under_way_keep_their_levels_when_the_pool_is_renewed():
    old, _, _ = pool_of(CORNER, 5, distribution="deploy")
    new, _, _ = pool_of(CORNER, 5, seed=9, distribution="deploy")
    last = begin(Environment(CORNER, old, 1000), jnp.asarray(np.random.default_rng(1).random((8, NOISE), np.float32)))
    held = eqx.tree_at(lambda p: p.level, last, jnp.arange(8, dtype=jnp.int32))
    renewed = Environment(CORNER, old.take(last.level).join(new), 1000, held=8)
    seen_before = Environment(CORNER, old, 1000).observe(last.level, last.state)
    assert (renewed.observe(held.level, held.state) == seen_before).all()
    random = np.random.default_rng(3)
    noise = jnp.asarray(random.random((2000, 8, NOISE), np.float32))
    actions = jnp.asarray(random.integers(0, 5, (2000, 8), np.int32))
    _, positions, transition = walk(renewed, held, actions, noise)
    first = np.asarray(positions.level[1:])[np.asarray(transition.begins[:-1])]
    assert set(first.tolist()) == {8, 9, 10, 11, 12}


def test_one_objective_at_a_time():
    _, levels, _ = pool_of(CORNER, 5, distribution="deploy")
    with pytest.raises(ValueError, match="one objective"):
        make_pool(CORNER, compile_objectives(CORNER), levels)
