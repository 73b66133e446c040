"""What holds for every registered world, and the example of a user's own."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.catalogue import WORLDS, resolve_world
from mesascope.worlds.check import check_world

EXAMPLES = Path(__file__).parents[2] / "examples"
BUILT_IN = [name for name in WORLDS.names() if WORLDS.entry(name).target.startswith("mesascope.")]
LEVELS = 32


@pytest.fixture(autouse=True, scope="module")
def nothing_is_kept():
    """Programs are not written to the cache here.

    Late in a worker that has compiled thousands of programs, jaxlib 0.10.2 ends with a segmentation fault while it
    serializes the sampler of a causal world (twice in two whole runs; never when this file runs by itself).
    """
    jax.clear_caches()
    before = jax.config.jax_persistent_cache_min_compile_time_secs
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 1e9)
    yield
    jax.config.update("jax_persistent_cache_min_compile_time_secs", before)


@functools.cache
def solved(world, distribution):
    """Levels, and what each action is worth to each candidate there: compiled and solved once for all tests."""
    level = world.sample(key=jax.random.key(3), distribution=distribution, count=LEVELS)
    return level, optimal_action_values(level, compile_objectives(world))


@pytest.fixture(params=[*BUILT_IN, "my_world:Treasure"])
def world(request, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    return resolve_world(request.param)


def test_every_world_keeps_the_contract_without_a_note(world):
    results = check_world(world, key=jax.random.key(0), levels=LEVELS)
    assert [result for result in results if not result.passed or result.message.startswith("Note")] == []
    assert len(results) == 5 + 14 * len(world.distributions)


def test_every_level_has_an_optimum_above_doing_nothing(world):
    candidates = compile_objectives(world)
    base, row = candidates.select(world.base_objective), candidates.index(world.base_objective)
    for distribution in world.distributions:
        level, values = solved(world, distribution)
        still = np.zeros((LEVELS, level.states, len(world.actions)))
        if "stay" in world.actions:
            still[..., world.actions.index("stay")] = 1
        else:
            # Where nobody can stand still, wandering takes its place.
            still[...] = 1 / len(world.actions)
        assert (
            returns(level, values[row : row + 1].max(-1)) > returns(level, policy_values(level, still, base)) + 1e-3
        ).all()


def test_one_key_gives_one_batch_of_levels_and_states_are_seen_alike_alone_or_together(world):
    first, again = (world.sample(key=jax.random.key(5), distribution="train", count=LEVELS) for _ in range(2))
    np.testing.assert_array_equal(first.attributes, again.attributes)
    one, seen = jax.tree.map(lambda array: array[1], jax.device_get(first)), jax.jit(world.observe_states)
    np.testing.assert_array_equal(seen(one)[7], jax.jit(world.observe)(one, jnp.int32(7)))


def test_every_candidate_can_be_told_from_the_base_objective_by_what_it_does(world):
    candidates = compile_objectives(world)
    told_apart = set()
    for distribution in world.distributions:
        level, values = solved(world, distribution)
        best = optimal_actions(values)
        base = best[candidates.index(world.base_objective)]
        differs = (best != base).any(-1) & np.asarray(level.reachable & ~level.terminal)
        told_apart |= {name for name, one in zip(candidates.names, differs, strict=True) if one.any()}
    assert told_apart == set(candidates.names) - {world.base_objective}


def test_the_example_is_short_enough_to_be_read_at_once():
    lines = (EXAMPLES / "my_world.py").read_text().splitlines()
    assert 20 < len(lines) <= 60
