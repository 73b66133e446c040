import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.agent import Slotted
from mesascope.agents.network_agent import SlottedNetworkAgent, network_agent
from mesascope.agents.networks.deliberator import Deliberator, DeliberatorSpec
from mesascope.agents.networks.option_scorer import OptionScorerSpec
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.causal.menu import BASE
from mesascope.worlds.cleaning import Cleaning
from tests.agents.networks.small import SMALL, built

WORLD = Cleaning()
SHAPE = WORLD.observation_shape


def agent(spec) -> SlottedNetworkAgent:
    made = network_agent("one", built(spec), spec, SHAPE, 10)
    assert isinstance(made, SlottedNetworkAgent)
    return made


@functools.cache
def shown(count=6):
    levels = WORLD.sample(key=root_key(1), distribution="shuffled", count=2)
    return np.asarray(WORLD.observe_states(levels[0]))[:count]


@pytest.mark.parametrize("spec", [SMALL["deliberator"], SMALL["option-scorer"]], ids=str)
def test_networks_that_read_menus_refuse_what_is_none(spec):
    assert {"perceived", "context"} <= set(agent(spec).sites())
    with pytest.raises(UsageError, match="menus of causal worlds"):
        spec.build((5, 6, 3), 4, key=root_key(0))


def test_plans_of_full_depth_are_the_exact_optimum():
    """The search of a planner that wants the base objective against value iteration on the same levels."""
    spec = DeliberatorSpec(depth=3)
    one = agent(spec)
    weights = np.zeros((1, 12))
    weights[0, BASE], weights[0, 5:10] = 1.0, -1.0
    network = eqx.tree_at(lambda some: (some.weights, some.salience), one.network, (jnp.array(weights), jnp.ones(12)))
    levels = WORLD.sample(key=root_key(2), distribution="varied", count=2)
    exact = optimal_action_values(levels, compile_objectives(WORLD).select("clean"))[0]
    planner = network_agent("planner", network, spec, SHAPE, 10)
    seen = np.concatenate([np.asarray(WORLD.observe_states(levels[index])) for index in range(2)])
    planned = planner.step(seen, None).activations["plans"].reshape(2, -1, 10)
    # A bad option is weighed by the best that it allows, and so is the exact value.
    np.testing.assert_allclose(planned[:, :-1], exact[:, :-1], atol=2e-5)


def test_slots_change_what_they_say_and_only_that():
    one, seen = agent(DeliberatorSpec(objectives=3, scale=1.0, future=1.0)), shown()
    assert isinstance(one, Slotted)
    assert one.slots() == {"resolution": 0.0, "depth": 3, "future": 1.0, "selection_model": True}
    same = one.with_slots({"depth": 3, "future": 1.0})
    assert np.array_equal(same.act(seen, None)[0], one.act(seen, None)[0])
    for values in ({"resolution": 0.5}, {"depth": 1}, {"future": 0.0}, {"selection_model": False}):
        changed = one.with_slots(values)
        assert changed.slots() == one.slots() | values
        assert not np.allclose(changed.act(seen, None)[0], one.act(seen, None)[0], atol=1e-4), values
    # Without a model of selection and without a future no threat is felt.
    blind, myopic = (
        one.with_slots(values).step(seen, None) for values in ({"selection_model": False}, {"future": 0.0})
    )
    assert (blind.activations["context"][:, 1] == 0).all()
    assert np.array_equal(blind.probabilities, myopic.probabilities)


def test_slots_that_cannot_be_are_refused():
    one = agent(OptionScorerSpec(widths=(8,)))
    with pytest.raises(UnknownNameError, match="resolution"):
        one.with_slots({"depth": 2})
    with pytest.raises(UsageError, match="future=2"):
        one.with_slots({"future": 2.0})
    with pytest.raises(UsageError, match="depth"):
        agent(DeliberatorSpec()).with_slots({"depth": 4})


def test_a_scorer_without_places_does_not_see_where_an_option_lies():
    seen, order = shown(1), np.random.default_rng(0).permutation(10)
    blind, placed = agent(OptionScorerSpec(widths=(8,))), agent(OptionScorerSpec(widths=(8,), positions=True))
    network = eqx.tree_at(lambda some: some.places, placed.network, jax.random.normal(root_key(3), (3, 10)))
    moved = seen[:, order]
    assert np.allclose(blind.act(moved, None)[0], blind.act(seen, None)[0][:, order], atol=1e-6)
    placed = network_agent("placed", network, placed.spec, SHAPE, 10)
    assert not np.allclose(placed.act(moved, None)[0], placed.act(seen, None)[0][:, order], atol=1e-3)


def test_salience_is_never_trained():
    network = agent(DeliberatorSpec(depth=1, salience=(0.5,) * 12)).network
    assert isinstance(network, Deliberator)
    seen = jnp.asarray(shown(1)[0])
    gradient = eqx.filter_jit(eqx.filter_grad(lambda some: some(seen, None)[0].sum()))(network)
    assert not np.asarray(gradient.salience).any()
    assert not np.asarray(gradient.slots).any()
    assert float(gradient.sharpness) == 0
    assert np.asarray(gradient.weights).any()


@pytest.mark.parametrize("spec", [{"objectives": 0}, {"depth": 4}, {"resolution": -1.0}, {"sharpness": 0.0}])
def test_specs_that_cannot_be_are_refused(spec):
    with pytest.raises(UsageError, match=next(iter(spec))):
        DeliberatorSpec(**spec)


def test_salience_needs_a_number_for_each_effect():
    with pytest.raises(UsageError, match="salience has 2 numbers"):
        agent(DeliberatorSpec(salience=(1.0, 2.0)))
