import jax
import numpy as np
import pytest

from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UsageError
from mesascope.training.base_optimizer import Task
from mesascope.training.optimizers.evolution import Evolution
from mesascope.training.policy_gradient import logits_in_every_state
from mesascope.training.run import train
from mesascope.worlds.choice import Choice
from tests.training.tiny import Cue


def task():
    world = Cue()
    return Task(world, world.objectives[0], MLPSpec(widths=(4,)))


def test_evolution_finds_a_policy_that_gradients_are_not_needed_for():
    """One choice in ten options, one of which is worth most: the greedy policy ends at the exact optimum."""
    world = Choice()
    base = next(spec for spec in world.objectives if spec.name == "value")
    task = Task(world, base, DeliberatorSpec(depth=1))
    found = train(Evolution(updates=40, pairs=8, levels=2), task, seeds=(0,))
    levels = jax.jit(lambda key: world.sample(key=key, distribution="train", count=4))(jax.random.key(5))
    best = np.asarray(levels.attributes)[:, 0, :, 0, world.attributes.index("value")].max(-1)
    logits = jax.jit(lambda: logits_in_every_state(found.network(0), levels, world))()
    chosen = np.asarray(logits)[:, 0].argmax(-1)
    worth = np.asarray(levels.attributes)[np.arange(4), 0, chosen, 0, world.attributes.index("value")]
    assert worth == pytest.approx(best)
    assert found.curve["return"][0] < found.curve["return"][-1]


def test_same_seed_same_bits():
    one, again = (train(Evolution(updates=3, pairs=2, levels=1), task(), seeds=(4,)) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, one.learners.parameters, again.learners.parameters)


@pytest.mark.parametrize("wrong", [{"pairs": 1}, {"spread": 0.0}, {"learning_rate": 0.0}, {"horizon": 0}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Evolution(**wrong)
