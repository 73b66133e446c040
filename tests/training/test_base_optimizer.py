"""One contract fits every search: gradients, evolution, PPO, imitation, distillation and whole lifetimes."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.option_scorer import OptionScorerSpec
from mesascope.core.random import root_key
from mesascope.training.base_optimizer import BaseOptimizer, Task, cosine
from mesascope.training.catalogue import OPTIMIZERS
from mesascope.training.distillation import Distillation, Lessons
from mesascope.training.lifetimes import LifetimeLearner, LifetimeSettings
from mesascope.worlds.cleaning import Cleaning
from mesascope.worlds.maze import Maze

SMALL = {"levels": 2, "environments": 4, "steps": 8, "minibatches": 2, "pairs": 2, "states": 2, "horizon": 4}


def task_of(name: str) -> Task:
    causal = name in ("lifetime-gradient", "implant-gradient")
    world = Cleaning() if causal else Maze(size=5)
    spec = next(spec for spec in world.objectives if spec.name == world.base_objective)
    return Task(world, spec, OptionScorerSpec(widths=(4,)) if causal else MLPSpec(widths=(4,)))


def shapes(optimizer: BaseOptimizer, task):
    """What `begin` and `update` return, without anything being computed."""

    def twice(key):
        learner = optimizer.begin(task, key=key)
        return learner, *optimizer.update(task, learner, jnp.int32(0), key=key)

    return eqx.filter_eval_shape(twice, root_key(0))


def check(optimizer: BaseOptimizer, task) -> None:
    before, after, metrics = shapes(optimizer, task)
    assert jax.tree.structure(before) == jax.tree.structure(after)
    assert [leaf.shape for leaf in jax.tree.leaves(before)] == [leaf.shape for leaf in jax.tree.leaves(after)]
    assert optimizer.measure in metrics
    assert all(metric.shape == () for metric in metrics.values())
    assert optimizer.updates > 0
    hash(optimizer)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_registered_optimizer_keeps_the_contract(name):
    kind = OPTIMIZERS.load(name)
    assert kind.name == name
    assert OPTIMIZERS.entry(name).summary
    fields = {field.name for field in dataclasses.fields(kind)}
    check(kind(**{field: value for field, value in SMALL.items() if field in fields}), task_of(name))


def test_distillation_and_lifetimes_keep_it_on_tasks_of_their_own():
    check(Distillation(batch=2), Lessons(MLPSpec(widths=(4,)), jnp.zeros((6, 3)), jnp.full((6, 2), 0.5)))
    one = jnp.float32(1.0)
    settings = LifetimeSettings(threats=jnp.ones(1), after=one, accuracy=one, discount=one)
    check(LifetimeLearner(lifetimes=4, watched=4), settings)


def test_a_rate_falls_along_half_a_cosine():
    shares = [float(cosine(jnp.int32(index), 4)) for index in (0, 2, 4)]
    assert shares == pytest.approx([1.0, 0.5, 0.0], abs=1e-6)
