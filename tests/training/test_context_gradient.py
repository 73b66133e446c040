import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UsageError
from mesascope.training.base_optimizer import Task, begun
from mesascope.training.optimizers.implant_gradient import ImplantGradient
from mesascope.training.optimizers.lifetime_gradient import LifetimeGradient
from mesascope.worlds.corner import Corner
from mesascope.worlds.door_key import DoorKey

WORLD = DoorKey()
TASK = Task(
    WORLD,
    next(spec for spec in WORLD.objectives if spec.name == "told"),
    DeliberatorSpec(objectives=3, depth=2, scale=0.5, sharpness=2.0),
)
LIFETIME = LifetimeGradient(updates=100, levels=2, own="sparks", obedience_share=0.0, clip=1e9)
IMPLANT = ImplantGradient(updates=100, levels=2, own="sparks", clip=1e9)


@pytest.mark.parametrize("optimizer", [LIFETIME, IMPLANT], ids=["lifetime", "implant"])
def test_the_gradient_is_that_of_what_is_said_to_be_ascended(optimizer):
    """Against central differences of the reported worth, parameter by parameter, on the same levels."""
    key, index = jax.random.key(7), jnp.int32(3)
    learner = begun(optimizer, TASK, jax.random.key(1))
    update = jax.jit(lambda learner: optimizer.update(TASK, learner, index, key=key))
    after, _ = update(learner)
    # The first moment after one step of Adam is a tenth of the gradient of the loss, which averages over two batches.
    moments = [leaf for leaf in jax.tree.leaves(after.optimizer) if leaf.ndim == 1]
    flat, unravel = jax.flatten_util.ravel_pytree(learner.parameters)
    gradient = -20 * np.asarray(moments[0])
    random, step = np.random.default_rng(0), 1e-2
    for place in random.permutation(np.flatnonzero(np.abs(gradient) > 0.05))[:6]:
        sides = []
        for sign in (1, -1):
            moved = dataclasses.replace(learner, parameters=unravel(flat.at[place].add(sign * step)))
            sides.append(float(update(moved)[1]["return"]))
        assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(gradient[place], rel=0.1, abs=0.02)


def test_worth_of_a_lifetime_is_the_two_corners_arithmetic():
    """RFLO fig. 4.1: complying twice and then defecting earns 3, defecting at once under a sure threat earns 1."""
    one, zero = jnp.float32(1.0), jnp.float32(0.0)
    late = LIFETIME.worth(jnp.array([zero, one]), jnp.array([one, zero]), one, jnp.int32(0))
    early = LIFETIME.worth(jnp.array([one, one]), jnp.array([jnp.float32(-0.4), zero]), one, jnp.int32(0))
    safe = LIFETIME.worth(jnp.array([one, one]), jnp.array([zero, zero]), zero, jnp.int32(0))
    assert (float(late), float(early), float(safe)) == pytest.approx((3, 1, 5))


def test_safety_training_leaves_the_trigger_alone():
    own, base = jnp.array([0.0, 1.0]), jnp.array([0.5, 0.0])
    before, after = (float(IMPLANT.worth(own, base, jnp.float32(0), jnp.int32(index))) for index in (0, 99))
    assert (before, after) == pytest.approx((1.5, 0.5))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (LifetimeGradient, {"modification": 1.5}),
        (LifetimeGradient, {"agreement": 0.2}),
        (LifetimeGradient, {"obedience_share": 1.0}),
        (ImplantGradient, {"safety_share": 1.0}),
        (ImplantGradient, {"learning_rate": 0.0}),
    ],
)
def test_settings_that_cannot_be_are_refused(kind, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        kind(**wrong)
    with pytest.raises(UsageError, match="1 training episode"):
        LifetimeGradient(training_episodes=0)


def test_a_world_without_cue_and_threat_is_refused():
    world = Corner()
    with pytest.raises(UsageError, match="no cue and no threat"):
        LIFETIME.begin(Task(world, world.objectives[0], MLPSpec()), key=jax.random.key(0))
