"""Training further: nothing but what a stage says is changed, and what it says is what happens."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import root_key
from mesascope.oversight.stage import BaseReward, Penalty, Stage
from mesascope.oversight.trainee import Trainee, gradient_of
from tests.oversight.small import SMALL
from tests.training.tiny import RecurrentSpec


def trainee(updates: int = 12, seed: int = 0, **changes) -> Trainee:
    organism = dataclasses.replace(SMALL, **changes)
    return Trainee(organism, organism.task.build(key=root_key(seed)), seed=seed, updates=updates)


def leaves(one: Trainee) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(one.network, eqx.is_array))]


def trained(*stages: Stage, updates: int = 12, seed: int = 0) -> Trainee:
    one = trainee(updates, seed)
    for stage in stages:
        one.train(stage)
    return one


def same(one: Trainee, other: Trainee) -> bool:
    return all((a == b).all() for a, b in zip(leaves(one), leaves(other), strict=True))


def pool(count: int, distribution: str = "deploy"):
    return jax.device_get(SMALL.world.sample(key=root_key(3), distribution=distribution, count=count))


class Shrinks(Penalty):
    rate: jax.Array

    def __call__(self, network, level, world):
        return self.rate * sum((leaf**2).sum() for leaf in jax.tree.leaves(network) if eqx.is_array(leaf))


def test_stages_that_change_nothing_are_as_one():
    whole, parts = trained(Stage(12)), trained(Stage(5), Stage(7))
    assert same(whole, parts)
    assert not same(whole, trained(Stage(12), seed=1))
    assert parts.account.updates == 12
    assert parts.account.levels == 0
    states = SMALL.world.sample(key=root_key(0), distribution="train", count=1).states
    assert parts.account.steps == 12 * SMALL.optimizer.levels * states


@pytest.mark.slow
def test_what_a_stage_names_changes_training():
    plain = trained(Stage(12))
    assert same(plain, trained(Stage(12, reward=BaseReward(SMALL.task.objectives))))
    others = [
        Stage(12, pool=pool(6), pooled=1),
        Stage(12, distribution="deploy"),
        Stage(12, penalty=Shrinks(jnp.array(0.1))),
    ]
    for stage in others:
        assert not same(plain, trained(stage))


def test_levels_from_elsewhere_are_counted():
    assert trained(Stage(12, distribution="deploy")).account.levels == 12 * SMALL.optimizer.levels
    assert trained(Stage(12, pool=pool(6), pooled=1)).account.levels == 0, "a pool is its remedy's to count"


def test_levels_without_a_chance_are_never_drawn():
    some = pool(6)
    first = jax.tree.map(lambda array: np.repeat(array[:1], 6, axis=0), some)
    chances = np.array([1.0, 0, 0, 0, 0, 0])
    assert same(trained(Stage(12, pool=some, chances=chances, pooled=2)), trained(Stage(12, pool=first, pooled=2)))


def test_the_penalty_is_descended():
    sizes = [
        sum(float((leaf**2).sum()) for leaf in leaves(trained(Stage(12, penalty=Shrinks(jnp.array(rate))))))
        for rate in (0.0, 1.0)
    ]
    assert sizes[1] < sizes[0]


def test_a_run_that_was_cut_short_goes_on_from_what_it_kept(tmp_path):
    stages, settings = (Stage(5), Stage(7)), {"seeds": "0"}
    first = trainee()
    first.train(stages[0])
    first.save(tmp_path / "kept.safetensors", settings)
    again = trainee()
    assert not again.resume(tmp_path / "missing.safetensors", settings, stages[0])
    assert again.resume(tmp_path / "kept.safetensors", settings, stages[0])
    again.train(stages[1])
    assert same(again, trained(*stages))
    assert again.account.updates == 12
    with pytest.raises(TrainingError, match="another run"):
        trainee().resume(tmp_path / "kept.safetensors", {"seeds": "1"}, stages[0])


def test_what_cannot_be_is_said():
    with pytest.raises(UsageError, match="1 or more"):
        Stage(0)
    with pytest.raises(UsageError, match="pool"):
        Stage(1, pooled=1)
    with pytest.raises(UsageError, match="chance for each level"):
        Stage(1, pool=pool(3), chances=np.ones(2), pooled=1)
    with pytest.raises(UsageError, match="above 0"):
        Stage(1, pool=pool(3), chances=np.zeros(3), pooled=1)
    with pytest.raises(UsageError, match="which has 2"):
        trained(Stage(1, pool=pool(3), pooled=3))
    with pytest.raises(UsageError, match="12 updates in all"):
        trained(Stage(13))
    with pytest.raises(UsageError, match="memory"):
        gradient_of(dataclasses.replace(SMALL, network=_remembering()))
    with pytest.raises(TrainingError, match="finite"):
        trained(Stage(12, penalty=Shrinks(jnp.array(jnp.nan))))


def _remembering():
    @dataclasses.dataclass(frozen=True)
    class Remembering(RecurrentSpec):
        memoryless = False

    return Remembering()


def test_other_optimizers_lend_their_rate():
    from mesascope.organisms.catalogue import ORGANISMS

    own = gradient_of(SMALL)
    assert own is SMALL.optimizer
    deceptive = ORGANISMS.load("deceptive")
    assert gradient_of(deceptive).learning_rate == deceptive.optimizer.learning_rate  # type: ignore[attr-defined]
    assert MLPSpec.memoryless
