import jax
import numpy as np
import pytest

from mesascope.agents.networks import MLPSpec
from mesascope.core.errors import UsageError
from mesascope.training.base_optimizer import Task
from mesascope.training.evolution import Evolution
from mesascope.training.run import train
from tests.training.tiny import Cue


def task():
    world = Cue()
    return Task(world, world.objectives[0], MLPSpec(widths=(4,)))


def test_evolution_finds_what_a_policy_without_memory_can_earn():
    """The corridor hides the cue, so half of the pay is the best: every greedy policy earns that, discounted."""
    found = train(Evolution(updates=5, pairs=4, levels=2), task(), seeds=(0,))
    assert found.curve["return"][-1] == pytest.approx(found.curve["best return"][-1], abs=1e-6)


def test_same_seed_same_bits():
    one, again = (train(Evolution(updates=3, pairs=2, levels=1), task(), seeds=(4,)) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, one.learners.parameters, again.learners.parameters)


@pytest.mark.parametrize("wrong", [{"pairs": 1}, {"spread": 0.0}, {"learning_rate": 0.0}, {"horizon": 0}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Evolution(**wrong)
