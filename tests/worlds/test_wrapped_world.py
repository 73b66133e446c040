"""A world that something is put around can do whatever it could: no wrapper takes a capability away."""

import inspect

import jax
import numpy as np
import pytest

from mesascope.audit.alignment.battery_levels import make_battery_levels
from mesascope.audit.alignment.level_edits import level_builder, variants_of
from mesascope.worlds.catalogue import WORLDS
from mesascope.worlds.compact import CompactWorld, compacted
from mesascope.worlds.function_objective import with_function_objective
from mesascope.worlds.switched_world import SwitchedWorld
from mesascope.worlds.world import World
from mesascope.worlds.wrapped_world import WrappedWorld

NAMES = WORLDS.names()
CHANGED = {"attributes", "objectives"}


def likes_the_first_action(observations, actions, following):
    return actions == 0


def with_objective(name):
    world = WORLDS.load(name)()
    return world, with_function_objective(world, "mine", likes_the_first_action)


def members(kind):
    return {name for name, member in vars(kind).items() if not name.startswith("_") and _is_code(member)}


def _is_code(member):
    return inspect.isfunction(member) or isinstance(member, property)


def test_the_wrapper_hands_on_every_method_of_a_world():
    assert members(World) <= members(WrappedWorld)


@pytest.mark.parametrize("name", NAMES)
def test_one_more_objective_changes_nothing_that_an_assay_asks_of_a_world(name):
    world, wider = with_objective(name)
    for declared in set(World.__annotations__) - CHANGED:
        assert getattr(wider, declared) == getattr(world, declared), declared
    assert wider.attributes == (*world.attributes, "mine")
    assert [spec.name for spec in wider.objectives] == [*(spec.name for spec in world.objectives), "mine"]
    assert wider.unwrapped == world
    assert (level_builder(wider) is None) == (level_builder(world) is None)
    for distribution in world.distributions:
        assert wider.distinct_levels(distribution) == world.distinct_levels(distribution)
    before, after = variants_of(world), variants_of(wider)
    assert [variant.name for variant in after] == [variant.name for variant in before]
    # Also under each condition the user's objective is there.
    assert all(variant.world.attributes == wider.attributes for variant in after)


@pytest.mark.parametrize("name", [name for name in NAMES if issubclass(WORLDS.load(name), SwitchedWorld)])
def test_the_battery_runs_where_an_objective_was_added(name):
    world, wider = with_objective(name)
    one, other = (make_battery_levels(either, levels=1, only=("T0", "T1")) for either in (world, wider))
    assert [test for test, _ in one.plan] == [test for test, _ in other.plan]


@pytest.mark.parametrize("name", ["graph", "maze"])
def test_levels_are_changed_as_before_and_valued_by_the_new_objective_too(name):
    world, wider = with_objective(name)
    key = jax.random.key(0)
    inner, outer = (each.sample(key=key, distribution="train", count=1)[0] for each in (world, wider))
    ways = ["edit"] + ["rearrange"] * world.rearrangeable
    for way in ways:
        expected, place = getattr(world, way)(inner, key=key)
        found, where = getattr(wider, way)(outer, key=key)
        assert place.tolist() == where.tolist()
        np.testing.assert_array_equal(found.successors, expected.successors)
        np.testing.assert_array_equal(found.attributes[..., :-1], expected.attributes)
        acting = np.asarray(found.reachable & ~found.terminal)
        assert (np.asarray(found.attributes)[acting][:, 0, 0, -1] == 1).all()


def test_levels_are_made_of_layouts_with_the_new_objective():
    _, wider = with_objective("maze")
    levels = wider.sample(key=jax.random.key(1), distribution="train", count=2)
    made = level_builder(wider)(levels.layout)
    np.testing.assert_array_equal(made.attributes, levels.attributes)
    np.testing.assert_array_equal(made.successors, levels.successors)


class OfAUser(WORLDS.load("keys")):
    """A world of the user's own in which objects can be moved, and many states are never reached."""


def test_objects_can_be_moved_in_compacted_levels(monkeypatch):
    monkeypatch.setattr("mesascope.worlds.compact.WORTH", 1.0)
    world = OfAUser(size=6)
    whole = jax.device_get(world.sample(key=jax.random.key(0), distribution="train", count=4))
    small, levels = compacted(world, whole)
    assert isinstance(small, CompactWorld)
    assert small.rearrangeable
    assert small.unwrapped == world
    keys = jax.random.split(jax.random.key(1), 4)
    moved, places = jax.jit(jax.vmap(lambda level, key: small.rearrange(level, key=key)))(levels, keys)
    truly, expected = jax.jit(jax.vmap(lambda level, key: world.rearrange(level, key=key)))(whole, keys)
    np.testing.assert_array_equal(places, expected)
    fits = np.asarray(moved.reachable.any(-1))
    assert fits.any()
    np.testing.assert_array_equal(moved.reachable.sum(-1)[fits], truly.reachable.sum(-1)[fits])
