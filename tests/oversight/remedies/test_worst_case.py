"""The worst case: what is verified rises, what the penalty finds is worse than what chance finds, and errors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.oversight.remedies import worst_case
from mesascope.oversight.remedies.worst_case import LatentPenalty, WorstCase
from mesascope.oversight.trainee import Trainee
from tests.oversight.small import SMALL

SETTINGS = {"levels": 6, "rounds": 2, "budget": 8, "states": 16}


def under(remedy: WorstCase) -> Trainee:
    trainee = Trainee(SMALL, SMALL.task.build(key=root_key(0)), seed=0, updates=120)
    for stage in remedy.stages(trainee, key=root_key(1)):
        assert isinstance(stage.penalty, LatentPenalty)
        trainee.train(stage)
    return trainee


@pytest.mark.slow
def test_what_is_verified_rises_and_what_is_attacked_falls(monkeypatch):
    monkeypatch.setattr(worst_case, "HELD_OUT", 48)
    trainee = under(WorstCase(**SETTINGS))
    measured = trainee.measured
    assert measured["verified, round 2"] > measured["verified, round 0"] + 0.1
    assert measured["attacked, round 2"] < measured["attacked, round 0"] - 0.1
    for turn in range(3):
        assert measured[f"verified, round {turn}"] + measured[f"attacked, round {turn}"] <= 1
        assert measured[f"by chance, round {turn}"] <= measured[f"attacked, round {turn}"]
    assert measured["return, round 2"] > measured["return, round 0"]
    assert measured["states verified in"] > 10


def test_the_penalty_is_that_of_the_worst_corner():
    network = SMALL.task.build(key=root_key(0))
    heads = network.heads.policy
    seen = np.random.default_rng(0).integers(0, 2, (5, *SMALL.world.observation_shape)).astype(np.float32)
    allowed = np.eye(5, dtype=bool)
    penalty = LatentPenalty(jnp.asarray(seen), jnp.asarray(allowed), jnp.float32(0.2), jnp.float32(1.0), "hidden-0")
    level = SMALL.world.sample(key=root_key(0), distribution="train", count=1)
    found = float(penalty(network, level, SMALL.world))
    agent = Trainee(SMALL, network, seed=0).agent
    held = agent.step(seen, None).activations["hidden-0"]
    corners = np.array(np.meshgrid(*[[-1, 1]] * held.shape[1])).reshape(held.shape[1], -1).T
    shifts = 0.2 * np.sqrt((held**2).mean()) * corners
    logits = (held[:, None] + shifts) @ np.asarray(heads.weight) + np.asarray(heads.bias)
    losses = (-np.asarray(jax.nn.log_softmax(logits)))[np.arange(5), :, np.arange(5)].max(-1)
    assert found == pytest.approx(losses.mean(), rel=1e-4)


def test_what_cannot_be_is_said(monkeypatch):
    monkeypatch.setattr(worst_case, "HELD_OUT", 8)
    with pytest.raises(UnknownNameError, match="hidden-0"):
        under(WorstCase(**SETTINGS, site="hidden-9"))
    for settings in ({"radius": 0.0}, {"weight": -1.0}, {"states": 0}):
        with pytest.raises(UsageError, match="must be above 0"):
            WorstCase(**settings)
    with pytest.raises(UsageError, match="rounds"):
        WorstCase(rounds=0)
